// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/num/statistics.hpp"
#include "hotstage/series/detail/test_scene.hpp"
#include "hotstage/series/registration.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>

namespace hotstage::series {
namespace {

constexpr std::size_t frames = 64;

std::vector<std::array<double, 2>> walk(std::uint64_t seed) {
  std::vector<std::array<double, 2>> out(frames);
  Rng rng(seed, 2, 0);
  for (std::size_t i = 1; i < frames; ++i) {
    out[i] = {out[i - 1][0] + 0.2 * rng.normal() + 0.05, out[i - 1][1] + 0.2 * rng.normal() - 0.08};
  }
  return out;
}

/// A bright tongue that grows to the right only: its tip passes for a specimen that moves to the right. Edges of a few
/// px, as sharp ones would stand on the pixels of the frame, not on the specimen.
double tongue(double y, double x, double t) {
  const double tip = 80.0 + 1.0 * t;
  const auto edge = [](double inside) { return 0.5 + 0.5 * std::tanh(inside / 2.0); };
  return 1.0 + 1.0 * edge(x - 60.0) * edge(tip - x) * edge(30.0 - std::abs(y - 130.0));
}

/// Slow error of x over the usual σ of a frame: medians of eight frames, last against first.
struct Error {
  double slow = 0.0;
  double rms_px = 0.0;
};

Error error_of(const Registration& r, const std::vector<std::array<double, 2>>& truth) {
  std::vector<double> e, sigma;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    e.push_back(r.frames[i].dx_px - truth[i][1]);
    sigma.push_back(r.frames[i].sigma_x_px);
  }
  constexpr std::size_t some = 8;
  const double first = num::mean(std::span(e).first(some));
  const double last = num::mean(std::span(e).last(some));
  return {(last - first) / num::median(sigma), num::standard_deviation(e)};
}

Registration registered(const signal::Signal& series, bool mask) {
  hotstage::Run run;
  RegistrationOptions options;
  options.mask = mask;
  return register_series(series, options, run);
}

TEST(RegistrationMask, takes_the_pull_of_a_growing_region_off) {
  double pull = 0.0, left = 0.0;
  constexpr std::array<std::uint64_t, 3> seeds{11, 12, 13};
  for (const std::uint64_t seed : seeds) {
    const auto scene = detail::make_test_scene(seed, 16);
    const auto drift = walk(seed);
    const signal::Signal series =
        detail::make_test_series(scene, {.counts = 40.0, .drift = drift, .change = tongue, .seed = seed});
    const Registration plain = registered(series, false);
    const Registration masked = registered(series, true);
    const Error before = error_of(plain, drift);
    const Error after = error_of(masked, drift);
    std::printf("pull %.2f sigma (rms %.4f px) plain, %.2f sigma (rms %.4f px) masked; bias %.3f px, kept %.2f\n",
                before.slow, before.rms_px, after.slow, after.rms_px, masked.regions.bias_px,
                masked.regions.information);
    EXPECT_TRUE(masked.regions.used);
    EXPECT_LT(masked.regions.information, 1.0);
    EXPECT_LT(after.rms_px, 0.5 * before.rms_px);
    pull += before.slow / static_cast<double>(seeds.size());
    left += after.slow / static_cast<double>(seeds.size());
  }
  // Of what is left, 0.3 σ is counting: two means of eight frames, three series.
  EXPECT_GT(std::abs(pull), 3.0);
  EXPECT_LT(std::abs(left), 1.0);
}

TEST(RegistrationMask, costs_nothing_where_nothing_changes) {
  double plain = 0.0, masked = 0.0;
  for (const std::uint64_t seed : {21U, 22U}) {
    const auto scene = detail::make_test_scene(seed);
    const auto drift = walk(seed);
    const signal::Signal series = detail::make_test_series(scene, {.counts = 20.0, .drift = drift, .seed = seed});
    const Registration r = registered(series, true);
    EXPECT_FALSE(r.regions.used);
    masked += error_of(r, drift).rms_px;
    const Registration without = registered(series, false);
    EXPECT_EQ(r.frames.back().dx_px, without.frames.back().dx_px);
    plain += error_of(without, drift).rms_px;
    std::printf("bias %.4f px, kept %.3f\n", r.regions.bias_px, r.regions.information);
  }
  EXPECT_LT(masked, 1.1 * plain);
}

}  // namespace
}  // namespace hotstage::series
