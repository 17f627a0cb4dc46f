// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/background_local.hpp"

#include "hotstage/core/error.hpp"

#include <algorithm>

namespace hotstage::eels {

std::vector<Estimate> local_exponents(const PowerLawFitter& fitter, std::span<const WindowMoments> moments,
                                      const ScanShape& shape) {
  HOTSTAGE_EXPECTS(moments.size() == shape.rows * shape.columns && fitter.options().radius >= 0);
  const auto radius = static_cast<std::size_t>(fitter.options().radius);
  std::vector<Estimate> out(moments.size());
  for (std::size_t y = 0; y < shape.rows; ++y) {
    for (std::size_t x = 0; x < shape.columns; ++x) {
      WindowMoments sum;
      double halves = 0.0;
      for (std::size_t v = y - std::min(radius, y); v < std::min(y + radius + 1, shape.rows); ++v) {
        for (std::size_t u = x - std::min(radius, x); u < std::min(x + radius + 1, shape.columns); ++u) {
          const WindowMoments& m = moments[v * shape.columns + u];
          sum.y += m.y;
          sum.yl += m.yl;
          sum.yu += m.yu;
          sum.yuu += m.yuu;
          halves += m.y * m.half;
        }
      }
      // Half widths differ by the shifts alone, by less than a channel.
      sum.half = sum.y > 0.0 ? halves / sum.y : 0.0;
      out[y * shape.columns + x] = fitter.pooled_exponent(sum);
    }
  }
  return out;
}

}  // namespace hotstage::eels
