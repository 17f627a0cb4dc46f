// SPDX-License-Identifier: GPL-3.0-or-later
// Inner loops of the transformation front, one row at a time.

#pragma once

#include <cstddef>

namespace hotstage::meso::detail {

/// Exact logistic growth over a step, η' = η e^g/(1 + η (e^g − 1)) with g = growth · factor[i]. e^g − 1 by its series
/// to g⁴: error below 1e-7 for g ≤ 0.1.
void react_row(double* eta, const double* factor, double growth, std::size_t n);

/// Weights of the four faces of each cell: 1 open, 0 closed. A closed face multiplies whatever lies beyond by zero.
struct FaceRow {
  const double* left = nullptr;
  const double* right = nullptr;
  const double* up = nullptr;
  const double* down = nullptr;
};

/// out = η + r Σ face (neighbour − η); `eta` has a readable row above and below and a cell before and after.
void diffuse_row(double* out, const double* eta, const FaceRow& face, double r, std::size_t n);

}  // namespace hotstage::meso::detail
