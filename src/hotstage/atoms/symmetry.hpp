// SPDX-License-Identifier: GPL-3.0-or-later
// Space group of a structure, its operations, equivalent atoms and standard cells (spglib,
// doi:10.1080/27660400.2024.2384822).

#pragma once

#include "hotstage/atoms/cell.hpp"
#include "hotstage/atoms/structure.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace hotstage::atoms {

/// Fractional place x becomes rotation·x + translation.
struct Operation {
  IntCell rotation{};
  Vector translation{};
};

struct Symmetry {
  int number = 1;             ///< 1…230
  std::string international;  ///< "R-3m"
  std::string point_group;
  int hall_number = 1;
  std::vector<Operation> operations;
  std::vector<std::size_t> representative;  ///< per atom: the first atom it is equivalent to
  std::vector<std::string> wyckoff;         ///< per atom, letter of the Wyckoff position
};

/// Whether starting moments tell atoms of one element apart.
enum class Moments { ignored, distinguish };

/// Places may be off by `tolerance_A`. Throws Error{refused} when spglib finds no group (atoms on top of each other,
/// tolerance larger than a bond).
[[nodiscard]] Symmetry find_symmetry(const Structure& structure, double tolerance_A = 0.01,
                                     Moments moments = Moments::ignored);

/// One atom of each set of equivalent atoms, in order of their numbers.
[[nodiscard]] std::vector<std::size_t> distinct_atoms(const Symmetry& symmetry);

/// Cell of the International Tables (idealised, in standard orientation). Moments and flags do not survive: they are no
/// part of the group.
[[nodiscard]] Structure standard_cell(const Structure& structure, double tolerance_A = 0.01);

/// Place of every atom after an operation: result[i] is the atom that atom i lands on. Throws Bug when the operation is
/// none of the structure's.
[[nodiscard]] std::vector<std::size_t> permutation(const Structure& structure, const Operation& operation,
                                                   double tolerance_A = 0.05);

}  // namespace hotstage::atoms
