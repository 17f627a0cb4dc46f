// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/echem/cycles.hpp"

#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/echem/cell_state.hpp"
#include "hotstage/echem/format.hpp"
#include "hotstage/echem/priors.hpp"
#include "hotstage/echem/tester.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

namespace hotstage::echem {
namespace {

/// Two cycles by hand: 1 A for an hour up from 3 to 4 V, 1 A for 54 min down from 3.9 to 3 V.
std::string by_hand(const std::string& extra = "") {
  std::string out = "Test Time / s,Voltage / V,Current / A,Cycle Count / 1,Step Count / 1\n";
  double time = 0.0;
  for (int cycle = 1; cycle <= 2; ++cycle) {
    for (int i = 0; i <= 60; ++i) {
      out += fmt::format("{},{:.4f},1.0,{},1\n", time + 60 * i, 3.0 + i / 60.0, cycle);
    }
    time += 3600;
    for (int i = 0; i <= 54; ++i) {
      out += fmt::format("{},{:.4f},-1.0,{},2\n", time + 60 * i, 3.9 - i / 60.0, cycle);
    }
    time += 3240;
  }
  return out + extra;
}

CycleOptions plain_options() {
  CycleOptions options;
  options.fixed_charge_Ah = 0.3;
  options.dose = {.onset_V = 3.5, .exponent = 1.0, .reference = 1.0};
  return options;
}

TEST(Cycles, a_hand_made_file_gives_the_numbers_of_the_hand) {
  const CycleTable table = analyse_cycles(parse_cycler(by_hand(), "hand"), plain_options());
  ASSERT_EQ(table.cycles.size(), 2U);
  const Cycle& cycle = table.cycles[1];
  const double rounding = 2e-5;  // four digits of voltage
  EXPECT_NEAR(cycle.charge->total(), 1.0, 1e-12);
  EXPECT_NEAR(cycle.discharge->total(), 0.9, 1e-12);
  EXPECT_NEAR(*cycle.efficiency, 0.9, 1e-12);
  EXPECT_NEAR(cycle.charge->mean_voltage(), 3.5, rounding);
  EXPECT_NEAR(cycle.discharge->mean_voltage(), 3.45, rounding);
  // Half of 0.9 A h from the charged end: charge at 3.55 V, discharge at 3.45 V.
  EXPECT_NEAR(cycle.polarisation_V->value, 0.1, 2.0 * rounding);
  EXPECT_NEAR(cycle.polarisation_fixed_V->value, 0.1, 2.0 * rounding);
  // Triangles above 3.5 V: 0.5 V in 1800 s up, 0.4 V in 1440 s down.
  EXPECT_NEAR(cycle.dose, 0.5 * 0.5 * 1800 + 0.5 * 0.4 * 1440, 0.1);
  EXPECT_EQ(table.rule, CycleRule::counter);
}

TEST(Cycles, the_current_tells_cycles_apart_when_the_counter_does_not) {
  std::string text = by_hand();
  for (std::size_t at = text.find(",2,1\n"); at != std::string::npos; at = text.find(",2,1\n")) {
    text.replace(at, 5, ",1,1\n");
  }
  for (std::size_t at = text.find(",2,2\n"); at != std::string::npos; at = text.find(",2,2\n")) {
    text.replace(at, 5, ",1,2\n");
  }
  const CycleTable table = analyse_cycles(parse_cycler(text, "hand"), plain_options());
  EXPECT_EQ(table.rule, CycleRule::counter);  // one number for two charges is not unheard of: half is enough
  CycleOptions options = plain_options();
  options.rule = CycleRule::current;
  const CycleTable split = analyse_cycles(parse_cycler(text, "hand"), options);
  ASSERT_EQ(split.cycles.size(), 2U);
  EXPECT_NEAR(split.cycles[1].discharge->total(), 0.9, 1e-12);
}

TEST(Cycles, gaps_are_not_integrated_and_mark_their_cycle) {
  std::string text = by_hand();
  const std::size_t begin = text.find("\n600,") + 1;
  text.erase(begin, text.find("\n2400,") + 1 - begin);  // half an hour of the first charge
  const CyclerData data = parse_cycler(text, "hand");
  EXPECT_EQ(data.count(RepairKind::gap), 1U);
  const CycleTable table = analyse_cycles(data, plain_options());
  EXPECT_EQ(table.cycles[0].status, CycleStatus::gap);
  EXPECT_NEAR(table.cycles[0].charge->total(), (540.0 + 1200.0) / 3600.0, 1e-12);
  EXPECT_FALSE(table.cycles[0].polarisation_V);
  EXPECT_EQ(table.first()->number, 2);
}

TEST(Cycles, a_cycle_that_was_cut_is_no_complete_cycle) {
  const CycleTable table =
      analyse_cycles(parse_cycler(by_hand("20000,3.0,1.0,3,1\n20060,3.1,1.0,3,1\n"), "hand"), plain_options());
  ASSERT_EQ(table.cycles.size(), 3U);
  EXPECT_EQ(table.cycles[2].status, CycleStatus::half);
  EXPECT_EQ(table.last()->number, 2);
}

TEST(Cycles, a_file_without_current_is_refused) {
  const CyclerData data = parse_cycler("Test Time / s,Voltage / V,Current / A\n0,3.7,0\n1,3.7,0\n", "rest");
  EXPECT_THROW((void)analyse_cycles(data, {}), Error);
}

/// One cell through the tester, its file, and the analysis.
struct Twin {
  std::vector<CycleState> states;
  CyclerData written;
  CyclerData read;
  double active_g = 0.0;
};

Twin make_twin(std::uint64_t seed, int cycles) {
  Twin twin;
  const auto values = draw_priors(seed, 0);
  AgeingCell aged = make_cell(values, {}, {.cycles = cycles});
  aged.law.loss = 0.6;
  twin.active_g = aged.cell.active_mass_g;
  Tester tester({.current_gain = values[static_cast<std::size_t>(PriorName::current_gain)], .seed = seed});
  twin.states = simulate_cycles(
      aged, make_curve(values), [&](const Sample& s) { tester.see(s); }, hotstage::Run{});
  twin.written = tester.finish();
  twin.read = parse_cycler(find_format("landt").write(twin.written), "twin.csv");
  return twin;
}

TEST(Twin, reading_returns_every_value_that_was_written) {
  const Twin twin = make_twin(2, 3);
  EXPECT_TRUE(twin.read.repairs.empty());
  EXPECT_EQ(twin.read.time_s, twin.written.time_s);
  EXPECT_EQ(twin.read.voltage_V, twin.written.voltage_V);
  EXPECT_EQ(twin.read.current_A, twin.written.current_A);
  EXPECT_EQ(twin.read.cycle, twin.written.cycle);
  EXPECT_EQ(twin.read.step, twin.written.step);
  EXPECT_EQ(twin.read.charge_Ah, twin.written.charge_Ah);
  EXPECT_EQ(twin.read.discharge_Ah, twin.written.discharge_Ah);
  EXPECT_EQ(twin.read.charge_Wh, twin.written.charge_Wh);
  EXPECT_EQ(twin.read.discharge_Wh, twin.written.discharge_Wh);
  EXPECT_EQ(twin.read.step_name, twin.written.step_name);
  EXPECT_EQ(twin.read.record, twin.written.record);
  EXPECT_EQ(twin.read.metadata, twin.written.metadata);
  EXPECT_EQ(find_format("landt").write(twin.read), find_format("landt").write(twin.written));
}

TEST(Twin, thinned_rows_keep_capacity_dose_and_polarisation) {
  const Twin twin = make_twin(3, 20);
  CycleOptions options;
  options.dose.onset_V = draw_priors(3, 0)[static_cast<std::size_t>(PriorName::dose_onset)];
  const CycleTable table = analyse_cycles(twin.read, options);
  ASSERT_EQ(table.cycles.size(), twin.states.size());
  double dose = 0.0;
  for (std::size_t i = 0; i < twin.states.size(); ++i) {
    const double gain = 2e-3;  // 4σ of the tester's gain
    EXPECT_NEAR(table.cycles[i].discharge->total() / twin.states[i].discharge_Ah, 1.0, gain);
    EXPECT_NEAR(*table.cycles[i].efficiency, twin.states[i].discharge_Ah / twin.states[i].charge_Ah, 1e-5);
    const double rows = 1e-3;  // 10 mV between rows, 0.1 mV noise
    EXPECT_NEAR(table.cycles[i].polarisation_V->value, twin.states[i].polarisation_V, rows);
    EXPECT_NEAR(table.cycles[i].discharge->counter_Ah, table.cycles[i].discharge->total(), 1e-6);
    dose += table.cycles[i].dose;
  }
  EXPECT_NEAR(dose / twin.states.back().dose, 1.0, 2e-3);
}

TEST(CellState, recovers_drawn_cells_with_honest_uncertainties) {
  constexpr std::uint64_t cells = 12;
  std::array<std::vector<double>, 4> pulls;
  for (std::uint64_t seed = 101; seed < 101 + cells; ++seed) {
    const Twin twin = make_twin(seed, 60);
    const CellState state =
        read_cell_state(analyse_cycles(twin.read, {}), lithium_cobalt_oxide(), {.active_mass_g = 4e-3});
    const CycleState& last = twin.states.back();
    EXPECT_NEAR(state.retention.value, last.discharge_Ah / twin.states.front().discharge_Ah, 1e-4);
    const auto pull = [](const Estimate& found, double truth) { return (found.value - truth) / found.sigma; };
    pulls[0].push_back(pull(state.x_discharged, last.x_discharged));
    pulls[1].push_back(pull(state.x_charged_last, last.x_charged));
    pulls[2].push_back(pull(state.lam, 1.0 - last.active_fraction));
    pulls[3].push_back(pull(state.active_share, twin.active_g / 4e-3));
    EXPECT_GT(state.routes.at(2).x.sigma, state.routes.at(0).x.sigma);  // counting is the worse route
  }
  for (const std::vector<double>& quantity : pulls) {
    double square = 0.0;
    for (const double pull : quantity) {
      EXPECT_LT(std::abs(pull), 4.0);
      square += pull * pull;
    }
    // χ² of 12 at 99.9 %: 32.9; sigmas may be generous, because the assumed curve is worse than the drawn one.
    EXPECT_LT(square, 32.9);
  }
}

TEST(CellState, without_rests_the_lithium_is_known_worse_but_not_wrong) {
  const auto values = draw_priors(4, 0);
  AgeingCell aged = make_cell(values, {}, {.rest_s = 0.0, .cycles = 40});
  Tester tester({.seed = 4});
  const auto states = simulate_cycles(
      aged, make_curve(values), [&](const Sample& s) { tester.see(s); }, hotstage::Run{});
  const CellState state =
      read_cell_state(analyse_cycles(tester.finish(), {}), lithium_cobalt_oxide(), {.active_mass_g = 4e-3});
  EXPECT_GT(state.x_discharged.sigma, 0.01);
  EXPECT_NEAR(state.x_discharged.value, states.back().x_discharged, 3.0 * state.x_discharged.sigma);
  EXPECT_NEAR(state.lam.value, 1.0 - states.back().active_fraction, 3.0 * state.lam.sigma);
}

TEST(CellState, a_mass_that_cannot_be_is_refused) {
  const CycleTable table = analyse_cycles(make_twin(1, 3).read, {});
  EXPECT_THROW((void)read_cell_state(table, lithium_cobalt_oxide(), {.active_mass_g = 1e-3}), Error);
}

TEST(CellState, one_cycle_is_refused) {
  const CycleTable table = analyse_cycles(make_twin(1, 2).read, {});
  CycleTable cut = table;
  cut.cycles.resize(1);
  EXPECT_THROW((void)read_cell_state(cut, lithium_cobalt_oxide(), {}), Error);
}

}  // namespace
}  // namespace hotstage::echem
