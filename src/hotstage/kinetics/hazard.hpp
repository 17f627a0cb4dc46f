// SPDX-License-Identifier: GPL-3.0-or-later
// Integrated hazards of Arrhenius events along a temperature programme, exactly, and the times of the events.

#pragma once

#include "hotstage/kinetics/programme.hpp"
#include "hotstage/kinetics/rate_law.hpp"

#include <optional>

namespace hotstage::kinetics {

/// H = ∫ ν exp(−E/kT(t)) dt over [from, to]. On a ramp β: (ν/β)[T e^{−u} − (E/k) E₁(u)], u = E/kT, evaluated without
/// cancellation.
[[nodiscard]] double integrated_hazard(const RateLaw& law, const Programme& programme, Time from, Time to);

/// Time at which the hazard since `from` reaches `threshold` (a unit-exponential number for a random event, 1 for its
/// typical time); nothing when the programme, held at its last temperature for no time, ends first.
[[nodiscard]] std::optional<Time> event_time(const RateLaw& law, const Programme& programme, Time from,
                                             double threshold);

}  // namespace hotstage::kinetics
