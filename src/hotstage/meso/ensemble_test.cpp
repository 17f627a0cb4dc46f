// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/meso/ensemble.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/io/document.hpp"
#include "hotstage/meso/controls.hpp"
#include "hotstage/meso/detail/test_drivers.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace hotstage::meso {
namespace {

const FieldOptions field{.cells = 40, .field_nm = 400.0, .grains = 5, .drivers = test::drivers, .seed = 4};

Fit small_fit(int threads) {
  hotstage::Run run;
  run.threads = threads;
  return fit_front_speed(parameter_table(), {}, {.field = field, .draws = 3, .speeds = 7}, run);
}

std::vector<Draw> made_up(std::size_t n) {
  std::vector<Draw> draws(n);
  for (std::size_t i = 0; i < n; ++i) {
    draws[i].weight = 1.0;
    draws[i].parameters.lamella_sigma_K = 1.0;
    draws[i].aged_onset_degC = 500.0 + static_cast<double>(i);
    for (Crossing& crossing : draws[i].crossing) {
      crossing.watched = true;
    }
    draws[i].crossing[0].temperature_degC = 500.0;
    draws[i].crossing[1].temperature_degC = i % 2 == 0 ? 600.0 : 500.0;
  }
  return draws;
}

TEST(Fit, puts_the_typical_aged_onset_into_the_interval_of_C6_and_freezes_the_rest) {
  const Fit fit = small_fit(1);
  const double speed = fit.frozen.posterior.quantile(0.5);
  constexpr double exp_of_log = 1e-12;
  EXPECT_NEAR(std::log(central(fit.frozen.table).front_speed_nm_per_s), speed, exp_of_log);
  EXPECT_GT(fit.frozen.posterior.likelihood_at(speed), fit.frozen.posterior.likelihood.back());
  EXPECT_GT(fit.frozen.posterior.sigma, 0.0);
  const ParameterTable before = parameter_table();
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i].name != "front_speed_nm_per_s") {
      EXPECT_EQ(before[i].value, fit.frozen.table[i].value) << before[i].name;
    }
  }
  for (const auto& onsets : fit.onsets) {  // faster fronts are seen earlier
    for (std::size_t k = 1; k < onsets.size(); ++k) {
      EXPECT_LE(onsets[k].value_or(700.0), onsets[k - 1].value_or(700.0) + 0.1);
    }
  }
}

TEST(Fit, refuses_a_driver_that_lets_nothing_happen) {
  FieldOptions dead = field;
  dead.driver = Driver::vacuum;
  hotstage::Run run;
  try {
    static_cast<void>(fit_front_speed(parameter_table(), {}, {.field = dead, .draws = 1, .speeds = 2}, run));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::refused);
    EXPECT_NE(error.message().find("no front speed gives an onset in (500, 550] degC"), std::string::npos);
  }
}

TEST(Ensemble, gives_the_same_bytes_on_one_and_three_threads) {
  const Fit fit = small_fit(1);
  EXPECT_EQ(io::to_json(to_value(fit.frozen)), io::to_json(to_value(small_fit(3).frozen)));
  const auto text = [&](int threads) {
    hotstage::Run run;
    run.threads = threads;
    std::string out;
    for (const Draw& d : run_ensemble(fit.frozen, {}, {.field = field, .draws = 3, .hold_draws = 1}, run)) {
      for (const double value :
           {d.weight, d.aged_onset_degC.value_or(0.0), d.pristine_onset_degC.value_or(0.0),
            d.crossing[1].temperature_degC.value_or(0.0), d.aged_hold_degC[1].value_or(0.0), d.cobalt_radius_nm}) {
        out += io::shortest(value) + " ";
      }
      EXPECT_LT(d.worst_balance, 1e-12);
    }
    return out;
  };
  EXPECT_EQ(text(1), text(3));
}

TEST(Ensemble, holds_never_delay_an_onset) {
  hotstage::Run run;
  const std::vector<Draw> draws =
      run_ensemble(small_fit(1).frozen, {}, {.field = field, .draws = 2, .hold_draws = 2}, run);
  constexpr double sampling_K = 1.0;  // onsets are read between samples 1 K apart
  for (const Draw& draw : draws) {
    ASSERT_TRUE(draw.aged_onset_degC && draw.aged_hold_degC[0] && draw.aged_hold_degC[1]);
    EXPECT_LE(*draw.aged_hold_degC[0], *draw.aged_onset_degC + sampling_K);
    EXPECT_LE(*draw.aged_hold_degC[1], *draw.aged_hold_degC[0] + sampling_K);
  }
}

TEST(Bands, of_equal_weights_are_the_quantiles_and_missing_values_stand_above) {
  std::vector<Draw> draws = made_up(101);
  const Pick pick = [](const Draw& d) { return d.aged_onset_degC; };
  const Band band = band_of(draws, pick);
  EXPECT_NEAR(band.median, 550.0, 0.5);
  EXPECT_NEAR(band.low, 516.0, 1.0);
  EXPECT_NEAR(band.high, 584.0, 1.0);
  for (std::size_t i = 0; i < 60; ++i) {
    draws[i].aged_onset_degC.reset();
  }
  EXPECT_EQ(band_of(draws, pick).missing, 60U);
  EXPECT_EQ(band_of(draws, pick).median, 700.0);
}

TEST(Bands, ignore_draws_without_weight) {
  std::vector<Draw> draws = made_up(101);
  for (std::size_t i = 0; i < draws.size(); ++i) {
    draws[i].weight = i < 11 ? 2.0 : 0.0;
  }
  EXPECT_NEAR(band_of(draws, [](const Draw& d) { return d.aged_onset_degC; }).median, 505.0, 0.5);
  EXPECT_NEAR(effective_draws(draws), 11.0, 1e-12);
}

TEST(BayesFactor, of_rivals_that_hit_half_the_time_and_never_is_the_bounded_ratio) {
  const std::vector<Draw> draws = made_up(40);
  EXPECT_NEAR(crossing_probability(draws, Rival::b).value, 20.5 / 41.0, 1e-9);
  EXPECT_NEAR(crossing_probability(draws, Rival::a).value, 0.5 / 41.0, 1e-9);
  const Estimate factor = log_bayes_factor(draws, Rival::b, Rival::a);
  EXPECT_NEAR(factor.value, std::log(41.0), 1e-9);
  EXPECT_GT(factor.sigma, 0.05);
  EXPECT_LT(factor.sigma, 0.5);
}

TEST(Controls, have_the_answers_known_beforehand) {
  hotstage::Run run;
  const Parameters p = central(parameter_table());
  const Controls controls = run_controls(p, {}, {.field = field, .seeds = 2}, run);
  EXPECT_EQ(controls.no_seeds_difference, 0.0);
  EXPECT_EQ(controls.cobalt_typical_nm3, 0.0);
  EXPECT_GT(controls.wall_minus_open_K, 0.0);
  for (const DriverRun& one : run_drivers(p, {}, {.field = field, .seeds = 1}, run)) {
    const bool works = one.driver == Driver::carbon;
    EXPECT_EQ(one.gain_at_650 > 0.2, works) << name(one.driver) << " x " << one.x;
  }
}

TEST(CellRecord, is_read_and_another_schema_refused) {
  const AgedCell cell = cell_from_value(
      io::parse_json(R"({"schema": "hotstage.cell/1", "x": 0.91, "x_sigma": 0.03, "dose_mean": 1.2})", "cell.json"));
  EXPECT_EQ(cell.x, 0.91);
  EXPECT_EQ(cell.dose.mean, 1.2);
  EXPECT_THROW(static_cast<void>(cell_from_value(io::parse_json(R"({"schema": "hotstage.scene/1"})", "c.json"))),
               Error);
}

}  // namespace
}  // namespace hotstage::meso
