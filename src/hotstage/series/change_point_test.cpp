// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/change_point.hpp"

#include "hotstage/num/statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

namespace hotstage::series {
namespace {

constexpr std::size_t frames = 120;

/// Counting noise of a block of 64 px at 34 electrons, a slow bump as of a bend contour, and a step.
std::vector<float> block_series(std::uint64_t index, double step, double at, double width) {
  Rng rng(5, 1, index);
  std::vector<float> out(frames);
  for (std::size_t i = 0; i < frames; ++i) {
    const auto t = static_cast<double>(i);
    const double slow = 1.0 + 0.06 * std::exp(-0.5 * std::pow((t - 70.0) / 30.0, 2.0)) + 2e-4 * t;
    const double done = 1.0 / (1.0 + std::exp(-(t - at) / width));
    const double mean = 34.0 * slow * (1.0 + step * done);
    out[i] = static_cast<float>(static_cast<double>(rng.poisson(64.0 * mean)) / 64.0);
  }
  return out;
}

const double counting_noise = std::sqrt(34.0 * 1.05 / 64.0);

TEST(StepSearch, finds_as_many_steps_in_constant_noise_as_it_promises) {
  constexpr std::size_t series = 4000;
  constexpr double allowed = 40.0;  // many, so that the count is a test
  const StepSearch search(std::vector<char>(frames, 1), series, {.false_alarms = allowed});
  double found = 0.0;
  for (std::size_t i = 0; i < series; ++i) {
    Rng rng(6, 1, i);
    std::vector<float> values(frames);
    for (float& v : values) {
      v = static_cast<float>(10.0 + rng.normal());
    }
    found += search.find(values, 1.0).found ? 1.0 : 0.0;
  }
  std::printf("false alarms %.0f, promised %.0f, threshold %.2f\n", found, allowed, search.threshold());
  constexpr double counting_sigmas = 4.0;
  EXPECT_NEAR(found, allowed, counting_sigmas * std::sqrt(allowed));
}

TEST(StepSearch, is_not_alarmed_by_a_passing_bend_contour) {
  constexpr std::size_t series = 1000;
  const StepSearch search(std::vector<char>(frames, 1), series, {.false_alarms = 0.5});
  std::size_t found = 0;
  for (std::size_t i = 0; i < series; ++i) {
    found += search.find(block_series(i, 0.0, 60.0, 1.0), counting_noise).found ? 1U : 0U;
  }
  EXPECT_LE(found, 3U);
}

TEST(StepSearch, dates_steps_without_bias_and_knows_how_well) {
  const StepSearch search(std::vector<char>(frames, 1), 4000, {});
  for (const double width : {0.3, 1.0}) {
    constexpr double step = -0.15;
    constexpr std::size_t series = 400;
    std::vector<double> errors, pulls, changes, first;
    for (std::size_t i = 0; i < series; ++i) {
      const double at = 60.0 + static_cast<double>(i % 10) * 0.1;
      const ChangePoint p = search.find(block_series(i, step, at, width), counting_noise);
      if (p.found) {
        errors.push_back(p.at[2] - at);
        pulls.push_back((p.at[2] - at) / p.sigma[2]);
        changes.push_back(p.change / p.before);
        first.push_back(p.at[0] - at);
      }
    }
    std::printf("width %.1f: found %zu of %zu, half bias %.2f rms %.2f frames, pull %.2f, change %.3f, first %.2f\n",
                width, errors.size(), series, num::mean(errors), num::standard_deviation(errors),
                num::standard_deviation(pulls), num::mean(changes), num::mean(first));
    EXPECT_GT(static_cast<double>(errors.size()), 0.9 * static_cast<double>(series));
    EXPECT_LT(std::abs(num::mean(errors)), 0.3);
    EXPECT_NEAR(num::mean(changes), step, 0.02);
    EXPECT_LT(num::standard_deviation(pulls), 1.4);
    EXPECT_GT(num::standard_deviation(pulls), 0.5);
  }
}

TEST(StepSearch, ignores_frames_that_may_not_be_used) {
  std::vector<char> usable(frames, 1);
  std::vector<float> values(frames, 10.0F);
  for (std::size_t i = 50; i < 53; ++i) {
    usable[i] = 0;
    values[i] = 30.0F;
  }
  Rng rng(9, 1, 0);
  for (float& v : values) {
    v += static_cast<float>(0.1 * rng.normal());
  }
  const StepSearch search(usable, 1, {});
  EXPECT_FALSE(search.find(values, 0.1).found);
}

TEST(UsableFrames, a_lost_tail_still_counts_and_a_lost_frame_in_between_does_not) {
  std::vector<FrameDrift> drift(6);
  drift[1].flags = frame_lost;
  drift[4].flags = frame_lost;
  drift[5].flags = static_cast<std::uint32_t>(frame_lost) | frame_focus;
  EXPECT_EQ(usable_frames(drift), (std::vector<char>{1, 0, 1, 1, 1, 0}));
}

}  // namespace
}  // namespace hotstage::series
