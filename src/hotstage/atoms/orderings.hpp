// SPDX-License-Identifier: GPL-3.0-or-later
// Which sites of an element are left empty: every choice that symmetry tells apart, in a given supercell.

#pragma once

#include "hotstage/atoms/structure.hpp"

#include <cstddef>
#include <vector>

namespace hotstage::atoms {

struct Ordering {
  std::vector<std::size_t> removed;  ///< atoms of the host that are gone, ascending
  std::size_t multiplicity = 1;      ///< choices that symmetry turns into this one
  int close_pairs = 0;               ///< pairs of remaining atoms at the host's shortest distance of that element
  Structure structure;
};

struct OrderingOptions {
  Element element;
  std::size_t remove = 0;
  double tolerance_A = 0.01;
};

/// All symmetry-distinct ways to remove `remove` atoms, fewest close pairs first (what repelling ions prefer), then in
/// order of atom numbers. The host is a supercell with all its sites filled; its moments are ignored. Throws
/// Error{refused} beyond 2 million choices, 64 sites or when more is removed than there is.
[[nodiscard]] std::vector<Ordering> orderings(const Structure& host, const OrderingOptions& options);

/// LixCoO2 with x as close to `x` as the host allows: `remove` for `orderings`.
[[nodiscard]] std::size_t lithium_to_remove(const Structure& host, double x);

}  // namespace hotstage::atoms
