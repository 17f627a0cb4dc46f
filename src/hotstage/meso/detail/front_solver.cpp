// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/meso/detail/front_solver.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/meso/detail/front_kernel.hpp"

#include <algorithm>
#include <cmath>

namespace hotstage::meso::detail {

namespace {

// Tails below this are left alone: a cut at ε slows a pulled front by the share ½ π²/ln²ε (Brunet & Derrida 1997,
// doi:10.1103/PhysRevE.56.2597), 0.1 % here.
constexpr double least_tail = 1e-30;
constexpr double done_within = 1e-9;

}  // namespace

FrontSolver::FrontSolver(const Polycrystal& crystal, Walls walls)
    : cells_(crystal.cells),
      eta_((crystal.cells + 2) * crystal.cells, 0.0),
      next_(eta_),
      left_(crystal.label.size(), 0.0),
      right_(left_),
      up_(left_),
      down_(left_),
      factor_(crystal.label.size(), 1.0),
      active_((crystal.cells + strip_rows - 1) / strip_rows, 0) {
  const auto connected = [&](std::size_t a, std::size_t b) {
    const int from = crystal.label[a];
    const int to = crystal.label[b];
    return from > 0 && to > 0 && (from == to || walls == Walls::open);
  };
  for (std::size_t cell = 0; cell < crystal.label.size(); ++cell) {
    if (cell % cells_ + 1 < cells_ && connected(cell, cell + 1)) {
      right_[cell] = left_[cell + 1] = 1.0;
    }
    if (cell / cells_ + 1 < cells_ && connected(cell, cell + cells_)) {
      down_[cell] = up_[cell + cells_] = 1.0;
    }
  }
}

bool FrontSolver::find_active() {
  const std::size_t strips = active_.size();
  std::vector<char> busy(strips, 0);
  const double* eta = eta_.data() + cells_;
  for (std::size_t s = 0; s < strips; ++s) {
    const std::size_t last = std::min(cells_, (s + 1) * strip_rows) * cells_;
    bool any = false;
    for (std::size_t i = s * strip_rows * cells_; i < last && !any; ++i) {
      const double here = eta[i];
      const bool between = here > least_tail && here < 1.0 - done_within;
      const bool step = (right_[i] > 0.0 && std::abs(eta[i + 1] - here) > done_within) ||
                        (down_[i] > 0.0 && std::abs(eta[i + cells_] - here) > done_within);
      any = between || step;
    }
    busy[s] = any ? 1 : 0;
  }
  bool found = false;
  for (std::size_t s = 0; s < strips; ++s) {
    const bool near = busy[s] != 0 || (s > 0 && busy[s - 1] != 0) || (s + 1 < strips && busy[s + 1] != 0);
    active_[s] = near ? 1 : 0;
    found = found || near;
  }
  return found;
}

void FrontSolver::react(double growth) {
  double* eta = eta_.data() + cells_;
  for (std::size_t s = 0; s < active_.size(); ++s) {
    if (active_[s] != 0) {
      const std::size_t first = s * strip_rows * cells_;
      const std::size_t last = std::min(cells_, (s + 1) * strip_rows) * cells_;
      react_row(eta + first, factor_.data() + first, growth, last - first);
    }
  }
}

void FrontSolver::diffuse(double r, std::size_t step) {
  const double* eta = eta_.data() + cells_;
  double* next = next_.data() + cells_;
  for (std::size_t s = 0; s < active_.size(); ++s) {
    const std::size_t last = std::min(cells_, (s + 1) * strip_rows);
    for (std::size_t row = s * strip_rows; row < last; ++row) {
      const std::size_t at = row * cells_;
      if (active_[s] != 0) {
        diffuse_row(next + at, eta + at, {&left_[at], &right_[at], &up_[at], &down_[at]}, r, cells_);
      } else if (step == 0) {  // from then on both buffers agree there
        std::copy_n(eta + at, cells_, next + at);
      }
    }
  }
  eta_.swap(next_);
}

void FrontSolver::advance(std::size_t steps, double growth, double r) {
  HOTSTAGE_EXPECTS(steps > 0 && steps <= strip_rows && r <= 0.25);
  react(0.5 * growth);
  for (std::size_t i = 0; i < steps; ++i) {
    diffuse(r, i);
    react(i + 1 < steps ? growth : 0.5 * growth);
  }
}

}  // namespace hotstage::meso::detail
