// SPDX-License-Identifier: GPL-3.0-or-later
// Vectors and lattices: fractional and Cartesian places, nearest images, reduced cells. Lengths in angstrom.

#pragma once

#include "hotstage/atoms/structure.hpp"

#include <array>

namespace hotstage::atoms {

using IntVector = std::array<int, 3>;
using IntCell = std::array<IntVector, 3>;  ///< rows: new lattice vectors in units of the old ones

[[nodiscard]] Vector add(const Vector& a, const Vector& b);
[[nodiscard]] Vector subtract(const Vector& a, const Vector& b);
[[nodiscard]] Vector scale(const Vector& a, double factor);
[[nodiscard]] double dot(const Vector& a, const Vector& b);
[[nodiscard]] Vector cross(const Vector& a, const Vector& b);
[[nodiscard]] double norm(const Vector& a);

/// The row vector `v` times the rows of `m`: v₀ m₀ + v₁ m₁ + v₂ m₂.
[[nodiscard]] Vector combine(const Vector& v, const Cell& m);

/// Signed volume a₀·(a₁×a₂) in Å³; negative for a left-handed cell.
[[nodiscard]] double volume_A3(const Cell& cell);

/// Lengths (Å) and angles (degrees) a, b, c, α, β, γ.
struct CellParameters {
  double a_A = 0.0;
  double b_A = 0.0;
  double c_A = 0.0;
  double alpha_deg = 90.0;
  double beta_deg = 90.0;
  double gamma_deg = 90.0;
};

[[nodiscard]] CellParameters parameters(const Cell& cell);

/// a along x, b in the xy plane (y > 0), c with z > 0. Throws Error{bad_input} for angles that close no cell.
[[nodiscard]] Cell cell_from(const CellParameters& parameters);

/// A cell that can be inverted. Throws Error{bad_input} for a flat cell.
class Lattice {
 public:
  explicit Lattice(const Cell& cell);

  [[nodiscard]] const Cell& cell() const { return cell_; }

  /// Rows b_i with a_i·b_j = δ_ij (no factor 2π).
  [[nodiscard]] const Cell& reciprocal() const { return reciprocal_; }

  [[nodiscard]] Vector fractional(const Vector& place_A) const;
  [[nodiscard]] Vector cartesian(const Vector& fraction) const;

  /// The shortest vector that differs from `step_A` by lattice vectors along the periodic directions. Exact for any
  /// cell: searches the neighbouring images of the Minkowski-reduced cell.
  [[nodiscard]] Vector nearest_image(const Vector& step_A, const std::array<bool, 3>& periodic) const;

 private:
  Cell cell_{};
  Cell reciprocal_{};
  Cell short_{};  ///< same lattice, reduced; used when all three directions are periodic
  Cell short_reciprocal_{};
  double sure_squared_ = 0.0;  ///< vectors shorter than the root of this have no nearer image
};

/// The same lattice with the shortest three vectors (Minkowski reduced by repeated pair and triple sums), right-handed.
/// Only for cells periodic in all directions.
[[nodiscard]] Cell reduced(const Cell& cell);

}  // namespace hotstage::atoms
