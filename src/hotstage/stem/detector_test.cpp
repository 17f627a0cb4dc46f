// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/stem/detector.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace hotstage::stem {
namespace {

constexpr int draws = 200'000;
constexpr double sigmas = 4.0;  // a test fails by chance once in 16 000

struct Moments {
  double mean = 0.0;
  double variance = 0.0;
};

Moments moments_of(double electrons, const Detector& detector) {
  Rng rng(5, 1, 0);
  double sum = 0.0;
  double squares = 0.0;
  for (int i = 0; i < draws; ++i) {
    const double counts = stored_counts(electrons, detector, Noise::counting, rng) - detector.black_level;
    sum += counts;
    squares += counts * counts;
  }
  const double mean = sum / draws;
  return {mean, squares / draws - mean * mean};
}

TEST(Detector, variance_over_mean_is_the_gain_without_pulse_spread) {
  const Detector detector{.gain = 20.0, .spread = 0.0, .black_level = 100.0, .read_noise = 0.0};
  for (const double electrons : {0.5, 9.0, 43.0}) {
    const Moments moments = moments_of(electrons, detector);
    EXPECT_NEAR(moments.mean, 20.0 * electrons, sigmas * 20.0 * std::sqrt(electrons / draws)) << electrons;
    const double error = std::sqrt((2.0 + 1.0 / electrons) / draws);  // of a Poisson variance
    EXPECT_NEAR(moments.variance / moments.mean / 20.0, 1.0, sigmas * error) << electrons;
  }
}

TEST(Detector, pulse_spread_and_read_noise_add_their_variances) {
  const Detector detector{.gain = 20.0, .spread = 0.5, .black_level = 100.0, .read_noise = 7.0};
  const Moments moments = moments_of(43.0, detector);
  const double expected = 43.0 * 400.0 * 1.25 + 49.0 + 1.0 / 12.0;  // the last from rounding
  EXPECT_NEAR(moments.variance / expected, 1.0, sigmas * std::sqrt(2.1 / draws));
}

TEST(Detector, clips_at_both_ends_and_rounds_expected_counts) {
  Rng rng(1, 1, 0);
  EXPECT_EQ(stored_counts(1e6, {}, Noise::none, rng), 65535);
  EXPECT_EQ(stored_counts(1e3, {.largest = 4095.0}, Noise::counting, rng), 4095);
  EXPECT_EQ(stored_counts(0.0, {.black_level = -50.0}, Noise::none, rng), 0);
  EXPECT_EQ(stored_counts(1.26, {.gain = 10.0, .black_level = 100.0}, Noise::none, rng), 113);
}

}  // namespace
}  // namespace hotstage::stem
