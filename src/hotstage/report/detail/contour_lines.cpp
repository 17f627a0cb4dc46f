// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/report/detail/contour_lines.hpp"

#include <cmath>
#include <cstddef>

namespace hotstage::report::detail {

namespace {

struct Corner {
  double x;
  double y;
  double value;
};

using Cell = std::array<Corner, 4>;  // around the cell

/// Where the level crosses the edge from corner i to the next.
std::array<double, 2> crossing(const Cell& cell, std::size_t i, double level) {
  const Corner& a = cell[i];
  const Corner& b = cell[(i + 1) % 4];
  const double t = (level - a.value) / (b.value - a.value);
  return {a.x + t * (b.x - a.x), a.y + t * (b.y - a.y)};
}

void append_cell(std::vector<Segment>& out, const Cell& cell, double level) {
  std::array<std::array<double, 2>, 4> points{};
  std::size_t count = 0;
  double mean = 0.0;
  for (std::size_t i = 0; i < 4; ++i) {
    mean += 0.25 * cell[i].value;
    if ((cell[i].value > level) != (cell[(i + 1) % 4].value > level)) {
      points[count++] = crossing(cell, i, level);
    }
  }
  const auto join = [&](std::size_t a, std::size_t b) {
    out.push_back({points[a][0], points[a][1], points[b][0], points[b][1]});
  };
  if (count == 2) {
    join(0, 1);
  } else if (count == 4) {  // saddle: the centre decides which corners belong together
    const bool first_with_centre = (mean > level) == (cell[0].value > level);
    join(0, first_with_centre ? 1 : 3);
    join(2, first_with_centre ? 3 : 1);
  }
}

}  // namespace

double column_centre(const Grid& grid, std::size_t column) {
  return grid.x[0] + (static_cast<double>(column) + 0.5) / static_cast<double>(grid.columns) * (grid.x[1] - grid.x[0]);
}

double row_centre(const Grid& grid, std::size_t row) {
  return grid.y[0] + (static_cast<double>(row) + 0.5) / static_cast<double>(grid.rows) * (grid.y[1] - grid.y[0]);
}

std::vector<Segment> contour_lines(const Grid& grid, double level) {
  std::vector<Segment> out;
  const auto corner = [&grid](std::size_t row, std::size_t column) {
    return Corner{column_centre(grid, column), row_centre(grid, row), grid.values[row * grid.columns + column]};
  };
  for (std::size_t row = 0; row + 1 < grid.rows; ++row) {
    for (std::size_t column = 0; column + 1 < grid.columns; ++column) {
      const Cell cell{corner(row, column), corner(row, column + 1), corner(row + 1, column + 1),
                      corner(row + 1, column)};
      bool whole = true;
      for (const Corner& c : cell) {
        whole = whole && std::isfinite(c.value);
      }
      if (whole) {
        append_cell(out, cell, level);
      }
    }
  }
  return out;
}

}  // namespace hotstage::report::detail
