// SPDX-License-Identifier: GPL-3.0-or-later
// The drift-corrected average of a series with what it is worth: variance, number averaged, noise gained.

#pragma once

#include "hotstage/series/registration.hpp"
#include "hotstage/series/row_motion.hpp"

#include <optional>
#include <span>
#include <vector>

namespace hotstage::series {

struct SeriesAverage {
  MeanImage image;
  std::size_t frames = 0;          ///< in the mean
  double frame_noise = 0.0;        ///< counts: rms difference of frames that follow each other, moved back, over √2
  double mean_noise = 0.0;         ///< counts: from the difference between the means of even and odd frames
  std::vector<double> row_rms_px;  ///< row jitter found in every frame with `rows`; 0 where none was found

  /// What averaging gained; √frames where noise of frames is independent and they are well registered.
  [[nodiscard]] double reduction() const { return mean_noise > 0.0 ? frame_noise / mean_noise : 0.0; }
};

/// Mean of all usable frames moved back by their drift (bilinear), noise measured where all of them cover the pixel.
///
/// With `rows` every frame is read twice: its rows are first put right along x against the mean moved to it, shifts
/// shrunk by rms²/(rms² + σ²). Counts as stored. Throws Error{no_space} when seven maps do not fit run.memory,
/// Error{refused} when fewer than two frames are usable, Error{bad_input} for a drift of another series.
[[nodiscard]] SeriesAverage average_series(const signal::Signal& series, std::span<const FrameDrift> drift,
                                           const std::optional<RowMotionOptions>& rows, Run& run);

/// Row-to-row jitter of an image without row_motion(): scatter (scaled median deviation) of the phase of its strongest
/// fringe along x from one row to the next, in px, over the half of the rows that show it best; lean taken off.
/// Counting noise is in it: a change says more than the value. 0 when no period between 3 px and a quarter of the row
/// stands out.
[[nodiscard]] double fringe_jitter_px(View<const float, 2> image);

}  // namespace hotstage::series
