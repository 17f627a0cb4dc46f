// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/heater/simulate.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/core/rng.hpp"

#include <cmath>

namespace hotstage::heater {

namespace {

/// Streams of random numbers.
constexpr std::uint64_t noise_stream = 0x48450001;
constexpr std::uint64_t offset_stream = 0x48450002;
constexpr double latest_row_s = 0.030;

kinetics::Programme make_set_point(const SimulatedRun& run) {
  std::vector<kinetics::Hold> holds;
  for (const Temperature& temperature : run.hold_at) {
    holds.push_back({temperature, run.hold});
  }
  const kinetics::Programme ramp = kinetics::Programme::ramp(run.start, run.end, run.ramp, holds);
  std::vector<kinetics::ProgrammePoint> points{{-run.settle, run.start}};
  points.insert(points.end(), ramp.points().begin(), ramp.points().end());
  points.push_back({ramp.end() + run.final_hold, run.end});
  return kinetics::Programme(std::move(points));
}

double rounded(double value, double quantum) {
  return quantum > 0.0 ? std::round(value / quantum) * quantum : value;
}

HeaterLog write_log(const SimulatedRun& run, const ChipRun& chip, double ramp_start_s) {
  HeaterLog log;
  Rng rng(run.seed, noise_stream, 0);
  const double first_s = run.before.in(units::s);
  const double last_s = ramp_start_s + chip.time_s.back();
  const double period_s = run.period.in(units::s);
  for (double due_s = first_s; due_s < last_s; due_s += period_s) {
    // Impulse polls: rows are late, never early, and the delay adds up.
    due_s += latest_row_s * rng.uniform();
    const double written_s = std::round(due_s * 1e3) * 1e-3;
    log.time_s.push_back(written_s);
    log.wall_s.push_back(std::round((run.wall_start.in(units::s) + due_s) * 1e3) * 1e-3);
    const double read = chip.celsius_at(due_s - ramp_start_s) + run.noise.base() * rng.normal();
    log.temperature_degC.push_back(rounded(read, run.quantum.base()));
  }
  return log;
}

}  // namespace

double HeatingTruth::lamella_celsius(double microscope_s) const {
  return set_point.at((microscope_s + clock_offset_s) * units::s).in_degC() + lamella_offset_K;
}

HeatingTruth simulate_run(const SimulatedRun& run, const Chip& chip) {
  if (run.period.base() <= 0.0 || run.settle.base() < 0.0 || run.final_hold.base() < 0.0) {
    throw Error(Errc::bad_input, "the log needs a period above zero and pauses of zero seconds or more");
  }
  HeatingTruth truth{.set_point = make_set_point(run)};
  Rng rng(run.seed, offset_stream, 0);
  truth.lamella_offset_K =
      run.chip.base() * rng.normal() + run.weld.base() * rng.normal() + run.position.base() * rng.normal();
  truth.clock_offset_s = run.clock_sigma.in(units::s)*rng.normal();
  truth.ramp_start_s = run.before.in(units::s) + run.settle.in(units::s);
  const ChipRun path = run_chip(chip, truth.set_point, {.feedback_W_per_K = run.feedback_W_per_K});
  // The first rise of the ramp ends at the first pause or at the end: its middle is free of corners.
  const auto points = truth.set_point.points();
  const Time half = 0.5 * (points[1].time + points[2].time);
  truth.lag_K = truth.set_point.at(half).in_degC() - path.celsius_at(half.in(units::s));
  truth.lag_s = truth.lag_K / run.ramp.base();
  truth.log = write_log(run, path, truth.ramp_start_s);
  return truth;
}

}  // namespace hotstage::heater
