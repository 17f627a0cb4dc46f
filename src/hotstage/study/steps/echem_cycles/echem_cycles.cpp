// SPDX-License-Identifier: GPL-3.0-or-later
// Step echem.cycles: a cycler file to capacities, polarisation, lost material, lithium content and damage dose.

#include "hotstage/core/expected.hpp"
#include "hotstage/echem/format.hpp"
#include "hotstage/study/detail/echem_pages.hpp"

#include <fmt/format.h>

#include <cmath>

namespace hotstage::study::echem_cycles {

namespace {

using SpecificCharge = Quantity<Dimension{.nm = 2, .s = -2, .eV = -1, .e = 1}>;
constexpr SpecificCharge milliampere_hour_per_gram{3.6 / constants::elementary_charge_C / constants::gram};

struct Options : detail::ElectrodeOptions {
  echem::CycleRule cycle_rule = echem::CycleRule::automatic;
  double mass_sigma = 0.01;
  double polarisation_fraction = 0.5;
  SpecificCharge polarisation_charge = 50.0 * milliampere_hour_per_gram;
  Voltage dose_onset = echem::prior(echem::PriorName::dose_onset).centre * units::V;
  Voltage dose_onset_sigma = echem::prior(echem::PriorName::dose_onset).sigma * units::V;
  double dose_exponent = 1.0;
  double dose_reference = echem::DoseLaw{}.reference;
  double dose_log_sigma = echem::prior(echem::PriorName::dose_log_sigma).centre;
  Voltage curve_sigma = 0.010 * units::V;
  Voltage fitted_curve_sigma = 0.015 * units::V;
  double lithium_at_start = 0.99;
  double lithium_at_start_sigma = 0.01;

  template <class V>
  void fields(V& v) {
    detail::ElectrodeOptions::fields(v);
    v("cycle_rule", cycle_rule, {.help = "what tells cycles apart"});
    v("mass_sigma", mass_sigma, {.help = "relative uncertainty of the active mass", .min = 0.0, .max = 1.0});
    v("polarisation_fraction", polarisation_fraction,
      {.help = "part of the cycle's discharge, from the charged end, at which both voltages are read",
       .min = 0.01,
       .max = 0.99});
    v("polarisation_charge", polarisation_charge,
      {.help = "fixed charge from the charged end for the second reading", .unit = "mA h/g", .min = 0.0});
    v("dose_onset", dose_onset, {.help = "voltage above which damage is counted", .unit = "V", .min = 3.0});
    v("dose_onset_sigma", dose_onset_sigma, {.help = "uncertainty of it", .unit = "V", .min = 0.0, .max = 0.5});
    v("dose_exponent", dose_exponent, {.help = "power of the voltage above the onset", .min = 0.1, .max = 10.0});
    v("dose_reference", dose_reference, {.help = "V^exponent s that count as dose 1", .min = 1e-6});
    v("dose_log_sigma", dose_log_sigma,
      {.help = "lognormal spread of the dose over boundary facets: a prior, no cycler sees it",
       .min = 0.0,
       .max = 3.0});
    v("curve_sigma", curve_sigma, {.help = "of the published open-circuit curve", .unit = "V", .min = 0.0});
    v("fitted_curve_sigma", fitted_curve_sigma, {.help = "of its fitted part above 4.39 V", .unit = "V", .min = 0.0});
    v("lithium_at_start", lithium_at_start, {.help = "Li per Co of the fresh powder", .min = 0.0, .max = 1.0});
    v("lithium_at_start_sigma", lithium_at_start_sigma, {.help = "uncertainty of it", .min = 0.0, .max = 1.0});
  }
};

echem::CycleOptions cycle_options(const Options& options, double onset_shift_V) {
  echem::CycleOptions out;
  out.rule = options.cycle_rule;
  out.fraction = options.polarisation_fraction;
  out.fixed_charge_Ah = options.polarisation_charge.in(milliampere_hour_per_gram)*1e-3 * options.active_g();
  out.dose = {options.dose_onset.in(units::V) + onset_shift_V, options.dose_exponent, options.dose_reference};
  return out;
}

echem::CellAssumptions assumed(const Options& options) {
  return {.active_mass_g = options.active_g(),
          .mass_relative_sigma = options.mass_sigma,
          .curve_sigma_V = options.curve_sigma.in(units::V),
          .fitted_curve_sigma_V = options.fitted_curve_sigma.in(units::V),
          .lithium_at_start = options.lithium_at_start,
          .lithium_at_start_sigma = options.lithium_at_start_sigma};
}

/// Half the spread between onsets one σ lower and one higher.
double dose_sigma(const echem::CyclerData& data, const Options& options) {
  const double sigma_V = options.dose_onset_sigma.in(units::V);
  const double low = echem::total_dose(echem::analyse_cycles(data, cycle_options(options, -sigma_V)));
  const double high = echem::total_dose(echem::analyse_cycles(data, cycle_options(options, sigma_V)));
  return 0.5 * std::abs(low - high);
}

StepOutput run(const StepInputs& inputs, const Value& table, Run&) {
  const auto options = from_table<Options>(table);
  const echem::CyclerData data = echem::read_cycler(inputs.files.at("cycler"));
  const echem::CycleTable cycles = echem::analyse_cycles(data, cycle_options(options, 0.0));
  StepOutput out;
  out.tables["cycles"] = detail::cycle_table(cycles, options.active_g());
  out.tables["repairs"] = detail::repair_table(data);
  out.figures = detail::cycle_figures(cycles, options.active_g());
  detail::check_file(data, cycles, out);
  const auto found =
      attempt([&] { return echem::read_cell_state(cycles, echem::lithium_cobalt_oxide(), assumed(options)); });
  if (found) {
    echem::CellState state = *found;
    state.dose_mean.sigma = dose_sigma(data, options);
    out.records["cell"] = detail::cell_record(state, options.dose_log_sigma);
    detail::add_cell_results(state,
                             {options.active_g(), options.mass_sigma, options.polarisation_fraction,
                              options.polarisation_charge.in(milliampere_hour_per_gram)},
                             out);
  } else if (found.error().code() == Errc::refused) {
    out.checks.push_back({"state of the electrode", CheckStatus::failed, found.error().message(), "",
                          "cycles only: no capacity fade, lithium content or dose is given. " + found.error().hint()});
  } else {
    throw Error(found.error());
  }
  out.figures.push_back(detail::curve_figure());
  out.assumptions.push_back(
      {fmt::format("active mass {:.4g} mg = {:g} of the coating", 1e3 * options.active_g(), options.active_fraction),
       "the cycler file does not hold it"});
  out.assumptions.push_back(
      {fmt::format("damage dose: time above {:g} V to the power {:g}, over {:g} V s", options.dose_onset.in(units::V),
                   options.dose_exponent, options.dose_reference),
       "prior; 1 is the nominal cell after 200 cycles to one half"});
  out.assumptions.push_back({fmt::format("spread of the dose over facets: lognormal, {:g}", options.dose_log_sigma),
                             "prior, not seen by a cycler"});
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "echem.cycles",
    .version = 1,
    .title = "Cycles and state of a half cell",
    .help =
        "Reads a cycler file (LANDT CSV, BDF CSV), lists its repairs, and gives capacity, efficiency and "
        "polarisation per cycle, lithium content at disassembly, lost material and damage dose",
    .example = "hotstage echem cycles --cycler cell.csv --electrode_mass \"5 mg\" --active_fraction 0.8",
    .inputs = {{"cycler", Kind::raw, true, "cycler file of the whole life, LANDT CSV or BDF CSV"}},
    .outputs = {{"cycles", Kind::table, "one row per cycle"},
                {"repairs", Kind::table, "what was wrong with the file and what was done"},
                {"cell", Kind::record, "state of the electrode at disassembly, hotstage.cell/1"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::echem_cycles
