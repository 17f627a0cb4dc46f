// SPDX-License-Identifier: GPL-3.0-or-later
// When a growing particle is first seen, and when it began.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/series/growth.hpp"

#include <cstddef>
#include <optional>
#include <span>

namespace hotstage::series {

struct FirstSeen {
  bool seen = false;
  Estimate time_s;        ///< σ: distance of the values and scatter over the slope there, in quadrature
  double baseline = 0.0;  ///< median of the first half
  double scatter = 0.0;   ///< of the values around it, and what the reference moves
};

/// First value from which on all lie k = 5 scatters above the baseline. `brightness` is compared with `reference`
/// (voids without a particle, say; empty: none), which is taken off; how far the reference itself moves between the
/// first half and the rest counts as scatter. Times ascending, values independent, at least 12.
[[nodiscard]] FirstSeen first_seen(std::span<const double> time_s, std::span<const double> brightness,
                                   std::span<const double> reference);

/// t₀ of nucleation and growth (fit_growth) with σ from a jackknife over six interleaved groups; nothing unless its
/// AICc is 10 below all laws without an incubation: on a ramp, activated growth from the start looks the same.
[[nodiscard]] std::optional<Estimate> growth_start_s(std::span<const double> time_s,
                                                     std::span<const double> brightness);

}  // namespace hotstage::series
