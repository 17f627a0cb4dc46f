// SPDX-License-Identifier: GPL-3.0-or-later
// The transformation field: logistic growth and diffusion inside grains, worked only where something happens.

#pragma once

#include "hotstage/meso/polycrystal.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace hotstage::meso::detail {

/// Do grain boundaries stop the front?
enum class Walls { closed, open };

/// ∂η/∂t = k f (η (1 − η)) + ∇·(D ∇η) with D = k w², Strang split: half a reaction, diffusion, half a reaction.
class FrontSolver {
 public:
  FrontSolver(const Polycrystal& crystal, Walls walls);

  [[nodiscard]] std::span<double> eta() { return {eta_.data() + cells_, cells_ * cells_}; }

  [[nodiscard]] std::span<const double> eta() const { return {eta_.data() + cells_, cells_ * cells_}; }

  /// Local multiplier f of the growth rate, one per cell.
  [[nodiscard]] std::span<double> factor() { return factor_; }

  /// Rows of a strip; a tail moves at most one row per micro step, so that many steps may be taken between two looks.
  static constexpr std::size_t strip_rows = 8;

  /// Marks the strips in which something can change, and their neighbours. False when there are none.
  bool find_active();

  [[nodiscard]] std::span<const char> active() const { return active_; }

  /// `steps` ≤ strip_rows equal micro steps. `growth` = k dt of one step, `r` = D dt/h² ≤ 0.25.
  void advance(std::size_t steps, double growth, double r);

 private:
  void react(double growth);
  void diffuse(double r, std::size_t step);

  std::size_t cells_ = 0;
  std::vector<double> eta_;  ///< with a guard row above and below
  std::vector<double> next_;
  std::vector<double> left_, right_, up_, down_;
  std::vector<double> factor_;
  std::vector<char> active_;  ///< per strip
};

}  // namespace hotstage::meso::detail
