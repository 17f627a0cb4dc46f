// SPDX-License-Identifier: GPL-3.0-or-later
// Step heater.simulate: a heating run on a MEMS chip, written as the holder's own log.

#include "hotstage/heater/format.hpp"
#include "hotstage/heater/simulate.hpp"
#include "hotstage/study/step.hpp"

#include <fmt/format.h>

namespace hotstage::study::heater_simulate {

namespace {

Value make_truth(const heater::SimulatedRun& options, const heater::HeatingTruth& truth) {
  Value out = Value::object();
  out["schema"] = "hotstage.heating/1";
  out["programme"] = truth.set_point.to_value();
  out["lamella_offset_K"] = truth.lamella_offset_K;
  out["clock_offset_s"] = truth.clock_offset_s;
  out["log_sigma_K"] = options.noise.base();
  out["lag_s"] = truth.lag_s;
  out["ramp_start_s"] = truth.ramp_start_s;
  return out;
}

StepOutput run(const StepInputs&, const Value& table, Run&) {
  const auto options = from_table<heater::SimulatedRun>(table);
  const heater::Chip chip;
  const heater::HeatingTruth truth = heater::simulate_run(options, chip);
  StepOutput out;
  out.raw_text["log"] = {"csv", heater::find_format("impulse").write(truth.log)};
  out.records["heating"] = make_truth(options, truth);
  out.results.push_back({.id = "lag",
                         .value = truth.lag_K,
                         .unit = "K",
                         .method = fmt::format("chip as one heat capacity, time constant {:.1f} ms at the end "
                                               "temperature; film properties are priors",
                                               chip.time_constant(options.end).in(units::ms)),
                         .evidence = "literature",
                         .label = "Lag of the chip behind the ramp"});
  out.assumptions.push_back({"The heating run is simulated",
                             "set point through a lumped chip, late rows, reading noise; the lamella's offset and the "
                             "clocks' difference are drawn from the stated spreads"});
  out.assumptions.push_back({"The lamella stands a constant offset from the chip",
                             "chip, weld and position are drawn once; that the weld's part grows with temperature is "
                             "left out"});
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "heater.simulate",
    .version = 1,
    .title = "Simulated heating run",
    .help =
        "Runs a ramp with pauses through a lumped chip model and writes the holder's log, with hidden offsets of "
        "lamella and clock",
    .example = "hotstage heater simulate --ramp \"2 K/s\" --end \"650 degC\" --out heating",
    .inputs = {},
    .outputs = {{"log", Kind::raw, "heater log as Impulse writes it (.csv)"},
                {"heating", Kind::truth, "set point, lamella offset and clock offset that were put in"}},
    .role = Role::generator,
    .options = make_options<heater::SimulatedRun>,
    .run = run,
};

}  // namespace hotstage::study::heater_simulate
