// SPDX-License-Identifier: GPL-3.0-or-later
// The drift-corrected average of a series with what it is worth: variance, number averaged, noise gained.

#pragma once

#include "hotstage/series/frame_warp.hpp"
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
  /// Of a pixel's variance the interpolation leaves this much, mean of frames and pixels; the rest is covariance with
  /// its neighbours. The sum over an area keeps its noise: the mean of N pixels has σ/√(N kept), σ of a pixel.
  double kept = 1.0;
  double along_y = 0.0;  ///< correlation of the noise of a pixel with that of its neighbour in the next row
  double along_x = 0.0;  ///< and in the next column

  /// What averaging gained; √frames where noise of frames is independent and they are well registered.
  [[nodiscard]] double reduction() const { return mean_noise > 0.0 ? frame_noise / mean_noise : 0.0; }
};

/// Mean of all usable frames moved back by their drift and distortion (empty: none), noise measured where all of them
/// cover the pixel. One bilinear interpolation, whatever is put right.
///
/// With `rows` every frame is read twice: the shifts of its rows along x are first found against the mean moved to it,
/// shrunk by rms²/(rms² + σ²). Counts as stored. Throws Error{no_space} when seven maps do not fit run.memory,
/// Error{refused} when fewer than two frames are usable, Error{bad_input} for a drift or a distortion of
/// another series.
[[nodiscard]] SeriesAverage average_series(const signal::Signal& series, std::span<const FrameDrift> drift,
                                           std::span<const FrameDistortion> distortion,
                                           const std::optional<RowMotionOptions>& rows, Run& run);

/// Row-to-row jitter of an image without row_motion(): scatter (scaled median deviation) of the phase of its strongest
/// fringe along x from one row to the next, in px, over the half of the rows that show it best; lean taken off.
/// Counting noise is in it: a change says more than the value. 0 when no period between 3 px and a quarter of the row
/// stands out.
[[nodiscard]] double fringe_jitter_px(View<const float, 2> image);

}  // namespace hotstage::series
