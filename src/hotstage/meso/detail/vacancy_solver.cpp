// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/meso/detail/vacancy_solver.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/meso/detail/vacancy_kernel.hpp"

#include <algorithm>

namespace hotstage::meso::detail {

namespace {

/// In blocks that stay in the cache.
void turn(const double* from, double* to, std::size_t n) {
  constexpr std::size_t block = 16;
  for (std::size_t row = 0; row < n; row += block) {
    for (std::size_t column = 0; column < n; column += block) {
      for (std::size_t r = row; r < std::min(n, row + block); ++r) {
        for (std::size_t c = column; c < std::min(n, column + block); ++c) {
          to[c * n + r] = from[r * n + c];
        }
      }
    }
  }
}

}  // namespace

VacancySolver::VacancySolver(const Polycrystal& crystal, double fast)
    : cells_(crystal.cells),
      right_turned_(crystal.label.size(), 0.0),
      down_(right_turned_),
      turned_(crystal.label.size()),
      inverse_(crystal.label.size()),
      slack_(crystal.cells) {
  std::vector<char> at_boundary(crystal.label.size(), 0);
  for (const BoundaryFace& face : crystal.faces) {
    at_boundary[face.a] = 1;
    at_boundary[face.b] = 1;
  }
  const auto conductance = [&](std::size_t a, std::size_t b) {
    if (crystal.label[a] <= 0 || crystal.label[b] <= 0) {
      return 0.0;
    }
    // Two boundary cells of one grain lie along the boundary; the two sides share its width.
    const bool along = at_boundary[a] != 0 && at_boundary[b] != 0 && crystal.label[a] == crystal.label[b];
    return along ? 1.0 + 0.5 * fast : 1.0;
  };
  for (std::size_t cell = 0; cell < crystal.label.size(); ++cell) {
    const std::size_t row = cell / cells_;
    const std::size_t column = cell % cells_;
    if (column + 1 < cells_) {
      right_turned_[column * cells_ + row] = conductance(cell, cell + 1);
    }
    if (row + 1 < cells_) {
      down_[cell] = conductance(cell, cell + cells_);
    }
  }
}

void VacancySolver::diffuse(std::span<double> v, double c) {
  HOTSTAGE_EXPECTS(v.size() == cells_ * cells_);
  turn(v.data(), turned_.data(), cells_);
  solve_columns(turned_.data(), {right_turned_.data(), c, cells_, inverse_.data(), slack_.data()});
  turn(turned_.data(), v.data(), cells_);
  solve_columns(v.data(), {down_.data(), c, cells_, inverse_.data(), slack_.data()});
}

}  // namespace hotstage::meso::detail
