// SPDX-License-Identifier: GPL-3.0-or-later
// Frames meet the holder's log: where their clock stands on the log's, and the temperature of every frame and row.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/core/fields.hpp"
#include "hotstage/heater/heater_log.hpp"
#include "hotstage/heater/lamella.hpp"
#include "hotstage/signal/clock.hpp"
#include "hotstage/signal/timeline.hpp"

#include <array>
#include <string>
#include <vector>

namespace hotstage::heater {

/// What time 0 of the frames is.
enum class ClockZero { ramp, log, wall };

constexpr auto enum_names(ClockZero) {
  return std::array{EnumName<ClockZero>{ClockZero::ramp, "ramp"}, EnumName<ClockZero>{ClockZero::log, "log"},
                    EnumName<ClockZero>{ClockZero::wall, "wall"}};
}

/// time of the log = time of the frames + offset_s.
struct ClockJoin {
  Estimate offset_s;
  std::string how;
};

/// `ramp`: frames count from the start of the log's ramp; `log`: from its first row; `wall`: by date and time of day.
///
/// `first_frame` is the reading of a clock at the start of frame 0 (signal::acquisition_clock), used by `wall` only.
/// Where either side has no date the nearer day counts; dates such as 03/04/2021 are read in the order that brings the
/// frames into the log. `mounting` adds its clock offset and σ. Throws Error{refused} naming what is missing: a ramp,
/// the wall clock of the log, the date of the frames.
[[nodiscard]] ClockJoin join_clocks(const HeaterLog& log, const signal::Timeline& timeline,
                                    const std::string& first_frame, ClockZero zero, const Mounting& mounting);

/// Linear between rows. `log_s` must lie within the log.
[[nodiscard]] double temperature_in(const HeaterLog& log, double log_s);

/// Standard uncertainty of one reading in K: noise of the rows (reading_noise) and the step in which they are written.
[[nodiscard]] double reading_sigma(const HeaterLog& log);

/// How a frame sees its time: row after row, or all rows together (camera).
enum class FrameExposure { rows, whole };

constexpr auto enum_names(FrameExposure) {
  return std::array{EnumName<FrameExposure>{FrameExposure::rows, "rows"},
                    EnumName<FrameExposure>{FrameExposure::whole, "whole"}};
}

enum class LogCover { inside, gap, outside };

/// Chip readings, not the lamella's temperature.
struct FrameTemperature {
  LogCover cover = LogCover::outside;  ///< outside: the log has no row before or after; all numbers are then 0
  double begin_s = 0.0;                ///< start of the frame on the log's clock
  double first_degC = 0.0;             ///< middle of the first row; start of the exposure when all rows go together
  double middle_degC = 0.0;            ///< middle of the frame
  double last_degC = 0.0;              ///< middle of the last row; end of the exposure
  double rate_K_per_s = 0.0;           ///< least squares over the frame or three rows of the log, whichever is longer
  TemperatureBudget budget;            ///< of the middle: log, clock and, for a camera, what happened in the frame
};

/// Per frame. A gap of the log (heater::gaps) is crossed by a straight line, with a uniform distribution between the
/// readings on both sides as its σ.
[[nodiscard]] std::vector<FrameTemperature> frame_temperatures(const HeaterLog& log, const signal::Timeline& timeline,
                                                               const ClockJoin& join, FrameExposure exposure,
                                                               const Mounting& mounting);

/// Of one row, at its middle, in °C. Nothing outside the log.
[[nodiscard]] std::optional<double> row_temperature(const HeaterLog& log, const signal::Timeline& timeline,
                                                    const ClockJoin& join, std::size_t frame, std::size_t row);

}  // namespace hotstage::heater
