// SPDX-License-Identifier: GPL-3.0-or-later
// Step echem.simulate: cycling of an ageing LiCoO2 half cell, written as a LANDT tester would write it.

#include "hotstage/echem/format.hpp"
#include "hotstage/echem/tester.hpp"
#include "hotstage/study/detail/echem_fade_pages.hpp"

#include <fmt/format.h>

#include <cmath>

namespace hotstage::study::echem_simulate {

namespace {

/// Where the constants of this cell come from.
enum class Constants { drawn, central };

constexpr auto enum_names(Constants) {
  return std::array{EnumName<Constants>{Constants::drawn, "drawn"}, EnumName<Constants>{Constants::central, "central"}};
}

struct Options : detail::ElectrodeOptions {
  double c_rate = 1.0;
  Voltage lower = 3.0 * units::V;
  Voltage upper = 4.6 * units::V;
  Time rest = 300.0 * units::s;
  int cycles = 200;
  double retention_target = 0.5;
  Constants constants = Constants::drawn;
  Time row_interval = 60.0 * units::s;
  Voltage row_change = 0.01 * units::V;
  int seed = 1;

  template <class V>
  void fields(V& v) {
    detail::ElectrodeOptions::fields(v);
    v("c_rate", c_rate, {.help = "current over 1 C", .min = 1e-3, .max = 10.0});
    v("lower", lower, {.help = "voltage that ends a discharge", .unit = "V", .min = 2.6, .max = 3.8});
    v("upper", upper, {.help = "voltage that ends a charge", .unit = "V", .min = 4.0, .max = 4.8});
    v("rest", rest,
      {.help = "rest after every charge and discharge; 0: none", .unit = "s", .min = 0.0, .max = 86400.0});
    v("cycles", cycles, {.help = "number of cycles", .min = 2, .max = 5000});
    v("retention_target", retention_target,
      {.help = "last over first capacity: the only fit (C2)", .min = 0.05, .max = 0.99});
    v("constants", constants, {.help = "drawn from the priors by the seed, or their centres"});
    v("row_interval", row_interval, {.help = "longest time between rows", .unit = "s", .min = 0.1});
    v("row_change", row_change, {.help = "change of voltage that writes a row", .unit = "V", .min = 1e-4});
    v("seed", seed, {.help = "seed of the constants and of the noise", .min = 0});
  }
};

StepOutput run(const StepInputs&, const Value& table, Run& run) {
  const auto options = from_table<Options>(table);
  const auto seed = static_cast<std::uint64_t>(options.seed);
  detail::SimulatedCell cell;
  cell.values = options.constants == Constants::drawn ? echem::draw_priors(seed, 0) : echem::central_priors();
  cell.aged = echem::make_cell(
      cell.values,
      {.weighed_active_mass_g = options.active_g(), .one_c_mA_per_g = options.one_c(), .c_rate = options.c_rate},
      {.lower_V = options.lower.in(units::V),
       .upper_V = options.upper.in(units::V),
       .rest_s = options.rest.in(units::s),
       .cycles = options.cycles});
  const echem::OpenCircuit curve = echem::make_curve(cell.values);
  run.progress(0.1, "fitting the loss of material");
  cell.fit = echem::fit_loss(cell.aged, curve, options.retention_target, run);
  cell.aged.law.loss = cell.fit.loss;
  echem::Tester tester({.row_interval_s = options.row_interval.in(units::s),
                        .row_change_V = options.row_change.in(units::V),
                        .current_gain = cell.values[static_cast<std::size_t>(echem::PriorName::current_gain)],
                        .seed = seed});
  cell.states = echem::simulate_cycles(
      cell.aged, curve, [&](const echem::Sample& sample) { tester.see(sample); }, run);
  StepOutput out;
  out.raw_text["cycler"] = {"csv", echem::find_format("landt").write(tester.finish())};
  out.records["truth"] = detail::cell_truth(cell);
  detail::add_fit(cell, options.retention_target, out);
  out.figures.push_back(detail::curve_figure());
  out.assumptions = detail::prior_assumptions();
  out.assumptions.push_back({"The data are simulated",
                             "one particle against lithium metal, ageing by time above a voltage; rests and row "
                             "intervals are chosen, the paper does not give them"});
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "echem.simulate",
    .version = 1,
    .title = "Simulated cycling of a LiCoO2 half cell",
    .help =
        "Cycles a single-particle LiCoO2|Li cell with loss of active material and a growing film, fitted to one "
        "retention only, and writes what a LANDT tester would write",
    .example = "hotstage echem simulate --cycles 200 --retention_target 0.5 --out cell",
    .inputs = {},
    .outputs = {{"cycler", Kind::raw, "LANDT CSV of all cycles"},
                {"truth", Kind::truth, "what was put in: constants, dose, lost material, lithium"}},
    .role = Role::generator,
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::echem_simulate
