// SPDX-License-Identifier: GPL-3.0-or-later
// Thickness trend of a grain: the plane its brightness follows, and whether a plane is enough.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/series/segment.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace hotstage::series {

enum class TrendKind {
  too_small,  ///< fewer than 16 blocks lie inside the grain: nothing is fitted
  flat,       ///< a slope as steep is found in flat grains more often than once in a hundred
  plane,
  curved,  ///< a plane is not enough: bend contour, wedge with steps, …; the slope is that of the best plane
};

[[nodiscard]] std::string_view name(TrendKind kind);

struct GrainTrend {
  int grain = 0;
  TrendKind kind = TrendKind::too_small;
  std::size_t blocks = 0;
  double block_px = 0.0;
  Estimate level;                 ///< electrons per pixel in the middle of the blocks
  Estimate slope_x;               ///< change of brightness along +x over the level, 1/px
  Estimate slope_y;               ///< along +y, rows count downwards
  double covariance = 0.0;        ///< of slope_x and slope_y
  Estimate slope;                 ///< steepest, 1/px; at least 0, so biased upwards by noise where the grain is flat
  Estimate direction_deg;         ///< in which it grows: 0 is +x, 90 is +y (down)
  double counting_sigma_x = 0.0;  ///< part of the σ of slope_x that counting explains
  double counting_sigma_y = 0.0;
  double texture = 0.0;      ///< rms of the blocks about the plane beyond counting, over the level
  double chi2_flat = 0.0;    ///< of both slopes against 0, 2 degrees of freedom
  double p_flat = 1.0;       ///< F distribution with the number of independent blocks
  double chi2_curved = 0.0;  ///< of the three second-order terms against 0
  double p_plane = 1.0;      ///< that they come by chance
  double bend = 0.0;         ///< rms over the grain of the second-order part, over the level
};

/// Fits level · (1 + g·(x − x̄)) to the means of blocks inside every grain by a robust regression (Tukey's biweight).
///
/// Pixels nearer than `margin_px` to another grain, a void, a crack or the rim are left out; labels 0 are spots. The
/// covariance is that of residuals correlated as measured (autocovariance of the blocks up to its first zero), so
/// texture and contours coarser than a block count; σ of counting stands apart. Brightness is thickness only where
/// composition and channelling stay the same. Throws Error{bad_input} when the shapes differ.
[[nodiscard]] std::vector<GrainTrend> grain_trends(const GrainImage& image, View<const std::int32_t, 2> labels,
                                                   double margin_px = 6.0);

}  // namespace hotstage::series
