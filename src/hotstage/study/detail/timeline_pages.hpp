// SPDX-License-Identifier: GPL-3.0-or-later
// What series.timeline says: one clock for frames, rows, spectra and notes, and the temperature of each.

#pragma once

#include "hotstage/heater/clock_fit.hpp"
#include "hotstage/heater/frame_temperature.hpp"
#include "hotstage/study/step.hpp"

#include <optional>
#include <vector>

namespace hotstage::study::detail {

/// A series joined to a log.
struct JoinedSeries {
  const signal::Signal& frames;
  const heater::HeaterLog& log;
  signal::Timeline timeline;
  heater::ClockJoin join;
  heater::FrameExposure exposure;
  heater::Mounting mounting;
  std::vector<signal::FrameInterval> intervals{};
  std::vector<heater::FrameTemperature> temperatures{};
  std::optional<heater::ClockFit> fit{};
};

/// Drift and mean intensity of a drift table as responses to heat. Throws Error{bad_input} for another number of rows.
[[nodiscard]] std::vector<heater::HeatResponse> drift_responses(const io::Table& drift, std::size_t frames);
[[nodiscard]] std::vector<heater::HeatResponse> intensity_responses(const io::Table& drift, std::size_t frames);

/// Intervals and temperatures from the timeline and the join.
void finish_join(JoinedSeries& series);

/// Table `timeline`, one row per frame.
[[nodiscard]] io::Table frame_time_table(const JoinedSeries& series);

/// Table `notes`: what the operator wrote, on the frames' clock.
[[nodiscard]] io::Table note_table(const JoinedSeries& series);

/// Table `spectra`: temperature in the middle of every spectrum of a series on the frames' clock.
[[nodiscard]] io::Table spectrum_table(const JoinedSeries& series, const signal::Signal& spectra);

/// Results, checks, assumptions and figures.
void add_timeline(const JoinedSeries& series, StepOutput& out);

}  // namespace hotstage::study::detail
