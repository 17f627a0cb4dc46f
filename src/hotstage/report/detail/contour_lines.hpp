// SPDX-License-Identifier: GPL-3.0-or-later
// Iso-lines of a grid by marching squares.

#pragma once

#include "hotstage/report/figure.hpp"

#include <array>
#include <vector>

namespace hotstage::report::detail {

/// Ends of a straight piece in the units of the axes: x0, y0, x1, y1.
using Segment = std::array<double, 4>;

/// Pieces of the line where linear interpolation between cell centres equals `level`; cells with a gap have none.
[[nodiscard]] std::vector<Segment> contour_lines(const Grid& grid, double level);

/// Centre of a column or row.
[[nodiscard]] double column_centre(const Grid& grid, std::size_t column);
[[nodiscard]] double row_centre(const Grid& grid, std::size_t row);

}  // namespace hotstage::report::detail
