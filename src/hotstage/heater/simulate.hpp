// SPDX-License-Identifier: GPL-3.0-or-later
// A simulated heating run: the log as the holder would write it, and the temperature the lamella really had.

#pragma once

#include "hotstage/core/units.hpp"
#include "hotstage/heater/chip.hpp"
#include "hotstage/heater/heater_log.hpp"
#include "hotstage/kinetics/programme.hpp"

#include <cstdint>
#include <vector>

namespace hotstage::heater {

struct SimulatedRun {
  Temperature start = Temperature::celsius(25.0);
  Temperature end = Temperature::celsius(650.0);
  HeatingRate ramp = HeatingRate(2.0);
  std::vector<Temperature> hold_at;
  Time hold{};
  Time settle = 5.0 * units::s;       ///< at the start temperature, before the ramp
  Time final_hold = 30.0 * units::s;  ///< at the end temperature
  Time before = 6.7 * units::s;       ///< from the start of the experiment's clock to the first row
  Time period = 0.5 * units::s;       ///< of rows; every row is late by up to 30 ms, as in real logs
  TemperatureDifference noise = 0.05 * units::K;
  TemperatureDifference quantum = 1e-3 * units::K;  ///< resolution of the written temperature
  TemperatureDifference chip = 10.0 * units::K;
  TemperatureDifference weld = 10.0 * units::K;
  TemperatureDifference position = 10.0 * units::K;
  Time clock_sigma = 0.5 * units::s;
  Time wall_start = 13.0 * units::h;  ///< time of day of the experiment's zero
  double feedback_W_per_K = 0.0;
  std::uint64_t seed = 1;

  template <class V>
  void fields(V& v) {
    v("start", start, {.help = "first temperature of the ramp", .unit = "degC"});
    v("end", end, {.help = "last temperature of the ramp", .unit = "degC"});
    v("ramp", ramp, {.help = "heating rate", .unit = "K/s", .min = 1e-6});
    v("hold_at", hold_at, {.help = "temperatures at which the ramp pauses", .unit = "degC"});
    v("hold", hold, {.help = "length of each pause", .unit = "s", .min = 0.0});
    v("settle", settle, {.help = "time at the first temperature before the ramp", .unit = "s", .min = 0.0});
    v("final_hold", final_hold, {.help = "time at the last temperature", .unit = "s", .min = 0.0});
    v("before", before, {.help = "from the experiment's start to the first row", .unit = "s", .min = 0.0});
    v("period", period, {.help = "distance of rows in the log", .unit = "s", .min = 1e-3});
    v("noise", noise, {.help = "standard deviation of a reading", .unit = "K", .min = 0.0});
    v("quantum", quantum, {.help = "resolution of the written temperature", .unit = "K", .min = 0.0});
    v("chip", chip, {.help = "spread of the chip's calibration", .unit = "K", .min = 0.0});
    v("weld", weld, {.help = "spread from mounting the lamella", .unit = "K", .min = 0.0});
    v("position", position, {.help = "spread from the place on the chip", .unit = "K", .min = 0.0});
    v("clock_sigma", clock_sigma, {.help = "spread of heater clock minus microscope clock", .unit = "s", .min = 0.0});
    v("wall_start", wall_start,
      {.help = "time of day at the experiment's start", .unit = "h", .min = 0.0, .max = 24.0});
    v("feedback", feedback_W_per_K, {.help = "gain of the temperature control, W/K", .min = 0.0});
    v("seed", seed, {.help = "seed of noise and offsets"});
  }
};

struct HeatingTruth {
  kinetics::Programme set_point;  ///< on the heater's clock, 0 = start of the ramp
  double lamella_offset_K = 0.0;  ///< true lamella minus set point
  double clock_offset_s = 0.0;    ///< heater clock minus microscope clock
  double ramp_start_s = 0.0;      ///< of the log's clock
  double lag_s = 0.0;             ///< how far the chip stays behind the set point half-way up the ramp
  double lag_K = 0.0;
  HeaterLog log;

  /// True lamella temperature (degC) at a time of the microscope's clock.
  [[nodiscard]] double lamella_celsius(double microscope_s) const;
};

/// The same bytes for the same options. Throws Error{bad_input} when the programme makes no sense.
[[nodiscard]] HeatingTruth simulate_run(const SimulatedRun& run, const Chip& chip = {});

}  // namespace hotstage::heater
