// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/image_shrink.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace hotstage::study::detail {

report::Grid block_means(const report::Grid& grid, std::size_t longest) {
  const std::size_t edge = std::max(grid.rows, grid.columns);
  if (longest == 0 || edge <= longest) {
    return grid;
  }
  const std::size_t block = (edge + longest - 1) / longest;
  report::Grid out{.rows = grid.rows / block, .columns = grid.columns / block};
  const auto span = [&](const std::array<double, 2>& all, std::size_t had, std::size_t has) {
    return std::array{all[0], all[0] + (all[1] - all[0]) * static_cast<double>(has * block) / static_cast<double>(had)};
  };
  out.y = span(grid.y, grid.rows, out.rows);
  out.x = span(grid.x, grid.columns, out.columns);
  for (std::size_t y = 0; y < out.rows; ++y) {
    for (std::size_t x = 0; x < out.columns; ++x) {
      double sum = 0.0;
      double n = 0.0;
      for (std::size_t k = 0; k < block * block; ++k) {
        const double value = grid.values[(y * block + k / block) * grid.columns + x * block + k % block];
        sum += std::isfinite(value) ? value : 0.0;
        n += std::isfinite(value) ? 1.0 : 0.0;
      }
      out.values.push_back(n > 0.0 ? sum / n : std::numeric_limits<double>::quiet_NaN());
    }
  }
  return out;
}

}  // namespace hotstage::study::detail
