// SPDX-License-Identifier: GPL-3.0-or-later
// Step recover.cell: what the analysis of a simulated cycler file found against what was put in.

#include "hotstage/study/detail/recovery_rows.hpp"

#include <cmath>
#include <limits>

namespace hotstage::study::recover_cell {

namespace {

struct Options {
  double mass_sigma = 0.01;

  template <class V>
  void fields(V& v) {
    v("mass_sigma", mass_sigma, {.help = "relative uncertainty of the weighed mass", .min = 0.0, .max = 1.0});
  }
};

constexpr double not_there = std::numeric_limits<double>::quiet_NaN();

enum class End { first, last };

/// First or last finite value of a column, rows before `from` left out.
double end_of(const io::Table& table, std::string_view column, End end, std::size_t from = 0) {
  const std::vector<double>& values = table.numbers(column);
  double found = not_there;
  for (std::size_t i = from; i < values.size(); ++i) {
    if (std::isfinite(values[i]) && (end == End::last || !std::isfinite(found))) {
      found = values[i];
    }
  }
  return found;
}

detail::RecoveryRows compare(const StepInputs& inputs, double mass_sigma) {
  constexpr double mV = 1e3;
  const Value& cell = inputs.records.at("cell");
  const Value& truth = inputs.records.at("truth");
  const io::Table& cycles = inputs.tables.at("cycles");
  const auto put_in = [&](std::string_view key) { return truth.at(key).as_number(); };
  const auto found = [&](std::string_view key) { return cell.at(key).as_number(); };
  detail::RecoveryRows rows;
  for (const auto& [key, end] : {std::pair{"capacity_first", End::first}, std::pair{"capacity_last", End::last}}) {
    const double value = end_of(cycles, "discharge_capacity", end);
    rows.add(key, put_in(key), {value, std::hypot(mass_sigma * value, end_of(cycles, "discharge_sigma", end))},
             "mA h/g");
  }

  const auto polarisation = [&](End end) {
    return Estimate{mV * end_of(cycles, "polarisation", end, 1), mV * end_of(cycles, "polarisation_sigma", end, 1)};
  };
  rows.add("polarisation_first", put_in("polarisation_first"), polarisation(End::first), "mV");
  rows.add("polarisation_last", put_in("polarisation_last"), polarisation(End::last), "mV");
  rows.add("x_disassembly", put_in("x_disassembly"), {found("x"), found("x_sigma")}, "");
  rows.add("x_charged", put_in("x_charged"), {found("x_charged"), found("x_charged_sigma")}, "");
  for (const char* key : {"retention", "lam", "resistance_growth", "dose_mean"}) {
    rows.add(key, put_in(key), {found(key), found(std::string(key) + "_sigma")}, "");
  }
  return rows;
}

StepOutput run(const StepInputs& inputs, const Value& table, Run&) {
  const auto options = from_table<Options>(table);
  StepOutput out;
  compare(inputs, options.mass_sigma).publish(3.0, "Says how well the file is read, nothing about the real cell", out);
  out.assumptions.push_back(
      {"shared by both sides",
       "the published shape of the open-circuit curve, the form of the dose, where polarisation is "
       "read; not shared: offset and fitted part of the curve, mass, current gain, onset of damage, "
       "kinetics, diffusion, film, side reaction, noise"});
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "recover.cell",
    .version = 2,
    .title = "Recovery of the simulated cell",
    .help = "Compares what echem.cycles read from a simulated cycler file with what echem.simulate put in",
    .example = "hotstage run study.toml",
    .inputs = {{"cell", Kind::record, true, "record of echem.cycles"},
               {"cycles", Kind::table, true, "table of echem.cycles"},
               {"truth", Kind::truth, true, "truth of echem.simulate"}},
    .outputs = {{"recovery", Kind::table, "quantity, truth, recovered, sigma, pull, unit"}},
    .role = Role::recovery,
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::recover_cell
