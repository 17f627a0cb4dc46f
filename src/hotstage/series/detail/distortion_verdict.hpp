// SPDX-License-Identifier: GPL-3.0-or-later
// From fits of single frames to what a series says about its distortion.

#pragma once

#include "hotstage/series/detail/tile_fit.hpp"
#include "hotstage/series/frame_affine.hpp"

#include <vector>

namespace hotstage::series::detail {

struct FittedFrames {
  const DistortionModel& model;
  const std::vector<FrameDistortion>& found;
  const std::vector<std::vector<double>>& knots;  ///< coefficients, px
  const std::vector<ModelFit>& fits;              ///< last increments, with covariances
  const std::vector<std::vector<TileFit>>& tiles;
};

/// Writes the spline of these coefficients as values at knots; removes it when all are zero.
void put_knots(const DistortionModel& model, const std::vector<double>& coefficients, FrameDistortion& to);

/// χ² of the spline's coefficients about their mean over the frames, σ widened by the dispersion of the tiles.
void judge_knots(const DistortionModel& model, const std::vector<ModelFit>& fits,
                 const std::vector<std::vector<TileFit>>& tiles, SeriesDistortion& out);

/// Where frames are put for the mean they are compared with: spline coefficients weighed by how much they vary from
/// frame to frame against their σ, the rest as found.
[[nodiscard]] std::vector<FrameDistortion> placed_frames(const FittedFrames& frames);

/// σ, verdicts, what is to be applied, residual vectors.
void conclude(const FittedFrames& frames, SeriesDistortion& out);

}  // namespace hotstage::series::detail
