// SPDX-License-Identifier: GPL-3.0-or-later
// Step kinetics.onset: onset temperatures of barriers on a ramp, and the barriers that an observed onset allows.

#include "hotstage/kinetics/band.hpp"
#include "hotstage/study/detail/heater_pages.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <vector>

namespace hotstage::study::kinetics_onset {

namespace {

struct Options {
  Energy barrier = 1.58 * units::eV;
  Energy compare = 2.33 * units::eV;
  std::array<Frequency, 3> prefactor{Frequency(1e12), Frequency(1e13), Frequency(1e14)};
  std::array<Length, 3> distance{5.0 * units::nm, 10.0 * units::nm, 20.0 * units::nm};
  Length hop = 0.2816 * units::nm;
  Temperature start = Temperature::celsius(25.0);
  Temperature end = Temperature::celsius(650.0);
  HeatingRate ramp = HeatingRate(2.0);
  Temperature observed = Temperature::celsius(450.0);
  TemperatureDifference chip = 10.0 * units::K;
  TemperatureDifference weld = 10.0 * units::K;
  TemperatureDifference position = 10.0 * units::K;
  std::vector<Temperature> hold_at{Temperature::celsius(450.0), Temperature::celsius(500.0),
                                   Temperature::celsius(550.0), Temperature::celsius(600.0),
                                   Temperature::celsius(650.0)};
  std::vector<Time> holds{Time{}, 60.0 * units::s, 600.0 * units::s};

  template <class V>
  void fields(V& v) {
    v("barrier", barrier, {.help = "barrier put to the test", .unit = "eV", .min = 0.1, .max = 5.0});
    v("compare", compare, {.help = "a second barrier", .unit = "eV", .min = 0.1, .max = 5.0});
    v("prefactor", prefactor, {.help = "low, central and high attempt frequency", .unit = "1/s", .min = 1.0});
    v("distance", distance, {.help = "low, central and high distance walked", .unit = "nm", .min = 0.0});
    v("hop", hop, {.help = "hop length; a of LiCoO2", .unit = "nm", .min = 0.01});
    v("start", start, {.help = "first temperature of the ramp", .unit = "degC"});
    v("end", end, {.help = "last temperature of the ramp", .unit = "degC"});
    v("ramp", ramp, {.help = "heating rate", .unit = "K/s", .min = 1e-6});
    v("observed", observed, {.help = "onset that was seen", .unit = "degC"});
    v("chip", chip, {.help = "standard uncertainty of the chip's calibration", .unit = "K", .min = 0.0});
    v("weld", weld, {.help = "standard uncertainty from mounting the lamella", .unit = "K", .min = 0.0});
    v("position", position, {.help = "standard uncertainty from the place on the chip", .unit = "K", .min = 0.0});
    v("hold_at", hold_at, {.help = "temperatures at which the ramp may have paused for an image", .unit = "degC"});
    v("holds", holds, {.help = "lengths of the pauses that are tried", .unit = "s", .min = 0.0});
  }

  [[nodiscard]] kinetics::Programme programme(Time hold, Temperature last) const {
    std::vector<kinetics::Hold> pauses;
    for (const Temperature& temperature : hold_at) {
      pauses.push_back({temperature, hold});
    }
    return kinetics::Programme::ramp(start, last, ramp, pauses);
  }

  [[nodiscard]] double lamella_K() const { return std::hypot(chip.base(), weld.base(), position.base()); }
};

/// A computed barrier takes the place of the typed one.
void take_barrier(const StepInputs& inputs, Options& options, StepOutput& out) {
  const auto given = inputs.records.find("path");
  if (given == inputs.records.end()) {
    return;
  }
  const Value& path = given->second;
  options.barrier = path.at("barrier_eV").as_number() * units::eV;
  out.assumptions.push_back(
      {fmt::format("Barrier {:.3f} eV from a computed path", options.barrier.in(units::eV)),
       fmt::format("{}; the prefactor is not computed: its band stands for it", path.at("origin").as_text())});
}

StepOutput run(const StepInputs& inputs, const Value& table, Run&) {
  auto options = from_table<Options>(table);
  StepOutput out;
  take_barrier(inputs, options, out);
  constexpr double further_degC = 2000.0;
  detail::OnsetStudy study{
      .walk = {options.prefactor, options.distance, options.hop},
      .programmes = {{Time{}, options.programme(Time{}, options.end)}},
      .continued = kinetics::Programme::ramp(options.start, Temperature::celsius(further_degC), options.ramp),
      .observed = options.observed,
      .lamella_K = options.lamella_K()};
  for (const Time hold : options.holds) {
    if (hold.base() > 0.0) {
      study.programmes.push_back({hold, options.programme(hold, options.end)});
    }
  }
  detail::add_onsets(study, options.barrier, options.compare, out);
  detail::add_barriers(study, out);
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "kinetics.onset",
    .version = 2,
    .title = "Onset and barrier",
    .help =
        "Onset temperatures of barriers on a ramp with bands of prefactor and distance, and the barriers that an "
        "observed onset allows, with pauses and the error of the lamella's temperature",
    .example = "hotstage kinetics onset --barrier \"1.58 eV\" --observed \"450 degC\"",
    .inputs = {{"path", Kind::record, false, "barrier of calc.neb, in place of the option barrier"}},
    .outputs = {{"bands", Kind::table, "onset of each barrier, prefactor, distance and pause"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::kinetics_onset
