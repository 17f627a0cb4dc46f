// SPDX-License-Identifier: GPL-3.0-or-later
// Vacancies that symmetry tells apart.

#pragma once

#include "hotstage/atoms/structure.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace hotstage::atoms {

struct Vacancy {
  std::size_t site = 0;          ///< atom of the host that is gone
  std::size_t multiplicity = 1;  ///< equivalent sites in the host's cell
  std::string wyckoff;           ///< letter in the host's group
  std::string neighbours;        ///< what the atom was bonded to, "Li3Co3"
  Vector place_A{};
  Structure structure;
};

/// One vacancy of `element` for each symmetry-distinct site, in order of atom numbers. Starting moments do not tell
/// sites apart. Throws Error{bad_input} when the host has no such atom.
[[nodiscard]] std::vector<Vacancy> vacancies(const Structure& host, const Element& element, double tolerance_A = 0.01);

}  // namespace hotstage::atoms
