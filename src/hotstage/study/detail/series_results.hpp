// SPDX-License-Identifier: GPL-3.0-or-later
// What series.track says: results, tables, record and checks out of the module's structs; temperatures from a log.

#pragma once

#include "hotstage/heater/format.hpp"
#include "hotstage/heater/lamella.hpp"
#include "hotstage/series/events.hpp"
#include "hotstage/series/paper_sampling.hpp"
#include "hotstage/series/sites.hpp"
#include "hotstage/study/detail/series_pages.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace hotstage::study::detail {

/// A heater log on the microscope's clock (0: start of the ramp), and what it does not know.
struct LogReading {
  series::TemperatureLog log;
  double log_sigma_K = 0.0;
  double clock_sigma_s = 0.0;
  double lamella_sigma_K = 0.0;  ///< chip, weld and position in quadrature
  double shift_s = 0.0;          ///< holder's clock minus microscope's
};

/// Throws Error{refused} when the log shows no ramp.
[[nodiscard]] LogReading read_temperatures(const std::filesystem::path& file, const heater::Mounting& mounting,
                                           const heater::ColumnMap& columns);

/// Of the input `timeline` (series.timeline), else of the frames. Throws Error{bad_input} for another number of frames.
[[nodiscard]] signal::Timeline read_timeline(const StepInputs& inputs, const signal::Signal& frames);

/// Puts the log on the clock of the input `timeline`; leaves it where it is when that is not bound.
void join_clock(const StepInputs& inputs, LogReading& log);

/// Frames within a time, at least six: fewer do not hold a parabola and a step.
[[nodiscard]] int window_frames(const signal::Timeline& timeline, Time window);

struct Tracking {
  const signal::Signal& frames;
  const SeriesState& state;
  const series::BlockGrid& grid;
  const series::ChangeMap& changes;
  const series::EventInput& events;
  std::vector<series::BlockOnset> map{};
  std::vector<series::GrainOnset> grains{};
  std::vector<series::Crossing> crossings{};
  std::vector<double> frame_degC{};
  series::PaperReading paper{};
  series::SiteTest sites{};
};

/// Change of temperature from frame to frame that nine of ten steps do not exceed: a hold at the end hides no ramp.
[[nodiscard]] double temperature_step_K(const Tracking& tracking);

/// More than 10 K from frame to frame: changes cannot be told from bend contours, nothing is dated.
[[nodiscard]] bool too_coarse(const Tracking& tracking);

/// Results, tables, onset signal, record, checks and assumptions.
void add_tracking(const Tracking& tracking, StepOutput& out);

}  // namespace hotstage::study::detail
