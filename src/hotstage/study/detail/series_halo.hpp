// SPDX-License-Identifier: GPL-3.0-or-later
// Where the metal of a particle in a void came from: halo around it and law of its growth.

#pragma once

#include "hotstage/series/growth.hpp"
#include "hotstage/series/halo.hpp"
#include "hotstage/study/detail/series_results.hpp"

#include <vector>

namespace hotstage::study::detail {

/// Law of growth of the brightest growing particle: result growth_law_aic, or a check that says why not.
void add_growth(const std::vector<series::VoidTrack>& tracks, const signal::Timeline& timeline, StepOutput& out);

/// Halos of all round spots of the input `spots` (may be unbound): table `halo`, results of the strongest one. Only the
/// table, without rows, when the series is too coarse to date changes.
void add_halo(const Tracking& tracking, const StepInputs& inputs, View<const std::int32_t, 2> labels, Run& run,
              StepOutput& out);

}  // namespace hotstage::study::detail
