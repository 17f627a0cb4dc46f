// SPDX-License-Identifier: GPL-3.0-or-later
// What series.track can say about fronts, entries into grains, boundaries that held, damage and growing particles.

#pragma once

#include "hotstage/series/events_front.hpp"
#include "hotstage/series/onset_zones.hpp"
#include "hotstage/study/detail/series_results.hpp"

#include <span>
#include <vector>

namespace hotstage::study::detail {

/// Voids and cracks of the input `spots`, and dark spots of the input `tracks` that were there before `before_s` and
/// are none of the voids.
[[nodiscard]] std::vector<series::DamageDisc> damage_discs(const StepInputs& inputs, const signal::Signal& frames,
                                                           double before_s);

/// Time of the first onset of a grain; +∞ when there is none.
[[nodiscard]] double first_onset_s(const Tracking& tracking);

[[nodiscard]] std::vector<series::Site> sites_of(std::span<const series::DamageDisc> damage);

/// Starting places of grains.
[[nodiscard]] std::vector<series::Site> start_places(const Tracking& tracking);

/// A wait at a boundary, and how a boundary is looked at: the same for a measured map and for the truth.
[[nodiscard]] series::HoldOptions hold_options(const signal::Timeline& timeline, double speed_px_s, std::uint64_t seed);

/// Zones along boundaries as the mesoscale model counts them: 10 nm, 2 % of the blocks.
[[nodiscard]] series::ZoneOptions zone_options(double pixel_nm, std::uint64_t seed);

/// Lead of the first row of a table "zones"; σ: its bootstrap and the spread over all rows.
[[nodiscard]] Estimate zone_lead(const io::Table& zones);

struct Findings {
  std::vector<series::FrontFit> fronts;
  std::vector<series::EntryReading> entries;
  std::vector<series::BoundaryHold> holds;
};

/// Fits fronts and reads entries: tables "fronts", "entries", "boundaries" and "zones" (no rows where nothing is
/// dated), results and, where a number cannot be given, checks that say why.
[[nodiscard]] Findings add_findings(const Tracking& tracking, const StepInputs& inputs,
                                    View<const std::int32_t, 2> labels, Run& run, StepOutput& out);

/// First sight and start of a particle that grows in a void, from the input `voids`; nothing when it is not bound.
void add_cobalt(const Tracking& tracking, const StepInputs& inputs, StepOutput& out);

}  // namespace hotstage::study::detail
