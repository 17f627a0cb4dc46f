// SPDX-License-Identifier: GPL-3.0-or-later
// When the rows of a frame series were recorded.

#pragma once

#include "hotstage/signal/signal.hpp"

#include <cstddef>
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

/// From the time axis and the exposure of a frame series {time | y, x}. Throws Error{bad_input} when the series has no
/// time axis in seconds or no exposure, saying what to add.
[[nodiscard]] Timeline timeline_of(const Signal& frames);

}  // namespace hotstage::signal
