// SPDX-License-Identifier: GPL-3.0-or-later
// Coarse drift: binned frames, bounded correlation with a running anchor.

#pragma once

#include "hotstage/core/array.hpp"
#include "hotstage/core/run.hpp"

#include <array>
#include <span>
#include <vector>

namespace hotstage::series::detail {

struct CoarsePosition {
  double dy = 0.0;  ///< px of the images given
  double dx = 0.0;
  double correlation = 0.0;
  bool found = true;
};

/// Mean over factor × factor pixels; rest rows and columns are dropped.
[[nodiscard]] Buffer<float, 2> bin(View<const float, 2> image, std::size_t factor);

/// Cuts rows × columns (the window's lengths) out of an image at an integer origin, takes the weighted mean off and
/// applies the window. Pixels beyond the image repeat its edge.
[[nodiscard]] Buffer<float, 2> windowed(View<const float, 2> image, std::array<long, 2> origin,
                                        std::span<const float> window_y, std::span<const float> window_x);

/// A rectangle that follows the specimen: origin of frame i is base + round(position).
struct Field {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<std::array<long, 2>> offset;  ///< rounded position per frame
  std::array<long, 2> base{};
  std::vector<char> clipped;  ///< the rectangle leaves the frame
};

/// The largest rectangle that stays inside all frames, at least half of them; sizes transform fast.
[[nodiscard]] Field common_field(std::span<const CoarsePosition> positions, std::size_t rows, std::size_t columns);

/// Position of every image against the first; shifts of more than `search` (fraction of the field) from one image to
/// the next are not looked for.
[[nodiscard]] std::vector<CoarsePosition> coarse_positions(std::span<const Buffer<float, 2>> images, double taper,
                                                           double search, Run& run);

}  // namespace hotstage::series::detail
