// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/kinetics/onset.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/num/roots.hpp"

#include <algorithm>
#include <cmath>

namespace hotstage::kinetics {

double hops_of_walk(Length distance, Length hop) {
  HOTSTAGE_EXPECTS(hop.base() > 0.0);
  const double ratio = distance / hop;
  return std::max(1.0, ratio * ratio);
}

std::optional<Temperature> onset_of(const RateLaw& law, const Programme& programme, double hops) {
  const std::optional<Time> time = event_time(law, programme, programme.begin(), hops);
  return time ? std::optional(programme.at(*time)) : std::nullopt;
}

std::optional<Energy> barrier_at(Time seen, Frequency prefactor, const Programme& programme, double hops) {
  HOTSTAGE_EXPECTS(hops > 0.0 && prefactor.base() > 0.0);
  if (seen <= programme.begin()) {
    return std::nullopt;
  }
  constexpr double lowest_eV = 0.05;
  constexpr double highest_eV = 10.0;
  // ln H falls steadily with the barrier, so the root is unique.
  const auto excess = [&](double barrier_eV) {
    const double hazard = integrated_hazard({prefactor, barrier_eV * units::eV}, programme, programme.begin(), seen);
    constexpr double below_underflow = -1e3;  // ln of the smallest double is −745
    return hazard > 0.0 ? std::log(hazard / hops) : below_underflow * (1.0 + barrier_eV);
  };
  const auto root = num::find_root(excess, lowest_eV, highest_eV, {.tolerance = 1e-12});
  return root ? std::optional(*root * units::eV) : std::nullopt;
}

std::optional<Energy> barrier_of(Temperature onset, Frequency prefactor, const Programme& programme, double hops) {
  const std::optional<Time> time = programme.first_time_at(onset);
  return time ? barrier_at(*time, prefactor, programme, hops) : std::nullopt;
}

}  // namespace hotstage::kinetics
