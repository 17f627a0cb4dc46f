// SPDX-License-Identifier: GPL-3.0-or-later
// Parallel loops over fixed chunks: the only place that starts threads. Chunks never depend on the thread count.

#pragma once

#include "hotstage/core/run.hpp"

#include <cstddef>
#include <functional>

namespace hotstage {

/// Calls `work(begin, end)` for [0, count) cut into chunks of `chunk` items, on `run.threads` threads.
///
/// Reductions must be kept per chunk and added in chunk order to stay identical for any thread count. The first
/// exception is rethrown; the stop request is honoured between chunks.
void parallel_chunks(const Run& run, std::size_t count, std::size_t chunk,
                     const std::function<void(std::size_t begin, std::size_t end)>& work);

}  // namespace hotstage
