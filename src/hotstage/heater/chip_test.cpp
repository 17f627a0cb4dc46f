// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/heater/chip.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

namespace hotstage::heater {
namespace {

const Temperature hot = Temperature::celsius(650.0);

kinetics::Programme ramp() {
  return kinetics::Programme::ramp(Temperature::celsius(25.0), hot, HeatingRate(2.0));
}

/// Set point jumps from 25 degC and stays.
kinetics::Programme jump(double to_degC, double seconds) {
  return kinetics::Programme({{Time{}, Temperature::celsius(25.0)},
                              {Time{}, Temperature::celsius(to_degC)},
                              {seconds * units::s, Temperature::celsius(to_degC)}});
}

TEST(Chip, default_dimensions_give_the_known_scales) {
  const Chip chip;
  constexpr double two_digits = 0.02;
  EXPECT_NEAR(chip.conductance() / 1.57e-5, 1.0, two_digits);
  EXPECT_NEAR(chip.heat_capacity() / 2.06e-7, 1.0, two_digits);
  EXPECT_NEAR(chip.time_constant(hot).in(units::ms), 8.0, 0.2);
  EXPECT_NEAR(chip.loss(hot), 9.8e-3 + 2.3e-3, 0.2e-3);
  Chip thin;
  thin.membrane = 0.5 * units::um;
  EXPECT_NEAR(thin.time_constant(hot).in(units::ms), 6.0, 0.2);
}

RC_GTEST_PROP(Chip, steady_temperature_inverts_the_loss, ()) {
  const Chip chip;
  const double kelvin = 298.15 + 0.1 * *rc::gen::inRange(0, 12000);
  const Temperature back = chip.steady(chip.loss(Temperature::kelvin(kelvin)));
  constexpr double relative = 1e-13;
  RC_ASSERT(std::abs(back.in_K() - kelvin) < relative * kelvin);
}

TEST(Chip, current_times_resistance_carries_the_losses) {
  const Chip chip;
  const double current = chip.holding_current(hot);
  EXPECT_NEAR(current * current * chip.resistance_at_ohm(hot) / chip.loss(hot), 1.0, 1e-12);
}

TEST(Chip, a_jump_ends_in_the_exact_steady_state) {
  const Chip chip;
  const ChipRun run = run_chip(chip, jump(650.0, 1.0), {.step = 1.0 * units::ms});
  constexpr double kelvin_left = 1e-9;  // e^{−125} of the jump, and Newton
  EXPECT_NEAR(run.temperature_degC.back(), 650.0, kelvin_left);
}

TEST(Chip, small_jumps_decay_with_the_time_constant) {
  const Chip chip;
  const kinetics::Programme step(
      {{Time{}, hot}, {Time{}, hot + 0.01 * units::K}, {0.1 * units::s, hot + 0.01 * units::K}});
  const ChipRun run = run_chip(chip, step, {.step = 0.05 * units::ms});
  const double tau_s = chip.time_constant(hot).in(units::s);
  const double left = (650.01 - run.celsius_at(tau_s)) / 0.01;
  constexpr double small_signal = 1e-3;
  EXPECT_NEAR(left, std::exp(-1.0), small_signal);
}

TEST(Chip, feedback_shortens_the_time_constant) {
  const Chip chip;
  const double slope = chip.loss_slope(hot);
  const kinetics::Programme step(
      {{Time{}, hot}, {Time{}, hot + 0.01 * units::K}, {0.1 * units::s, hot + 0.01 * units::K}});
  const ChipRun run = run_chip(chip, step, {.feedback_W_per_K = 3.0 * slope, .step = 0.02 * units::ms});
  const double quarter_s = 0.25 * chip.time_constant(hot).in(units::s);
  EXPECT_NEAR((650.01 - run.celsius_at(quarter_s)) / 0.01, std::exp(-1.0), 1e-3);
}

TEST(Chip, lags_a_ramp_by_rate_times_time_constant) {
  const Chip chip;
  const ChipRun run = run_chip(chip, ramp());
  for (const double time_s : {100.0, 200.0, 300.0}) {
    const double set = ramp().at(time_s * units::s).in_degC();
    const double expected = 2.0 * chip.time_constant(Temperature::celsius(set)).in(units::s);
    const double lag = set - run.celsius_at(time_s);
    EXPECT_NEAR(lag / expected, 1.0, 0.01);
    EXPECT_GT(lag, 0.010);
    EXPECT_LT(lag, 0.030);
  }
}

TEST(Chip, energy_is_balanced_along_the_ramp) {
  for (const double step_ms : {50.0, 1.0}) {
    const ChipRun run = run_chip(Chip{}, jump(650.0, 5.0), {.step = step_ms * units::ms});
    constexpr double newton = 1e-10;  // relative to the heat that went through
    EXPECT_NEAR((run.heat_in_J - run.heat_out_J - run.heat_stored_J) / run.heat_in_J, 0.0, newton);
  }
  const ChipRun run = run_chip(Chip{}, ramp());
  EXPECT_NEAR((run.heat_in_J - run.heat_out_J - run.heat_stored_J) / run.heat_in_J, 0.0, 1e-10);
}

TEST(Chip, error_falls_with_the_square_of_the_step) {
  const Chip chip;
  const auto end = [&](double step_ms) {
    return run_chip(chip, jump(900.0, 0.016), {.step = step_ms * units::ms}).temperature_degC.back();
  };
  const double exact = end(0.001);
  const double coarse = end(1.0) - exact;
  const double fine = end(0.5) - exact;
  const double finer = end(0.25) - exact;
  constexpr double order = 0.1;
  EXPECT_NEAR(std::log2(coarse / fine), 2.0, order);
  EXPECT_NEAR(std::log2(fine / finer), 2.0, order);
}

TEST(Chip, a_step_far_above_the_time_constant_stays_stable) {
  const ChipRun run = run_chip(Chip{}, jump(650.0, 20.0), {.step = 1.0 * units::s});
  EXPECT_NEAR(run.temperature_degC.back(), 650.0, 1e-6);
}

}  // namespace
}  // namespace hotstage::heater
