// SPDX-License-Identifier: GPL-3.0-or-later
// Straight line through the reference of a line scan, and a running mean along it.

#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace hotstage::eels::detail {

/// Value against position number.
struct Trend {
  double level = 0.0;
  double slope = 0.0;

  [[nodiscard]] double at(std::size_t i) const { return level + slope * static_cast<double>(i); }
};

/// Through `values` at the positions `where` (not empty) of a scan of `scan` positions; level only when they span less
/// than half of it.
[[nodiscard]] Trend trend(std::span<const std::size_t> where, std::span<const double> values, std::size_t scan);

/// Of three positions, two at the ends.
[[nodiscard]] std::vector<double> running_mean(std::span<const double> values);

}  // namespace hotstage::eels::detail
