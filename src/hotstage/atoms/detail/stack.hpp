// SPDX-License-Identifier: GPL-3.0-or-later
// A bulk crystal seen along the normal of a lattice plane, and whole periods of it piled up.

#pragma once

#include "hotstage/atoms/cell.hpp"
#include "hotstage/atoms/structure.hpp"

#include <cstddef>
#include <vector>

namespace hotstage::atoms::detail {

/// The primitive bulk: two vectors in the plane, one that climbs by one period.
struct Stack {
  Structure bulk;  ///< primitive
  Vector normal{};
  Vector u{};      ///< shortest in the plane
  Vector v{};      ///< next; u × v points along the normal
  Vector climb{};  ///< shortest that reaches the next plane
  double area_A2 = 0.0;
  double period_A = 0.0;
};

/// `miller` counts in the cell of `bulk` as it is given.
[[nodiscard]] Stack stack_along(const Structure& bulk, const IntVector& miller);

/// Heights in the middle of the gaps between planes, in [0, period). Atoms closer than `tolerance_A` along the normal
/// are one plane. At least one cut: the widest gap.
[[nodiscard]] std::vector<double> cut_heights(const Stack& stack, double tolerance_A);

struct Pile {
  Structure structure;
  std::vector<std::size_t> origin;  ///< per atom: its number in the primitive bulk
};

/// Whole periods above `cut` (atoms are lifted to the cut before anything is wrapped), the normal turned to z, u to x,
/// centred in the vacuum.
[[nodiscard]] Pile piled(const Stack& stack, double cut, int periods, double vacuum_A);

}  // namespace hotstage::atoms::detail
