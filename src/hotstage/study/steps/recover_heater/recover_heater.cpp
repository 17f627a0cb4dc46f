// SPDX-License-Identifier: GPL-3.0-or-later
// Step recover.heater: the programme read from a simulated log against what was put in.

#include "hotstage/kinetics/programme.hpp"
#include "hotstage/study/detail/recovery_rows.hpp"

#include <fmt/format.h>

#include <cmath>

namespace hotstage::study::recover_heater {

namespace {

struct Options {
  std::vector<Temperature> frames{Temperature::celsius(500.0), Temperature::celsius(550.0), Temperature::celsius(600.0),
                                  Temperature::celsius(650.0)};

  template <class V>
  void fields(V& v) {
    v("frames", frames, {.help = "set points at which the lamella's temperature is compared", .unit = "degC"});
  }
};

struct Truth {
  kinetics::Programme set_point;
  double lamella_offset_K = 0.0;
  double clock_offset_s = 0.0;

  [[nodiscard]] Temperature lamella(Time microscope) const {
    return set_point.at(microscope + clock_offset_s * units::s) + lamella_offset_K * units::K;
  }
};

/// Slope of the first rise.
double rate_of(const kinetics::Programme& programme) {
  const auto points = programme.points();
  for (std::size_t i = 1; i < points.size(); ++i) {
    const double rise = (points[i].temperature - points[i - 1].temperature).base();
    if (rise > 0.0) {
      return rise / (points[i].time - points[i - 1].time).in(units::s);
    }
  }
  return 0.0;
}

void compare_programme(const Value& found, const Truth& truth, detail::RecoveryRows& out) {
  const auto estimate = [&](const char* value, const char* sigma) {
    return Estimate{found.at(value).as_number(), found.at(sigma).as_number()};
  };
  const Temperature end = truth.set_point.at(truth.set_point.end());
  out.add("ramp rate", rate_of(truth.set_point), estimate("ramp_rate_K_per_s", "ramp_rate_sigma_K_per_s"), "K/s");
  out.add("end temperature", end.in_degC(), estimate("end_degC", "end_sigma_K"), "degC");
  out.add("duration", truth.set_point.first_time_at(end)->in(units::s), estimate("duration_s", "duration_sigma_s"),
          "s");
}

void compare_lamella(const Value& found, const Truth& truth, const Options& options, detail::RecoveryRows& out) {
  const kinetics::Programme programme = kinetics::Programme::from_value(found);
  const double declared_s = found.at("clock_offset_s").as_number();
  const double clock_s = found.at("clock_sigma_s").as_number();
  const double offset_K = std::hypot(found.at("chip_sigma_K").as_number(), found.at("weld_sigma_K").as_number(),
                                     found.at("position_sigma_K").as_number());
  out.add("clock offset", truth.clock_offset_s, {declared_s, clock_s}, "s");
  out.add("lamella offset", truth.lamella_offset_K, {0.0, offset_K}, "K");
  for (const Temperature& frame : options.frames) {
    const auto time = programme.first_time_at(frame);
    if (time) {
      const Time microscope = *time - declared_s * units::s;
      const double rate = found.at("ramp_rate_K_per_s").as_number();
      out.add(fmt::format("lamella {:.0f} degC", frame.in_degC()), truth.lamella(microscope).in_degC(),
              {frame.in_degC(), std::hypot(offset_K, rate * clock_s, found.at("end_sigma_K").as_number())}, "degC");
    }
  }
}

StepOutput run(const StepInputs& inputs, const Value& table, Run&) {
  const auto options = from_table<Options>(table);
  const Value& found = inputs.records.at("programme");
  const Value& heating = inputs.records.at("heating");
  const Truth truth{kinetics::Programme::from_value(heating.at("programme")),
                    heating.at("lamella_offset_K").as_number(), heating.at("clock_offset_s").as_number()};
  detail::RecoveryRows recovery;
  compare_programme(found, truth, recovery);
  compare_lamella(found, truth, options, recovery);
  StepOutput out;
  recovery.publish(4.0,
                   "Offset of the lamella and of the clock cannot be read from a log: their rows test only that the "
                   "declared spread covers them",
                   out);
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "recover.heater",
    .version = 2,
    .title = "Heating programme against the truth",
    .help = "Compares ramp rate, end temperature, duration and the lamella's temperature with what was put in",
    .example = "hotstage run study.toml",
    .inputs = {{"programme", Kind::record, true, "programme of heater.log"},
               {"heating", Kind::truth, true, "heating of heater.simulate"}},
    .outputs = {{"recovery", Kind::table, "quantity, truth, recovered, sigma, pull, unit"}},
    .role = Role::recovery,
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::recover_heater
