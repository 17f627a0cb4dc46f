// SPDX-License-Identifier: GPL-3.0-or-later
// A grid of values as a PNG file: 255 colours of a map, one transparent entry for gaps, stored without compression.

#pragma once

#include "hotstage/report/figure.hpp"

#include <array>
#include <cstddef>
#include <vector>

namespace hotstage::report::detail {

inline constexpr std::size_t gap_index = 255;

/// Index of the colour of a value: 0 … 254 between the ends of the range, 255 when it is not finite.
[[nodiscard]] std::size_t colour_index(double value, const std::array<double, 2>& range);

/// The first row of the grid is the first row of the PNG. Both sides of the grid are at least 1.
[[nodiscard]] std::vector<std::byte> png(const Grid& grid, ColourMap map, const std::array<double, 2>& range);

}  // namespace hotstage::report::detail
