// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/step_curves.hpp"

#include "hotstage/num/least_squares.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace hotstage::series::detail {
namespace {

constexpr std::size_t frames = 60;
constexpr double frame_s = 2.0;
constexpr double noise = 0.03;

std::vector<float> step_series(double at_frame, double width, double height, std::uint64_t seed) {
  Rng rng(seed, 9, 0);
  std::vector<float> out;
  for (std::size_t f = 0; f < frames; ++f) {
    const double t = static_cast<double>(f);
    out.push_back(static_cast<float>(1.0 + 0.002 * t + height / (1.0 + std::exp(-(t - at_frame) / width)) +
                                     noise * rng.normal()));
  }
  return out;
}

/// χ² of the best parabola through values over a window.
double parabola_chi2(const std::vector<double>& y, std::size_t first, std::size_t last) {
  Buffer<double, 2> design({last - first, 3});
  std::vector<double> window;
  for (std::size_t i = first; i < last; ++i) {
    const double t = static_cast<double>(i) - 0.5 * static_cast<double>(first + last);
    for (std::size_t k = 0; k < 3; ++k) {
      design.view()(i - first, k) = std::pow(t, static_cast<double>(k));
    }
    window.push_back(y[i]);
  }
  const std::vector<double> weights(window.size(), 1.0 / (noise * noise));
  return num::fit_linear(design.view(), window, weights).chi2;
}

TEST(StepCurve, is_half_the_gain_in_chi2_of_a_step_of_known_height) {
  constexpr std::size_t window = 20;
  constexpr std::size_t node = 61;  // half frames
  constexpr double height = -0.12;
  const std::vector<float> values = step_series(30.2, 0.4, height, 1);
  const StepTemplates templates(std::vector<char>(frames, 1), window, frame_s);
  const StepCurve curve = templates.curve(values, noise, height, 0.0, 0.0, 0, frames);
  double width = 0.15;  // of the first node, frames
  for (std::size_t w = 0; w < StepCurve::widths; ++w, width *= StepCurve::ratio) {
    std::vector<double> plain, stepped;
    for (std::size_t f = 0; f < frames; ++f) {
      const double t = static_cast<double>(f) - 0.5 * static_cast<double>(node);
      plain.push_back(static_cast<double>(values[f]));
      stepped.push_back(plain.back() - height / (1.0 + std::exp(-t / width)));
    }
    const std::size_t first = node / 2 - window;
    const std::size_t last = node / 2 + window + 1;
    const double expected = 0.5 * (parabola_chi2(plain, first, last) - parabola_chi2(stepped, first, last));
    constexpr double float_sum = 2e-3;  // of 41 products of float32 over the noise
    EXPECT_NEAR(static_cast<double>(curve.value[w * curve.times + node]), expected, float_sum * std::abs(expected));
  }
}

TEST(StepCurve, peaks_where_the_step_is_and_says_nothing_outside_the_series) {
  constexpr double at_frame = 33.0;
  const StepTemplates templates(std::vector<char>(frames, 1), 20, frame_s);
  const StepCurve curve = templates.curve(step_series(at_frame, 0.5, 0.2, 2), noise, 0.2, 0.05, 10.0, 0, frames);
  double best = -1e300;
  double at_s = 0.0;
  for (double t = 20.0; t < 120.0; t += 0.1) {
    if (curve.at(t, 1.0) > best) {
      best = curve.at(t, 1.0);
      at_s = t;
    }
  }
  EXPECT_NEAR(at_s, 10.0 + frame_s * at_frame, frame_s);
  EXPECT_GT(best, curve.elsewhere);
  EXPECT_EQ(curve.at(5.0, 1.0), 0.0);
  EXPECT_EQ(curve.at(500.0, 1.0), 0.0);
}

TEST(StepCurve, hardly_prefers_a_time_in_noise) {
  const StepTemplates templates(std::vector<char>(frames, 1), 20, frame_s);
  for (std::uint64_t seed = 10; seed < 30; ++seed) {
    const StepCurve curve = templates.curve(step_series(30.0, 0.5, 0.0, seed), noise, 0.2, 0.05, 0.0, 0, frames);
    // A step of 0.2 shows as some 60; noise alone must stay far below.
    constexpr double far_below = 10.0;
    EXPECT_LT(curve.highest, far_below) << seed;
  }
}

}  // namespace
}  // namespace hotstage::series::detail
