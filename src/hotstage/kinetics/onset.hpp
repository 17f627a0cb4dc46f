// SPDX-License-Identifier: GPL-3.0-or-later
// Barrier ↔ onset temperature along a programme.

#pragma once

#include "hotstage/kinetics/hazard.hpp"

#include <optional>

namespace hotstage::kinetics {

/// Hops of a random walk over `distance`: ⟨R²⟩ = n a² in any number of dimensions (R is the whole displacement), so
/// n = (L/a)²; at least one.
[[nodiscard]] double hops_of_walk(Length distance, Length hop);

/// Temperature at which the expected number of hops, the integrated hazard, reaches `hops`; nothing when the programme
/// ends first.
[[nodiscard]] std::optional<Temperature> onset_of(const RateLaw& law, const Programme& programme, double hops = 1.0);

/// Barrier whose expected hops reach `hops` at a time of the programme (to 1e-10 eV); nothing outside 0.05–10 eV.
[[nodiscard]] std::optional<Energy> barrier_at(Time seen, Frequency prefactor, const Programme& programme,
                                               double hops = 1.0);

/// Barrier whose onset is the given temperature, seen as that temperature is first reached. With a hold there, the
/// event may have come later: `barrier_at(programme.last_time_at(onset), …)` is the highest barrier that fits.
[[nodiscard]] std::optional<Energy> barrier_of(Temperature onset, Frequency prefactor, const Programme& programme,
                                               double hops = 1.0);

}  // namespace hotstage::kinetics
