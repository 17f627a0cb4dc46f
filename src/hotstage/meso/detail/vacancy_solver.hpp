// SPDX-License-Identifier: GPL-3.0-or-later
// Diffusion of oxygen vacancies with fast grain boundaries: implicit, one direction after the other.

#pragma once

#include "hotstage/meso/polycrystal.hpp"

#include <span>
#include <vector>

namespace hotstage::meso::detail {

/// Backward Euler along x, then along y: stable for any step, never negative, first order in time. The elimination uses
/// sums of positive numbers only, so Σ v is kept to rounding however fast the boundaries are.
class VacancySolver {
 public:
  /// `fast` = s δ D_gb/(h D): what the boundary adds to the conductance of a face between two boundary cells. Faces of
  /// voids, cracks and the field's edge are closed; a boundary is crossed like the grain.
  VacancySolver(const Polycrystal& crystal, double fast);

  /// `c` = D dt/h² of the grain.
  void diffuse(std::span<double> v, double c);

 private:
  std::size_t cells_ = 0;
  std::vector<double> right_turned_;  ///< relative conductance of the face to the right, columns as rows
  std::vector<double> down_;          ///< of the face below
  std::vector<double> turned_;
  std::vector<double> inverse_;
  std::vector<double> slack_;
};

}  // namespace hotstage::meso::detail
