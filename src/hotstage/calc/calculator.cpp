// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/calc/calculator.hpp"

#include "hotstage/core/error.hpp"

#include <algorithm>
#include <cmath>

namespace hotstage::calc {

double largest_force(const atoms::Structure& structure, const std::vector<atoms::Vector>& forces_eV_A) {
  HOTSTAGE_EXPECTS(forces_eV_A.size() == structure.size());
  double most = 0.0;
  for (std::size_t i = 0; i < forces_eV_A.size(); ++i) {
    if (structure.fixed.empty() || structure.fixed[i] == 0) {
      most = std::max(most, std::hypot(forces_eV_A[i][0], forces_eV_A[i][1], forces_eV_A[i][2]));
    }
  }
  return most;
}

}  // namespace hotstage::calc
