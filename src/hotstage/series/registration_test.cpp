// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/registration.hpp"

#include "hotstage/num/statistics.hpp"
#include "hotstage/series/detail/test_scene.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstring>

namespace hotstage::series {
namespace {

std::vector<std::array<double, 2>> random_walk(std::size_t frames, double step, std::uint64_t seed) {
  std::vector<std::array<double, 2>> out(frames);
  Rng rng(seed, 2, 0);
  for (std::size_t i = 1; i < frames; ++i) {
    out[i] = {out[i - 1][0] + step * rng.normal() + 0.1, out[i - 1][1] + step * rng.normal() - 0.15};
  }
  return out;
}

/// Errors of one axis after the common zero is taken off.
std::vector<double> errors(const Registration& r, const std::vector<std::array<double, 2>>& truth, std::size_t axis) {
  std::vector<double> out;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    out.push_back((axis == 0 ? r.frames[i].dy_px : r.frames[i].dx_px) - truth[i][axis]);
  }
  const double mean = num::mean(out);
  for (double& e : out) {
    e -= mean;
  }
  return out;
}

double rms(const std::vector<double>& values) {
  double sum = 0.0;
  for (const double v : values) {
    sum += v * v;
  }
  return std::sqrt(sum / static_cast<double>(values.size()));
}

TEST(Registration, finds_drift_to_a_fraction_of_a_pixel_and_knows_its_uncertainty) {
  std::vector<double> pulls;
  std::vector<double> all;
  double bound = 0.0;
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const auto scene = detail::make_test_scene(seed);
    const auto drift = random_walk(30, 0.4, seed);
    const signal::Signal series = detail::make_test_series(scene, {.counts = 20.0, .drift = drift, .seed = seed});
    hotstage::Run run;
    const Registration result = register_series(series, {}, run);
    bound = std::max(bound, result.bound_px);
    for (const std::size_t axis : {0U, 1U}) {
      const std::vector<double> error = errors(result, drift, axis);
      for (std::size_t i = 0; i < error.size(); ++i) {
        const double sigma = axis == 0 ? result.frames[i].sigma_y_px : result.frames[i].sigma_x_px;
        pulls.push_back(error[i] / sigma);
        all.push_back(error[i]);
      }
    }
  }
  std::printf("rms %.4f px, bound %.4f px, pull %.3f\n", rms(all), bound, num::standard_deviation(pulls));
  constexpr double near_the_bound = 1.5;
  EXPECT_LT(rms(all), near_the_bound * bound);
  EXPECT_GT(num::standard_deviation(pulls), 0.8);
  EXPECT_LT(num::standard_deviation(pulls), 1.25);
}

TEST(Registration, follows_a_jump_and_flags_it) {
  const auto scene = detail::make_test_scene(5);
  auto drift = random_walk(30, 0.2, 5);
  for (std::size_t i = 17; i < drift.size(); ++i) {
    drift[i][0] += 14.0;
    drift[i][1] -= 9.0;
  }
  const signal::Signal series = detail::make_test_series(scene, {.counts = 20.0, .drift = drift});
  hotstage::Run run;
  const Registration result = register_series(series, {}, run);
  constexpr double gross_px = 0.3;
  EXPECT_LT(rms(errors(result, drift, 0)), gross_px);
  EXPECT_LT(rms(errors(result, drift, 1)), gross_px);
  EXPECT_NE(result.frames[17].flags & frame_jump, 0U);
  EXPECT_EQ(result.frames[12].flags & frame_jump, 0U);
}

TEST(Registration, loses_an_empty_frame_and_says_so) {
  const auto scene = detail::make_test_scene(6);
  const auto drift = random_walk(20, 0.3, 6);
  const signal::Signal series = detail::make_test_series(
      scene, {.counts = 20.0, .drift = drift, .change = [](double, double, double t) { return t == 9.0 ? 0.0 : 1.0; }});
  hotstage::Run run;
  const Registration result = register_series(series, {}, run);
  EXPECT_NE(result.frames[9].flags & frame_lost, 0U);
  EXPECT_FALSE(result.frames[9].usable());
  EXPECT_EQ(result.frames[8].flags & frame_lost, 0U);
  EXPECT_EQ(result.frames[10].flags & frame_lost, 0U);
}

TEST(Registration, is_the_same_for_any_number_of_threads) {
  const auto scene = detail::make_test_scene(7);
  const auto drift = random_walk(12, 0.5, 7);
  const signal::Signal series = detail::make_test_series(scene, {.counts = 20.0, .drift = drift});
  hotstage::Run one;
  hotstage::Run two;
  two.threads = 2;
  const Registration a = register_series(series, {}, one);
  const Registration b = register_series(series, {}, two);
  for (std::size_t i = 0; i < a.frames.size(); ++i) {
    EXPECT_EQ(a.frames[i].dy_px, b.frames[i].dy_px);
    EXPECT_EQ(a.frames[i].sigma_x_px, b.frames[i].sigma_x_px);
  }
}

TEST(Registration, is_the_same_with_little_memory_and_refuses_too_little) {
  const auto scene = detail::make_test_scene(7);
  const signal::Signal series =
      detail::make_test_series(scene, {.counts = 20.0, .drift = random_walk(20, 0.5, 7), .seed = 7});
  hotstage::Run wide, narrow;
  wide.threads = narrow.threads = 4;
  narrow.memory = std::size_t{6} << 20;  // room for two or three of four threads
  const Registration a = register_series(series, {}, wide);
  const Registration b = register_series(series, {}, narrow);
  EXPECT_EQ(narrow.threads, 4);
  for (std::size_t i = 0; i < a.frames.size(); ++i) {
    EXPECT_EQ(a.frames[i].dy_px, b.frames[i].dy_px);
    EXPECT_EQ(a.frames[i].dx_px, b.frames[i].dx_px);
    EXPECT_EQ(a.frames[i].sigma_y_px, b.frames[i].sigma_y_px);
  }
  narrow.memory = std::size_t{1} << 20;
  EXPECT_THROW(static_cast<void>(register_series(series, {}, narrow)), Error);
}

TEST(Registration, refuses_pure_noise) {
  detail::TestScene scene;
  scene.rows = 64;
  scene.columns = 72;
  scene.seeds = {{0.0, 0.0}};
  scene.level = {1.0};
  const std::vector<std::array<double, 2>> drift(8, {0.0, 0.0});
  const signal::Signal series = detail::make_test_series(scene, {.counts = 20.0, .drift = drift});
  hotstage::Run run;
  EXPECT_THROW(static_cast<void>(register_series(series, {}, run)), Error);
}

TEST(DriftCorrectedMean, puts_the_specimen_back_in_its_place) {
  auto scene = detail::make_test_scene(8);
  std::vector<std::array<double, 2>> drift;
  std::vector<FrameDrift> known;
  for (int i = 0; i < 10; ++i) {
    drift.push_back({1.3 * i, -0.9 * i});
    known.push_back({.dy_px = 1.3 * i, .dx_px = -0.9 * i});
  }
  const signal::Signal series = detail::make_test_series(scene, {.counts = 50.0, .drift = drift});
  hotstage::Run run;
  const MeanImage mean = drift_corrected_mean(series, known, 0, known.size(), run);
  double misfit = 0.0;
  double n = 0.0;
  for (std::size_t y = 60; y < 180; ++y) {
    for (std::size_t x = 60; x < 180; ++x) {
      const auto fy = static_cast<double>(y);
      const auto fx = static_cast<double>(x);
      const double expected = 50.0 * scene.level[scene.grain(fy, fx)] * detail::test_thickness(scene, fy, fx);
      misfit += std::pow(static_cast<double>(mean.mean.view()(y, x)) - expected, 2) / (expected / 10.0);
      n += 1.0;
    }
  }
  // Bilinear shifts average neighbours, so noise is below that of counting; edges add a little.
  EXPECT_LT(misfit / n, 1.5);
  EXPECT_EQ(mean.n_averaged.view()(0, 0), 1.0F);
  EXPECT_EQ(mean.variance.view()(0, 0), 0.0F);
  // Shifts of 1.3 i and 0.9 i px: fractions 0, 0.1 … 0.9 once each, so f² + (1 − f)² is 0.67 on average per axis.
  double stated = 0.0, counting = 0.0;
  for (std::size_t y = 60; y < 180; ++y) {
    for (std::size_t x = 60; x < 180; ++x) {
      const double expected = 50.0 * scene.level[scene.grain(static_cast<double>(y), static_cast<double>(x))] *
                              detail::test_thickness(scene, static_cast<double>(y), static_cast<double>(x));
      stated += static_cast<double>(mean.variance.view()(y, x));
      counting += expected / 10.0;
    }
  }
  constexpr double interpolation = 0.67 * 0.67;
  EXPECT_NEAR(stated / counting, interpolation, 0.06);  // edges of grains add a few per cent
}

}  // namespace
}  // namespace hotstage::series
