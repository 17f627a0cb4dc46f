// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/growth.hpp"

#include "hotstage/core/rng.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>

namespace hotstage::series {
namespace {

/// 30 values, 10 s apart, of a particle of final brightness 300 in noise of 5.
GrowthFit fit(const std::function<double(double)>& radius, std::uint64_t seed) {
  Rng rng(seed, 30, 0);
  std::vector<double> time, value;
  for (int i = 0; i < 30; ++i) {
    time.push_back(10.0 * i);
    value.push_back(300.0 * std::pow(radius(10.0 * i), 3) + 5.0 * rng.normal());
  }
  return fit_growth(time, value);
}

TEST(Growth, incubation_is_found_with_its_start) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const GrowthFit g = fit([](double t) { return t > 150.0 ? std::sqrt((t - 150.0) / 140.0) : 0.0; }, seed);
    ASSERT_TRUE(g.seen);
    EXPECT_GT(g.aic_gain, 10.0) << seed;
    // The start is known to a few sampling intervals: the first volumes vanish in the noise.
    EXPECT_NEAR(g.laws[3].start_s, 150.0, 30.0) << seed;
  }
}

TEST(Growth, without_incubation_it_is_rarely_claimed) {
  constexpr std::uint64_t seeds = 400;
  std::array<std::size_t, 2> claimed{};
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const GrowthFit power = fit([](double t) { return std::sqrt(t / 290.0); }, seed);
    const GrowthFit activated = fit([](double t) { return std::exp((t - 290.0) / 150.0); }, seed);
    ASSERT_TRUE(power.seen && activated.seen);
    claimed[0] += power.aic_gain > 10.0 ? 1U : 0U;
    claimed[1] += activated.aic_gain > 10.0 ? 1U : 0U;
  }
  std::printf("incubation claimed (AIC gain > 10) where there is none: power %zu, activated %zu of %d\n", claimed[0],
              claimed[1], static_cast<int>(seeds));
  constexpr std::size_t two_percent = seeds / 50;
  EXPECT_LE(claimed[0], two_percent);
  EXPECT_LE(claimed[1], two_percent);
}

TEST(Growth, nothing_is_seen_in_noise) {
  std::size_t seen = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    seen += fit([](double) { return 0.0; }, seed).seen ? 1U : 0U;
  }
  EXPECT_EQ(seen, 0U);
}

TEST(Growth, bright_light_without_bright_pixels_is_no_particle) {
  std::vector<double> time;
  VoidTrack track;
  for (int i = 0; i < 150; ++i) {
    time.push_back(2.0 * i);
    track.brightness_px2.push_back(i > 100 ? 10.0 * (i - 100) : 0.1 * (i % 7));
    track.particle_px2.push_back(0.0);
  }
  EXPECT_FALSE(fit_growth(time, track).seen);
  track.particle_px2.assign(150, 9.0);
  EXPECT_TRUE(fit_growth(time, track).seen);
}

}  // namespace
}  // namespace hotstage::series
