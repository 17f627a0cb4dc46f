// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/echem/cell.hpp"

#include "hotstage/core/constants.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/echem/ageing.hpp"
#include "hotstage/echem/priors.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace hotstage::echem {
namespace {

constexpr std::size_t shells = 20;

CellParameters quiet_cell() {
  CellParameters parameters;
  parameters.side_A = 0.0;
  return parameters;
}

TEST(OpenCircuit, falls_everywhere_and_inverts) {
  const OpenCircuit& curve = lithium_cobalt_oxide();
  for (double x = 0.06; x < 0.9999; x += 0.0007) {
    EXPECT_LT(curve.slope(x), 0.0) << x;
    EXPECT_NEAR(curve.lithium(curve.voltage(x)), x, 1e-9);
    const double h = 1e-7;
    EXPECT_NEAR(curve.slope(x), (curve.voltage(x + h) - curve.voltage(x - h)) / (2.0 * h),
                1e-3 * std::abs(curve.slope(x)) + 1e-4)
        << x;
  }
}

TEST(OpenCircuit, knows_what_is_published) {
  const auto [low, high] = lithium_cobalt_oxide().published();
  EXPECT_DOUBLE_EQ(low, 0.40);
  EXPECT_DOUBLE_EQ(high, 0.9985);
  EXPECT_NEAR(lithium_cobalt_oxide().voltage(0.40), 4.3908, 1e-4);  // Ai 2020, first row
  EXPECT_NEAR(lithium_cobalt_oxide().voltage(0.5), 4.1615, 1e-4);
}

TEST(OpenCircuit, moving_the_fitted_part_leaves_the_published_one) {
  const OpenCircuit moved = lithium_cobalt_oxide().shifted(0.0, 0.02);
  EXPECT_DOUBLE_EQ(moved.voltage(0.5), lithium_cobalt_oxide().voltage(0.5));
  EXPECT_NEAR(lithium_cobalt_oxide().shifted(0.01, 0.0).voltage(0.7) - lithium_cobalt_oxide().voltage(0.7), 0.01, 1e-9);
  EXPECT_NEAR(moved.voltage(0.25) - lithium_cobalt_oxide().voltage(0.25), 0.02, 1e-9);
}

TEST(OpenCircuit, refuses_curves_that_rise) {
  EXPECT_THROW(OpenCircuit({0.1, 0.2, 0.3}, {4.0, 4.1, 3.9}, {0, 0, 0}), Error);
  EXPECT_THROW(OpenCircuit({0.1}, {4.0}, {0}), Error);
}

TEST(HalfCell, approaches_the_open_circuit_curve_at_low_rate) {
  CellParameters parameters = quiet_cell();
  HalfCell cell(parameters, lithium_cobalt_oxide(), 0.995, shells);
  const double current_A = parameters.active_mass_g * 0.178 / 1000.0;  // C/1000
  double worst = 0.0;
  const StepControl control{.largest_dt_s = 15000.0, .longest_s = 1e7};
  run_step(cell, current_A, 4.6, control, [&](const Moment& moment) {
    worst = std::max(worst, std::abs(moment.voltage_V - lithium_cobalt_oxide().voltage(cell.lithium())));
  });
  EXPECT_LT(worst, 1e-3);
  EXPECT_LT(cell.lithium(), 0.195);
}

TEST(HalfCell, charge_is_what_left_the_electrode_and_the_side_reaction) {
  CellParameters parameters;
  HalfCell cell(parameters, lithium_cobalt_oxide(), 0.99, shells);
  const double current_A = 7e-4;
  const double before = cell.lithium();
  const StepResult charge = run_step(cell, current_A, 4.6, {}, {});
  const StepResult discharge = run_step(cell, -current_A, 3.0, {}, {});
  const double passed_C = current_A * (charge.time_s - discharge.time_s);
  const double stored_C = (before - cell.lithium()) * cell.site_charge();
  const double relative = 1e-12;
  EXPECT_NEAR(passed_C - cell.side_charge(), stored_C, relative * cell.site_charge());
  EXPECT_GT(cell.side_charge(), 0.0);
}

TEST(HalfCell, a_cell_without_side_reaction_gives_back_every_charge) {
  AgeingCell aged{.cell = quiet_cell()};
  aged.law.loss = 0.0;
  aged.protocol.cycles = 4;
  const auto states = simulate_cycles(aged, lithium_cobalt_oxide(), {}, hotstage::Run{});
  ASSERT_EQ(states.size(), 4U);
  for (std::size_t i = 1; i < states.size(); ++i) {  // the first begins where no discharge ends
    const double end_of_step = 1e-5;                 // voltage limits are met to 1 µV
    EXPECT_NEAR(states[i].discharge_Ah / states[i].charge_Ah, 1.0, end_of_step);
    EXPECT_NEAR(states[i].discharge_Ah, states[1].discharge_Ah, end_of_step * states[1].discharge_Ah);
  }
}

TEST(HalfCell, halving_the_active_material_costs_two_rt_over_f_times_ln_two_and_no_more) {
  CellParameters parameters = quiet_cell();
  parameters.film_ohm_m2 = 0.0;
  parameters.series_ohm = 0.0;
  parameters.diffusivity.value_m2_per_s = 1e-8;  // no gradient in the particle
  const double limit_V = 2.0 * constants::k_B_eV_per_K * 298.15 * std::log(2.0);
  EXPECT_NEAR(limit_V, 0.0356, 1e-4);
  for (const double rate : {1.0, 1000.0}) {
    HalfCell cell(parameters, lithium_cobalt_oxide(), 0.6, shells);
    const double whole_V = cell.voltage(7e-4 * rate);
    cell.age(0.5, 0.0);
    const double grown_V = cell.voltage(7e-4 * rate) - whole_V;
    EXPECT_LT(grown_V, 1.0001 * limit_V) << rate;  // what is left of the gradient
    if (rate > 1.0) {
      EXPECT_GT(grown_V, 0.99 * limit_V);  // reached when the current is far above the exchange current
    }
  }
}

TEST(RunStep, meets_the_limit_and_sees_every_step_once) {
  HalfCell cell(quiet_cell(), lithium_cobalt_oxide(), 0.99, shells);
  double last_s = -1.0;
  const StepResult result = run_step(cell, 7e-4, 4.6, {}, [&](const Moment& moment) {
    EXPECT_GT(moment.time_s, last_s);
    last_s = moment.time_s;
  });
  EXPECT_EQ(result.end, StepEnd::voltage);
  EXPECT_NEAR(result.voltage_V, 4.6, 2e-6);
  EXPECT_EQ(last_s, result.time_s);
  const StepResult again = run_step(cell, 7e-4, 4.6, {}, {});
  EXPECT_EQ(again.time_s, 0.0);
}

TEST(Ageing, capacity_does_not_depend_on_steps_and_shells) {
  AgeingCell aged;
  aged.protocol.cycles = 2;
  const double coarse = simulate_cycles(aged, lithium_cobalt_oxide(), {}, hotstage::Run{}).back().discharge_Ah;
  aged.protocol.shells = 80;
  const double fine = simulate_cycles(aged, lithium_cobalt_oxide(), {}, hotstage::Run{}).back().discharge_Ah;
  EXPECT_NEAR(coarse / fine, 1.0, 1e-3);
}

TEST(Ageing, the_fit_meets_its_target_and_more_loss_leaves_less) {
  AgeingCell aged = make_cell(central_priors(), {}, {});
  const LossFit fit = fit_loss(aged, lithium_cobalt_oxide(), 0.5, hotstage::Run{});
  EXPECT_NEAR(fit.retention, 0.5, 1e-3);
  aged.law.loss = fit.loss;
  const auto states = simulate_cycles(aged, lithium_cobalt_oxide(), {}, hotstage::Run{});
  // The unit of dose is this cell: 1 by definition, to the digits of DoseLaw::reference.
  EXPECT_NEAR(states.back().dose, 1.0, 0.01);
  EXPECT_GT(states.front().discharge_Ah / states[99].discharge_Ah, 1.2);
  aged.law.loss = 2.0 * fit.loss;
  EXPECT_LT(retention(simulate_cycles(aged, lithium_cobalt_oxide(), {}, hotstage::Run{}), 200), 0.4);
}

TEST(Ageing, leaving_out_cycles_changes_the_fade_little) {
  AgeingCell aged = make_cell(central_priors(), {}, {});
  const auto every = simulate_cycles(aged, lithium_cobalt_oxide(), {}, hotstage::Run{});
  aged.protocol.stride = 4;
  const auto fourth = simulate_cycles(aged, lithium_cobalt_oxide(), {}, hotstage::Run{});
  EXPECT_EQ(fourth.back().cycle, 200);
  EXPECT_NEAR(fourth.back().discharge_Ah / every.back().discharge_Ah, 1.0, 0.01);
  EXPECT_NEAR(fourth.back().polarisation_V, every.back().polarisation_V, 1e-3);
}

TEST(Ageing, a_target_out_of_reach_is_refused) {
  AgeingCell aged;
  aged.protocol.cycles = 3;
  EXPECT_THROW((void)fit_loss(aged, lithium_cobalt_oxide(), 0.9999999, hotstage::Run{}), Error);
}

TEST(Priors, draws_depend_on_the_seed_and_scatter_as_stated) {
  EXPECT_EQ(draw_priors(3, 7), draw_priors(3, 7));
  EXPECT_NE(draw_priors(3, 7), draw_priors(4, 7));
  constexpr int draws = 4000;
  for (const Prior& prior : priors()) {
    const auto index = static_cast<std::size_t>(prior.name);
    double sum = 0.0;
    double square = 0.0;
    for (int i = 0; i < draws; ++i) {
      const double value = draw_priors(1, static_cast<std::uint64_t>(i))[index];
      const double z =
          (prior.spread == Spread::lognormal ? std::log(value / prior.centre) : value - prior.centre) / prior.sigma;
      sum += z;
      square += z * z;
    }
    const double five_sigma = 5.0 / std::sqrt(draws);
    EXPECT_NEAR(sum / draws, 0.0, five_sigma) << prior.label;
    EXPECT_NEAR(square / draws, prior.spread == Spread::uniform ? 1.0 / 3.0 : 1.0, 2.0 * five_sigma) << prior.label;
  }
}

TEST(Priors, facet_doses_keep_their_mean) {
  Rng rng(5, 1, 0);
  constexpr int facets = 200000;
  double sum = 0.0;
  for (int i = 0; i < facets; ++i) {
    sum += facet_dose(0.8, 0.5, rng.normal());
  }
  const double five_sigma = 5.0 * 0.8 * std::sqrt((std::exp(0.25) - 1.0) / facets);
  EXPECT_NEAR(sum / facets, 0.8, five_sigma);
}

TEST(Theory, licoo2_stores_two_hundred_seventy_four) {
  // 96485.33 C/mol over 3.6 × (6.94 + 58.933 + 2 × 15.999) g/mol.
  EXPECT_NEAR(theoretical_capacity(licoo2_g_per_mol), 273.84, 0.01);
  EXPECT_NEAR(178.0 / theoretical_capacity(licoo2_g_per_mol), 0.65, 0.001);
}

}  // namespace
}  // namespace hotstage::echem
