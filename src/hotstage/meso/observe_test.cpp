// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/meso/observe.hpp"

#include <gtest/gtest.h>

namespace hotstage::meso {
namespace {

constexpr double rounding = 1e-9;

std::vector<Sample> rising() {
  std::vector<Sample> samples;
  for (int i = 0; i <= 10; ++i) {
    Sample sample{.temperature_degC = 500.0 + 10.0 * i, .transformed = 0.1 + 0.01 * i, .at_boundary = 0.1};
    sample.grains = {i >= 6 ? 0.5 : 0.0, 1.0, i >= 3 ? 0.5 : 0.0};
    samples.push_back(sample);
  }
  return samples;
}

TEST(Onset, is_where_the_gain_since_the_start_reaches_the_level) {
  EXPECT_NEAR(find_onset(rising(), Zone::all, 0.025).value(), 525.0, rounding);
  EXPECT_FALSE(find_onset(rising(), Zone::boundary, 0.025).has_value());
  EXPECT_FALSE(find_onset(rising(), Zone::all, 0.2).has_value());
}

TEST(FirstCrossing, looks_at_neighbours_of_damaged_grains_that_have_no_core) {
  Polycrystal crystal{.cells = 1, .pixel_nm = 1.0, .label = {1}, .centres = {{}, {}, {}}};
  crystal.neighbours = {{2}, {1}, {}};
  Outcome outcome;
  outcome.samples = rising();
  outcome.cores.push_back({.grain = 2});
  const Crossing crossing = first_crossing(crystal, outcome, 0.05);
  EXPECT_TRUE(crossing.watched);
  EXPECT_NEAR(crossing.temperature_degC.value(), 551.0, rounding);  // grain 1; grain 3 is nobody's neighbour
  outcome.cores.push_back({.grain = 1});
  EXPECT_FALSE(first_crossing(crystal, outcome, 0.05).watched);
}

TEST(ProbabilityBetween, is_that_of_a_normal_error) {
  EXPECT_NEAR(probability_between(600.0, 550.0, 650.0, 25.0), 0.9544997, 1e-6);
  EXPECT_NEAR(probability_between(550.0, 550.0, 650.0, 10.0), 0.5, 1e-6);
  EXPECT_EQ(probability_between(std::nullopt, 550.0, 650.0, 10.0), 0.0);
}

TEST(WeightedQuantile, follows_the_weights) {
  const std::vector<double> values{3.0, 1.0, 2.0};
  EXPECT_NEAR(weighted_quantile(values, std::vector<double>{1.0, 1.0, 1.0}, 0.5), 2.0, rounding);
  EXPECT_NEAR(weighted_quantile(values, std::vector<double>{8.0, 1.0, 1.0}, 0.5), 2.0 + 0.35 / 0.45, rounding);
  EXPECT_EQ(weighted_quantile(values, std::vector<double>{0.0, 1.0, 0.0}, 0.9), 1.0);
}

}  // namespace
}  // namespace hotstage::meso
