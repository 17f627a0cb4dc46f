// SPDX-License-Identifier: GPL-3.0-or-later
// Flooding of a gradient image from markers, and merging of regions by the contrast across their common boundary.

#pragma once

#include "hotstage/core/array.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace hotstage::series::detail {

/// Gives every unmarked pixel (0) to the marker that reaches it over the lowest pass (priority flood,
/// doi:10.1016/j.cageo.2013.04.024). Ties are broken by the order of arrival: the result is reproducible.
void flood(View<const float, 2> height, View<std::int32_t, 2> markers);

/// Steps of brightness across a boundary between two regions, relative, brighter on the side of the larger label
/// positive; summed in tiles of some 16 px.
struct Sides {
  struct Tile {
    double sum = 0.0;      ///< of the steps
    double pixels = 0.0;   ///< places that could be measured
    double inverse = 0.0;  ///< Σ 1/brightness: counting makes the variance of a relative step grow with it
  };

  std::map<std::pair<long, long>, Tile> tiles;

  /// Rms over the tiles of the mean step, with what noise gives taken off: a boundary across which the contrast changes
  /// its sign, as bend contours make it, still has one. `step_noise` is the variance times brightness of one step.
  [[nodiscard]] double contrast(double step_noise) const;
  /// Contrast over what is needed for two regions to be two; negative when too few places could be measured to tell.
  [[nodiscard]] double distinctness(double step_noise, double min_contrast) const;
};

using SidesOf = std::map<std::pair<int, int>, Sides>;  ///< key: (smaller, larger) label

/// Measures the step at every place of every boundary: brightness on each side is extrapolated to the boundary by a
/// straight line, so that a smooth ramp has none.
[[nodiscard]] SidesOf look_at_sides(View<const float, 2> image, View<const std::int32_t, 2> labels);

/// Variance times brightness of such a step where there is no boundary: from places inside regions, robust.
[[nodiscard]] double step_noise(View<const float, 2> image, View<const std::int32_t, 2> labels);

struct MergeRule {
  double min_contrast = 0.03;
  double min_area_px = 100.0;
};

/// Joins regions, least contrast first, then small ones to the neighbour most alike; labels become 1 … n.
void merge_regions(View<const float, 2> image, View<std::int32_t, 2> labels, const MergeRule& rule);

}  // namespace hotstage::series::detail
