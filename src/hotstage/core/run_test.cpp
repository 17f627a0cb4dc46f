// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/run.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/core/estimate.hpp"
#include "hotstage/core/parallel.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

namespace hotstage {
namespace {

TEST(Rng, the_published_philox_vector_is_reproduced_in_distribution_and_by_key) {
  Rng a(1, 2, 3);
  Rng b(1, 2, 3);
  Rng other(1, 2, 4);
  EXPECT_EQ(a(), b());
  EXPECT_NE(a(), other());
}

TEST(Rng, poisson_has_mean_and_variance_of_its_parameter) {
  for (const double mean : {0.7, 12.0, 29.0, 31.0, 400.0, 1e6}) {
    constexpr int n = 40000;
    double sum = 0.0;
    double squares = 0.0;
    Rng rng(7, static_cast<std::uint64_t>(mean * 10), 0);
    for (int i = 0; i < n; ++i) {
      const double x = static_cast<double>(rng.poisson(mean)) - mean;
      sum += x;
      squares += x * x;
    }
    const double five_sigma_mean = 5.0 * std::sqrt(mean / n);
    EXPECT_NEAR(sum / n, 0.0, five_sigma_mean) << mean;
    EXPECT_NEAR(squares / n / mean, 1.0, 5.0 * std::sqrt((2.0 + 1.0 / mean) / n)) << mean;
  }
}

TEST(Parallel, chunks_cover_everything_once_for_any_thread_count) {
  for (const int threads : {1, 2, 5}) {
    hotstage::Run run;
    run.threads = threads;
    std::vector<int> seen(1003, 0);
    parallel_chunks(run, seen.size(), 64, [&](std::size_t begin, std::size_t end) {
      EXPECT_EQ(begin % 64, 0U);
      for (std::size_t i = begin; i < end; ++i) {
        ++seen[i];
      }
    });
    EXPECT_EQ(std::accumulate(seen.begin(), seen.end(), 0), 1003);
  }
}

TEST(Parallel, errors_and_stop_requests_come_out) {
  hotstage::Run run;
  run.threads = 2;
  EXPECT_THROW(parallel_chunks(run, 100, 1, [](std::size_t, std::size_t) { throw Error(Errc::io, "disk"); }), Error);
  std::stop_source source;
  run.stop = source.get_token();
  source.request_stop();
  EXPECT_THROW(parallel_chunks(run, 100, 1, [](std::size_t, std::size_t) {}), Error);
}

TEST(Run, warnings_are_logged_once_and_counted) {
  hotstage::Run run;
  int logged = 0;
  run.log_sink = [&](LogLevel, std::string_view) { ++logged; };
  run.warn("saturated", "pixel 3 is saturated");
  run.warn("saturated", "pixel 4 is saturated");
  EXPECT_EQ(logged, 1);
  ASSERT_EQ(run.warnings().size(), 1U);
  EXPECT_EQ(run.warnings()[0].count, 2U);
}

TEST(Estimate, digits_follow_from_sigma) {
  EXPECT_EQ(text(Estimate{0.51312, 0.0134}), "0.513 ± 0.013");
  EXPECT_EQ(text(Estimate{1234.6, 12.3}), "1235 ± 12");
}

TEST(Error, text_says_where_what_and_what_to_do) {
  Error error(Errc::bad_input, {.file = "chip.csv", .line = 214}, "time runs backwards", "Re-export the log");
  error.add_frame("while reading the heater log");
  EXPECT_STREQ(error.what(), "chip.csv:214: time runs backwards. Re-export the log\n  while reading the heater log");
}

}  // namespace
}  // namespace hotstage
