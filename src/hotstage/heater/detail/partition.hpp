// SPDX-License-Identifier: GPL-3.0-or-later
// Optimal partitioning of a series into straight pieces.

#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace hotstage::heater::detail {

struct PartitionOptions {
  double sigma = 1.0;        ///< of one value
  double penalty = 20.0;     ///< cost of a piece, in units of χ²
  std::size_t shortest = 4;  ///< values of a piece
};

/// First indices of the pieces that minimise Σ χ² of their own lines + penalty × pieces; the first is 0.
[[nodiscard]] std::vector<std::size_t> straight_pieces(std::span<const double> x, std::span<const double> y,
                                                       const PartitionOptions& options);

/// A straight line through values [first, last).
struct Line {
  double slope = 0.0;
  double at_zero = 0.0;  ///< relative to x_mean: value at x_mean
  double x_mean = 0.0;

  [[nodiscard]] double at(double x) const { return at_zero + slope * (x - x_mean); }
};

[[nodiscard]] Line fit_line(std::span<const double> x, std::span<const double> y);

}  // namespace hotstage::heater::detail
