// SPDX-License-Identifier: GPL-3.0-or-later
// Neighbours within a distance, periodic images included, and coordination numbers.

#pragma once

#include "hotstage/atoms/cell.hpp"
#include "hotstage/atoms/structure.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace hotstage::atoms {

struct Neighbour {
  std::size_t from = 0;
  std::size_t to = 0;
  IntVector image{};  ///< lattice vectors added to the place of `to`
  Vector step_A{};    ///< from `from` to that image
  double distance_A = 0.0;
};

/// Every ordered pair closer than `cutoff_A` (an atom and its own images too, but not with itself), sorted by `from`,
/// then distance. Cost grows with the number of atoms, not with its square (cell list). Atoms need not be wrapped.
/// Throws Error{bad_input} for a cutoff that is not positive, Error{no_space} for more than 1e8 expected pairs.
[[nodiscard]] std::vector<Neighbour> neighbours(const Structure& structure, double cutoff_A);

struct Pair {
  Element centre;
  Element ligand;
  double cutoff_A = 0.0;
};

/// For every atom: the number of `ligand` within the cutoff if it is a `centre`, else 0.
[[nodiscard]] std::vector<int> coordination(const Structure& structure, const Pair& pair);

}  // namespace hotstage::atoms
