// SPDX-License-Identifier: GPL-3.0-or-later
// When the rows of a frame series were recorded, and where its clock has holes.

#pragma once

#include "hotstage/core/fields.hpp"
#include "hotstage/signal/signal.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hotstage::signal {

/// Seconds on the microscope's clock. A scanned frame is not an instant: at 2 K/s a frame of 2 s spans 4 K.
struct Timeline {
  std::vector<double> frame_start_s;
  double row_s = 0.0;  ///< first pixel of a row to first pixel of the next, flyback included
  std::size_t rows = 0;

  [[nodiscard]] double row_start_s(std::size_t frame, std::size_t row) const {
    return frame_start_s[frame] + static_cast<double>(row) * row_s;
  }

  [[nodiscard]] double frame_middle_s(std::size_t frame) const {
    return frame_start_s[frame] + 0.5 * static_cast<double>(rows) * row_s;
  }
};

/// Starts of the items of any series in time (frames, spectra) in seconds. Throws Error{bad_input} when there is no
/// single time axis or it runs backwards.
[[nodiscard]] std::vector<double> item_starts_s(const Signal& series);

/// From the time axis and the exposure of a frame series {time | y, x}. Throws Error{bad_input} when the series has no
/// time axis in seconds or no exposure, saying what to add.
[[nodiscard]] Timeline timeline_of(const Signal& frames);

/// How a scan spends its time, when the file does not say or says it wrongly.
struct ScanTiming {
  std::optional<Time> dwell;    ///< per pixel
  std::optional<Time> flyback;  ///< after every row

  template <class V>
  void fields(V& v) {
    v("dwell", dwell, {.help = "time per pixel; rows then take columns × dwell + flyback", .unit = "us", .min = 0.0});
    v("flyback", flyback, {.help = "time after every row before the next begins", .unit = "us", .min = 0.0});
  }
};

/// As timeline_of; rows take columns × dwell + flyback where the dwell is given. Throws Error{bad_input} for a flyback
/// without a dwell.
[[nodiscard]] Timeline timeline_of(const Signal& frames, const ScanTiming& scan);

/// What is odd about the time between a frame and the one before it; bits.
enum IntervalFlag : std::uint32_t {
  interval_missing = 1,  ///< a whole number of frame periods went by: frames were not saved
  interval_pause = 2,    ///< longer than the period and no multiple of it: the operator waited
  interval_overlap = 4   ///< shorter than a frame takes: the clock was set back, or the exposure is wrong
};

/// "missing frames, overlap"; empty without flags.
[[nodiscard]] std::string interval_text(std::uint32_t flags);

struct FrameInterval {
  double since_last_s = 0.0;  ///< start to start; 0 for the first frame
  double gap_s = 0.0;         ///< end of the last frame to the start of this one; negative when they overlap
  double missing = 0.0;       ///< frames of the usual period that fit in between
  std::uint32_t flags = 0;
};

/// Per frame. The usual period is the median of the intervals; longer than 1.5 periods is flagged, and counts as
/// missing frames when it is within a tenth of a period of a multiple.
[[nodiscard]] std::vector<FrameInterval> intervals_of(const Timeline& timeline);

/// The step in which an instrument's clock counted, from the starts themselves: the largest of 1, 0.1, 0.01, 0.001 s
/// that divides all of them. Nothing for frames at equal distances, which no clock stamped one by one.
[[nodiscard]] std::optional<double> clock_step_s(const Timeline& timeline);

}  // namespace hotstage::signal
