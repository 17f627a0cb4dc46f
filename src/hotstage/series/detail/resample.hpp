// SPDX-License-Identifier: GPL-3.0-or-later
// Values of an image between its pixels.

#pragma once

#include "hotstage/core/array.hpp"

#include <array>

namespace hotstage::series::detail {

/// Weights of pixels −1, 0, 1, 2 for a place t ∈ [0, 1) after pixel 0 (Catmull–Rom; doi:10.1109/TASSP.1981.1163711).
inline std::array<float, 4> cubic_weights(float t) {
  return {0.5F * t * (-1.0F + t * (2.0F - t)), 1.0F + 0.5F * t * t * (-5.0F + 3.0F * t),
          0.5F * t * (1.0F + t * (4.0F - 3.0F * t)), 0.5F * t * t * (t - 1.0F)};
}

/// Cubic convolution; false where a pixel it needs is outside.
inline bool cubic(View<const float, 2> image, double y, double x, float& value) {
  if (!(y >= 1.0) || !(x >= 1.0) || y >= static_cast<double>(image.extent(0)) - 2.0 ||
      x >= static_cast<double>(image.extent(1)) - 2.0) {
    return false;
  }
  const auto y0 = static_cast<std::size_t>(y), x0 = static_cast<std::size_t>(x);
  const std::array<float, 4> wy = cubic_weights(static_cast<float>(y - static_cast<double>(y0)));
  const std::array<float, 4> wx = cubic_weights(static_cast<float>(x - static_cast<double>(x0)));
  value = 0.0F;
  for (std::size_t j = 0; j < 4; ++j) {
    const float* const p = image.row(y0 + j - 1).data() + x0 - 1;
    value += wy[j] * (wx[0] * p[0] + wx[1] * p[1] + wx[2] * p[2] + wx[3] * p[3]);
  }
  return true;
}

}  // namespace hotstage::series::detail
