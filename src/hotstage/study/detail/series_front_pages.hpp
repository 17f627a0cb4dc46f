// SPDX-License-Identifier: GPL-3.0-or-later
// Figure of fitted fronts: where each starts, where it runs and how fast, and how boundaries were passed.

#pragma once

#include "hotstage/study/detail/series_findings.hpp"

namespace hotstage::study::detail {

/// Grains in the colour of their onset, an arrow per fitted front (as long as the way of `arrow_s` seconds), boundaries
/// by the verdict of the entries: lines of their own for each.
[[nodiscard]] report::Figure front_figure(const Tracking& tracking, const Findings& findings,
                                          View<const std::int32_t, 2> labels);

}  // namespace hotstage::study::detail
