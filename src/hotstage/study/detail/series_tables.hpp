// SPDX-License-Identifier: GPL-3.0-or-later
// Tables of series.segment. Places in the axes of the frames, sizes in nm (`nm`: pixel size).

#pragma once

#include "hotstage/series/events_front.hpp"
#include "hotstage/series/segment.hpp"
#include "hotstage/series/tracks.hpp"
#include "hotstage/series/voids.hpp"
#include "hotstage/signal/timeline.hpp"
#include "hotstage/study/step.hpp"

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace hotstage::study::detail {

[[nodiscard]] io::Table grain_table(const series::Segmentation& s, const signal::Signal& frames, double nm);
[[nodiscard]] io::Table boundary_table(const series::Segmentation& s, const signal::Signal& frames, double nm);
/// Voids and cracks, one row each.
[[nodiscard]] io::Table spot_table(const series::Segmentation& s, const signal::Signal& frames, double nm);
/// Voids over time, one row per void and frame.
[[nodiscard]] io::Table void_table(const std::vector<series::VoidTrack>& tracks, const signal::Timeline& timeline,
                                   double nm);

/// Voids and particles in windows of frames, one row per track and window.
[[nodiscard]] io::Table track_table(const series::Tracks& tracks, std::span<const series::SpotFrame> windows,
                                    const signal::Signal& frames, double nm);
/// What appears, vanishes, merges and splits.
[[nodiscard]] io::Table track_event_table(const series::Tracks& tracks, const signal::Signal& frames);
/// Radius over time of the tracks that are seen longest.
[[nodiscard]] report::Figure track_figure(const series::Tracks& tracks, std::span<const series::SpotFrame> windows,
                                          const signal::Signal& frames, double nm);

/// Columns a and b of the table of boundaries.
[[nodiscard]] std::vector<std::pair<int, int>> boundary_pairs(const io::Table& boundaries);

/// Fitted front of every grain: onset, speed and its growth, direction, completion, each with its σ.
[[nodiscard]] io::Table front_table(std::span<const series::FrontFit> fronts, const series::EventInput& input,
                                    const signal::Signal& frames);
/// How each grain was entered, with probabilities; for a wall the temperatures of arrest and release.
[[nodiscard]] io::Table entry_table(std::span<const series::EntryReading> entries, const series::EventInput& input);

}  // namespace hotstage::study::detail
