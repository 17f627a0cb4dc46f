// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/pre_peak.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/eels/forward.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace hotstage::eels {
namespace {

constexpr double level = 1e-6;        // per electron and eV behind the main edge
constexpr double peak_area = 2.0e-6;  // of the pre-peak, per electron

/// O K: a step at 536 eV with a main peak at 540 eV, and a pre-peak at 530 eV.
DualPairModel oxygen(std::size_t items, double pre_peak) {
  DualPairModel model;
  model.columns = items;
  model.low = {-30.0, 0.25, 1024};
  model.core = {440.0, 0.25, 1024};
  model.thickness = {0.5};
  model.low_electrons = 1e7;
  model.background_per_eV = 1e-6;
  model.components.push_back({.label = "step", .density = [](double e) {
                                return level * (0.5 + std::atan((e - 536.0) / 0.3) / std::numbers::pi);
                              }});
  model.components.push_back({.label = "main", .density = gaussian_line(540.0, 8.0 * level, 4.0)});
  model.components.push_back(
      {.label = "pre-peak", .density = gaussian_line(530.0, peak_area, 2.0), .weight = {pre_peak}});
  return model;
}

PrePeakResult measure(const DualPairModel& model, const PrePeakOptions& options = {}) {
  hotstage::Run run;
  const DualPair pair = simulate_dual_pair(model, run);
  return measure_pre_peaks({.core = pair.core, .low = &pair.low}, options, run);
}

double mean_ratio(const PrePeakResult& result) {
  double sum = 0.0;
  for (const PrePeak& item : result.items) {
    sum += item.to_main.value / static_cast<double>(result.items.size());
  }
  return sum;
}

TEST(PrePeak, a_gaussian_on_a_line_is_the_second_method) {
  constexpr double shared_rise = 0.12;  // the rise of the main edge is no straight line
  constexpr double position_eV = 0.1;
  constexpr double coverage = 0.3;  // 60 items: 9 %, and the common part of the low loss
  const DualPairModel model = oxygen(60, 1.0);
  const PrePeakResult result = measure(model);
  const double expected = peak_area * model.core_electrons * std::exp(-0.5);
  double area = 0.0;
  double position = 0.0;
  double squares = 0.0;
  double variance = 0.0;
  for (const PrePeak& item : result.items) {
    ASSERT_GT(item.fit_area.sigma, 0.0);
    area += item.fit_area.value / 60.0;
    position += item.fit_position.value / 60.0;
    variance += item.fit_position.sigma * item.fit_position.sigma / 60.0;
    EXPECT_NEAR(item.spread_to_main, std::abs(item.to_main.value - item.fit_to_main.value) / std::sqrt(2.0), 1e-12);
  }
  for (const PrePeak& item : result.items) {
    squares += std::pow(item.fit_position.value - position, 2) / 59.0;
  }
  EXPECT_NEAR(area / expected, 1.0, shared_rise);
  EXPECT_NEAR(position, 530.0, position_eV);
  EXPECT_NEAR(std::sqrt(squares / variance), 1.0, coverage);
}

TEST(PrePeak, area_and_position_are_recovered) {
  constexpr double method = 0.08;  // the straight baseline cuts the foot of the main edge and the wings of the peak
  const DualPairModel model = oxygen(20, 1.0);
  const PrePeakResult result = measure(model);
  const double expected = peak_area * model.core_electrons * std::exp(-0.5);
  double area = 0.0;
  double position = 0.0;
  for (const PrePeak& item : result.items) {
    ASSERT_EQ(item.status, PrePeakStatus::ok);
    area += item.area.value / 20.0;
    position += item.position.value / 20.0;
    EXPECT_GT(item.to_main.value, 0.0);
    EXPECT_GT(item.to_post.sigma, 0.0);
  }
  EXPECT_NEAR(area / expected, 1.0, method);
  EXPECT_NEAR(position, 530.0, 0.1);
}

TEST(PrePeak, half_the_peak_gives_half_the_ratio) {
  constexpr double method = 0.08;
  EXPECT_NEAR(mean_ratio(measure(oxygen(40, 0.5))) / mean_ratio(measure(oxygen(40, 1.0))), 0.5, method);
}

TEST(PrePeak, an_absent_peak_is_below_noise_and_keeps_its_upper_bound) {
  const PrePeakResult result = measure(oxygen(1, 0.0));
  EXPECT_EQ(result.items[0].status, PrePeakStatus::below_noise);
  EXPECT_EQ(result.items[0].position.value, 0.0);
  EXPECT_GT(result.items[0].area.sigma, 0.0);
}

TEST(PrePeak, a_spectrum_without_oxygen_has_no_edge) {
  DualPairModel model = oxygen(1, 1.0);
  model.components.clear();
  EXPECT_EQ(measure(model).items[0].status, PrePeakStatus::no_edge);
}

TEST(PrePeak, windows_beyond_the_axis_are_a_status) {
  DualPairModel model = oxygen(1, 1.0);
  model.core.size = 400;  // to 540 eV
  EXPECT_EQ(measure(model).items[0].status, PrePeakStatus::off_axis);
}

TEST(PrePeak, a_known_axis_error_is_undone_by_shift) {
  constexpr double noise = 0.05;  // 60 items of 7 % counting noise each, twice
  DualPairModel model = oxygen(60, 1.0);
  const double straight = mean_ratio(measure(model));
  model.core_axis_error_eV = -3.5;
  PrePeakOptions options;
  options.chain.shift = 3.5 * units::eV;
  EXPECT_NEAR(mean_ratio(measure(model, options)) / straight, 1.0, noise);
  EXPECT_GT(std::abs(mean_ratio(measure(model)) / straight - 1.0), noise);
}

TEST(PrePeak, the_axis_must_be_calibrated_by_something_else_than_the_peak) {
  PrePeakOptions options;
  options.chain.placement = Placement::observed;
  EXPECT_THROW((void)measure(oxygen(1, 1.0), options), Error);
  options.chain.placement = Placement::anchor;
  EXPECT_THROW((void)measure(oxygen(1, 1.0), options), Error);
}

}  // namespace
}  // namespace hotstage::eels
