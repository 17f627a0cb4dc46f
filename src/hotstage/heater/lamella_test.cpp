// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/heater/lamella.hpp"

#include "hotstage/heater/format.hpp"
#include "hotstage/heater/simulate.hpp"
#include "hotstage/num/statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace hotstage::heater {
namespace {

ProgrammeFit fit_of(const HeatingTruth& truth) {
  const std::string text = find_format("impulse").write(truth.log);
  return *programme_of(parse_log(text, "chip.csv"));
}

signal::Timeline frames() {
  return {.frame_start_s = {0.0, 100.0, 200.0}, .row_s = 0.004, .rows = 500};
}

TEST(Lamella, temperature_is_that_of_the_programme_at_the_shifted_time) {
  const HeatingTruth truth = simulate_run({.noise = TemperatureDifference(1e-3)});
  const ProgrammeFit fit = fit_of(truth);
  const LamellaTemperature bare = temperature_at(fit, 100.0 * units::s, {});
  constexpr double lag_and_milliseconds = 0.05;
  EXPECT_NEAR(bare.degC.value, 225.0, lag_and_milliseconds);
  const LamellaTemperature moved = temperature_at(fit, 100.0 * units::s, {.clock_offset = 3.0 * units::s});
  EXPECT_NEAR(moved.degC.value - bare.degC.value, 6.0, 1e-3);
}

TEST(Lamella, budget_adds_in_quadrature_and_knows_rows_from_frames) {
  const ProgrammeFit fit = fit_of(simulate_run({}));
  const Mounting mounting{.clock_sigma = 0.5 * units::s};
  const LamellaTemperature frame = temperature_of(fit, frames(), 1, mounting);
  const LamellaTemperature row = temperature_of(fit, frames(), 1, 499, mounting);
  constexpr double per_mille = 2e-3;
  EXPECT_NEAR(frame.budget.frame, 2.0 * 2.0 / std::sqrt(12.0), per_mille);
  EXPECT_NEAR(row.budget.frame, 2.0 * 0.004 / std::sqrt(12.0), per_mille);
  EXPECT_NEAR(row.degC.value - frame.degC.value, 2.0 * (1.998 - 1.0), per_mille);
  EXPECT_NEAR(frame.budget.clock, 1.0, 0.02);
  EXPECT_NEAR(frame.budget.lamella(), std::sqrt(300.0), 1e-12);
  EXPECT_NEAR(frame.degC.sigma, std::hypot(frame.budget.reading(), frame.budget.lamella()), 1e-12);
}

TEST(Lamella, in_a_pause_the_clock_does_not_matter) {
  const ProgrammeFit fit = fit_of(simulate_run({}));
  const LamellaTemperature late = temperature_at(fit, 330.0 * units::s, {});
  EXPECT_NEAR(late.degC.value, 650.0, 0.1);
  EXPECT_LT(late.budget.clock, 1e-3);
}

TEST(Simulate, the_same_options_give_the_same_bytes_and_another_seed_others) {
  const auto text = [](std::uint64_t seed) { return find_format("impulse").write(simulate_run({.seed = seed}).log); };
  EXPECT_EQ(text(5), text(5));
  EXPECT_NE(text(5), text(6));
}

TEST(Simulate, lag_of_the_chip_is_0_01_to_0_03_K) {
  const HeatingTruth truth = simulate_run({});
  EXPECT_GT(truth.lag_K, 0.01);
  EXPECT_LT(truth.lag_K, 0.03);
  EXPECT_NEAR(truth.lag_s, 0.5 * truth.lag_K, 1e-9);
}

TEST(Simulate, lamella_truth_carries_both_offsets) {
  const HeatingTruth truth = simulate_run({.seed = 3});
  EXPECT_NE(truth.lamella_offset_K, 0.0);
  EXPECT_NEAR(truth.lamella_celsius(100.0), 25.0 + 2.0 * (100.0 + truth.clock_offset_s) + truth.lamella_offset_K, 1e-9);
}

TEST(Simulate, midnight_inside_a_run_is_repaired_by_the_reader) {
  const HeatingTruth truth = simulate_run({.wall_start = 23.95 * units::h});
  const HeaterLog log = parse_log(find_format("impulse").write(truth.log), "chip.csv");
  ASSERT_EQ(log.repairs.size(), 1U);
  EXPECT_EQ(log.repairs.front().kind, "midnight");
  EXPECT_NEAR(log.wall_s.back() - log.wall_s.front(), log.time_s.back() - log.time_s.front(), 0.01);
}

TEST(Simulate, total_uncertainty_covers_the_true_lamella_temperature) {
  std::vector<double> pulls;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const HeatingTruth truth = simulate_run({.seed = seed});
    const LamellaTemperature read = temperature_at(fit_of(truth), 240.0 * units::s, {});
    pulls.push_back((read.degC.value - truth.lamella_celsius(240.0)) / read.degC.sigma);
  }
  EXPECT_NEAR(num::mean(pulls), 0.0, 4.0 / std::sqrt(300.0));
  EXPECT_NEAR(num::standard_deviation(pulls), 1.0, 4.0 / std::sqrt(600.0));
}

}  // namespace
}  // namespace hotstage::heater
