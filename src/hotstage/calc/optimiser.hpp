// SPDX-License-Identifier: GPL-3.0-or-later
// Minimisers that need forces only, no energies: FIRE and L-BFGS with a capped step, for atoms and for bands of images.

#pragma once

#include "hotstage/core/fields.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace hotstage::calc {

enum class Method {
  fire,   ///< damped dynamics: slow, hard to mislead; also where the force is not a gradient
  lbfgs,  ///< limited-memory quasi-Newton without line search: fast near a minimum
};

constexpr auto enum_names(Method) {
  return std::array<EnumName<Method>, 2>{EnumName<Method>{Method::fire, "fire"},
                                         EnumName<Method>{Method::lbfgs, "lbfgs"}};
}

/// Positions and forces are flat, three numbers per atom.
class Optimiser {
 public:
  Optimiser() = default;
  Optimiser(const Optimiser&) = delete;
  Optimiser& operator=(const Optimiser&) = delete;
  virtual ~Optimiser() = default;

  /// The displacement to take from here, Å; no atom moves more than the cap.
  [[nodiscard]] virtual std::vector<double> step(std::span<const double> positions_A,
                                                 std::span<const double> forces_eV_A) = 0;
  /// Forgets what was learned, because the force field changed (a band begins to climb).
  virtual void reset() = 0;
};

/// FIRE: Bitzek et al. 2006, doi:10.1103/PhysRevLett.97.170201, its published constants. L-BFGS: Nocedal 1980,
/// doi:10.1090/S0025-5718-1980-0572855-7, 20 steps, first curvature 70 eV/Å².
[[nodiscard]] std::unique_ptr<Optimiser> make_optimiser(Method method, double step_cap_A);

}  // namespace hotstage::calc
