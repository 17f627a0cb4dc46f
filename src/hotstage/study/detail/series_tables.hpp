// SPDX-License-Identifier: GPL-3.0-or-later
// Tables of series.segment. Places in the axes of the frames, sizes in nm (`nm`: pixel size).

#pragma once

#include "hotstage/series/segment.hpp"
#include "hotstage/series/voids.hpp"
#include "hotstage/signal/timeline.hpp"
#include "hotstage/study/step.hpp"

#include <vector>

namespace hotstage::study::detail {

[[nodiscard]] io::Table grain_table(const series::Segmentation& s, const signal::Signal& frames, double nm);
[[nodiscard]] io::Table boundary_table(const series::Segmentation& s, const signal::Signal& frames, double nm);
/// Voids and cracks, one row each.
[[nodiscard]] io::Table spot_table(const series::Segmentation& s, const signal::Signal& frames, double nm);
/// Voids over time, one row per void and frame.
[[nodiscard]] io::Table void_table(const std::vector<series::VoidTrack>& tracks, const signal::Timeline& timeline,
                                   double nm);

}  // namespace hotstage::study::detail
