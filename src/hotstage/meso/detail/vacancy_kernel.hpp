// SPDX-License-Identifier: GPL-3.0-or-later
// Inner loop of implicit diffusion along all columns of a square array at once.

#pragma once

#include <cstddef>

namespace hotstage::meso::detail {

struct ColumnSystem {
  const double* conductance = nullptr;  ///< rows × columns, of the face to the next row; the last row is not used
  double c = 0.0;                       ///< D dt/h²
  std::size_t n = 0;                    ///< rows and columns
  double* inverse = nullptr;            ///< scratch, rows × columns
  double* slack = nullptr;              ///< scratch, columns
};

/// Solves (1 + L) x = d in every column, L the graph Laplacian of c · conductance. Pivots are s + k with s₀ = 1 and
/// s' = 1 + k s/(s + k): no differences, hence no cancellation (Grassmann, Taksar & Heyman 1985,
/// doi:10.1287/opre.33.5.1107).
void solve_columns(double* d, const ColumnSystem& system);

}  // namespace hotstage::meso::detail
