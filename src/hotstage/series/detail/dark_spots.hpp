// SPDX-License-Identifier: GPL-3.0-or-later
// Voids and cracks: spots darker than the grain around them.

#pragma once

#include "hotstage/series/segment.hpp"

#include <vector>

namespace hotstage::series::detail {

struct DarkImage {
  View<const float, 2> image;
  double noise = 0.0;  ///< relative standard deviation of one pixel
};

/// Brightness that each pixel would have without spots: the mean of its own grain nearby, dark pixels left out.
[[nodiscard]] Buffer<float, 2> grain_level(View<const float, 2> image, View<const std::int32_t, 2> labels,
                                           double radius_px);

/// Finds the spots and sets the labels of their pixels to 0.
[[nodiscard]] std::vector<DarkSpot> find_dark_spots(const DarkImage& image, View<std::int32_t, 2> labels,
                                                    const SegmentOptions& options);

/// The spot that a mask encloses (not 0), measured as those that are found: brightness against that of its grain
/// nearby. `labels` without holes. missing_px may be 0 or less: then there is no place, size or shape but the area.
[[nodiscard]] DarkSpot measure_dark_spot(const DarkImage& image, View<const std::int32_t, 2> labels,
                                         View<const std::uint8_t, 2> mask, const SegmentOptions& options);

}  // namespace hotstage::series::detail
