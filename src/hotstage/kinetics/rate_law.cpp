// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/kinetics/rate_law.hpp"

#include "hotstage/core/constants.hpp"

#include <cmath>

namespace hotstage::kinetics {

double RateLaw::at(Temperature temperature) const {
  return prefactor.base() * std::exp(-barrier.in(units::eV) / (constants::k_B_eV_per_K * temperature.in_K()));
}

}  // namespace hotstage::kinetics
