// SPDX-License-Identifier: GPL-3.0-or-later
// The cheapest one-to-one assignment (Hungarian method with potentials, O(n³)).

#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace hotstage::atoms::detail {

/// cost is n × n, row by row, finite; result[row] is its column.
[[nodiscard]] std::vector<std::size_t> cheapest_assignment(std::span<const double> cost, std::size_t n);

}  // namespace hotstage::atoms::detail
