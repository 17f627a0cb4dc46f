// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/parallel.hpp"

#include "hotstage/core/error.hpp"

#include <tbb/blocked_range.h>
#include <tbb/info.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>

#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

namespace hotstage {

namespace {

// libtbb is not instrumented: the thread sanitizer is told what it orders, the start before all work and all work
// before the end. Nothing elsewhere.
#ifdef __SANITIZE_THREAD__
char ordered = 0;

void release_to_others() {
  __tsan_release(&ordered);
}

void acquire_from_others() {
  __tsan_acquire(&ordered);
}
#else
void release_to_others() {}

void acquire_from_others() {}
#endif

}  // namespace

void parallel_chunks(const Run& run, std::size_t count, std::size_t chunk,
                     const std::function<void(std::size_t begin, std::size_t end)>& work) {
  HOTSTAGE_EXPECTS(chunk > 0);
  const std::size_t chunks = (count + chunk - 1) / chunk;
  const auto one = [&](std::size_t index) {
    run.check_stop();
    work(index * chunk, std::min(count, (index + 1) * chunk));
  };
  const int threads = std::min(run.threads, tbb::info::default_concurrency());
  if (threads <= 1 || chunks <= 1) {
    for (std::size_t i = 0; i < chunks; ++i) {
      one(i);
    }
    return;
  }
  tbb::task_arena arena(threads);
  release_to_others();
  arena.execute([&] {
    tbb::parallel_for(
        tbb::blocked_range<std::size_t>(0, chunks, 1),
        [&](const tbb::blocked_range<std::size_t>& range) {
          acquire_from_others();
          for (std::size_t i = range.begin(); i != range.end(); ++i) {
            one(i);
          }
          release_to_others();
        },
        tbb::simple_partitioner());
  });
  acquire_from_others();
}

}  // namespace hotstage
