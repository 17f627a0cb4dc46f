// SPDX-License-Identifier: GPL-3.0-or-later
// Atoms in a cell. Lengths in angstrom, as every file format and engine of the field has them.

#pragma once

#include "hotstage/atoms/element.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace hotstage::atoms {

using Vector = std::array<double, 3>;
using Cell = std::array<Vector, 3>;  ///< rows are the lattice vectors

struct Structure {
  Cell cell_A{};
  std::array<bool, 3> periodic{true, true, true};
  std::vector<Element> elements;    ///< one per atom
  std::vector<Vector> positions_A;  ///< Cartesian, one per atom
  std::vector<double> moments_muB;  ///< starting magnetic moments, one per atom; empty: none given
  std::vector<char> fixed;          ///< 1: must not move; empty: all free
  std::string comment;

  [[nodiscard]] std::size_t size() const { return elements.size(); }
};

}  // namespace hotstage::atoms
