// SPDX-License-Identifier: GPL-3.0-or-later
// Coulomb energy of point charges in a periodic cell by Ewald's sums (Ann. Phys. 369, 253, 1921,
// doi:10.1002/andp.19213690304).

#pragma once

#include "hotstage/atoms/structure.hpp"

#include <span>
#include <vector>

namespace hotstage::calc::detail {

struct EwaldSum {
  double energy_eV = 0.0;
  std::vector<atoms::Vector> forces_eV_A;
  atoms::Cell virial_eV{};  ///< dE/dε
};

/// `accuracy` is the relative size of the terms left out of both sums; the splitting balances their cost. A cell with
/// net charge gets the uniform neutralising background. All three directions are taken as periodic.
[[nodiscard]] EwaldSum ewald(const atoms::Structure& structure, std::span<const double> charges_e, double accuracy);

}  // namespace hotstage::calc::detail
