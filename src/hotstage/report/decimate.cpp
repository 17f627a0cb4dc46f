// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/report/figure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::report {

namespace {

constexpr std::size_t longest_line = 20'000;
constexpr std::size_t largest_image = 1'000'000;

/// Start of interval i of n items cut into `count` nearly equal intervals.
std::size_t cut(std::size_t i, std::size_t n, std::size_t count) {
  return i * n / count;
}

/// First gap, lowest and highest point of the interval, in the order of the line.
std::vector<std::size_t> extremes(const std::vector<double>& y, std::size_t first, std::size_t last) {
  std::size_t low = last;
  std::size_t high = last;
  std::size_t gap = last;
  for (std::size_t i = first; i < last; ++i) {
    if (!std::isfinite(y[i])) {
      gap = std::min(gap, i);
    } else {
      low = low == last || y[i] < y[low] ? i : low;
      high = high == last || y[i] > y[high] ? i : high;
    }
  }
  std::vector<std::size_t> kept;
  for (const std::size_t i : {low, high, gap}) {
    if (i != last) {
      kept.push_back(i);
    }
  }
  std::ranges::sort(kept);
  kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
  return kept;
}

std::string decimate_line(Line& line) {
  const std::size_t n = line.x.size();
  if (n <= longest_line) {
    return {};
  }
  constexpr std::size_t intervals = longest_line / 2 - 1;
  std::vector<std::size_t> kept{0};
  for (std::size_t i = 0; i < intervals; ++i) {
    for (const std::size_t index : extremes(line.y, cut(i, n, intervals), cut(i + 1, n, intervals))) {
      if (index != kept.back()) {
        kept.push_back(index);
      }
    }
  }
  if (kept.back() != n - 1) {
    kept.push_back(n - 1);
  }
  for (std::vector<double>* values : {&line.x, &line.y, &line.sigma}) {
    if (!values->empty()) {
      std::vector<double> thinned;
      thinned.reserve(kept.size());
      for (const std::size_t index : kept) {
        thinned.push_back((*values)[index]);
      }
      *values = std::move(thinned);
    }
  }
  return fmt::format("{}: {} points, drawn as the extremes of {} intervals.", line.name.empty() ? "Line" : line.name, n,
                     intervals);
}

/// Mean of the finite values of a block, a gap when there is none.
double block_mean(const Grid& grid, std::array<std::size_t, 2> rows, std::array<std::size_t, 2> columns) {
  double sum = 0.0;
  std::size_t count = 0;
  for (std::size_t row = rows[0]; row < rows[1]; ++row) {
    for (std::size_t column = columns[0]; column < columns[1]; ++column) {
      const double value = grid.values[row * grid.columns + column];
      if (std::isfinite(value)) {
        sum += value;
        ++count;
      }
    }
  }
  return count > 0 ? sum / static_cast<double>(count) : std::nan("");
}

std::string decimate_grid(Grid& grid, const std::string& name) {
  if (grid.values.size() <= largest_image) {
    return {};
  }
  const double shrink = std::sqrt(static_cast<double>(grid.values.size()) / static_cast<double>(largest_image));
  const auto shorter = [shrink](std::size_t n) {
    return std::max<std::size_t>(1, static_cast<std::size_t>(std::floor(static_cast<double>(n) / shrink)));
  };
  Grid small{.rows = shorter(grid.rows), .columns = shorter(grid.columns), .values = {}, .x = grid.x, .y = grid.y};
  if (small.rows * small.columns > largest_image) {  // one side was shorter than the shrink factor
    (small.rows == 1 ? small.columns : small.rows) = largest_image;
  }
  small.values.reserve(small.rows * small.columns);
  for (std::size_t row = 0; row < small.rows; ++row) {
    for (std::size_t column = 0; column < small.columns; ++column) {
      small.values.push_back(
          block_mean(grid, {cut(row, grid.rows, small.rows), cut(row + 1, grid.rows, small.rows)},
                     {cut(column, grid.columns, small.columns), cut(column + 1, grid.columns, small.columns)}));
    }
  }
  std::string note = fmt::format("{}: {} × {} pixels, drawn as means on {} × {}.", name.empty() ? "Image" : name,
                                 grid.columns, grid.rows, small.columns, small.rows);
  grid = std::move(small);
  return note;
}

struct Decimate {
  std::string operator()(Line& line) const { return decimate_line(line); }

  std::string operator()(Image& image) const { return decimate_grid(image.grid, image.name); }

  std::string operator()(Contour& contour) const { return decimate_grid(contour.grid, contour.name); }

  template <class M>
  std::string operator()(M&) const {
    return {};
  }
};

}  // namespace

Figure decimate(Figure figure) {
  for (Panel& panel : figure.panels) {
    for (Mark& mark : panel.marks) {
      if (std::string note = std::visit(Decimate{}, mark); !note.empty()) {
        figure.notes.push_back(std::move(note));
      }
    }
  }
  return figure;
}

}  // namespace hotstage::report
