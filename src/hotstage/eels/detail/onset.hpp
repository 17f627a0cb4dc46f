// SPDX-License-Identifier: GPL-3.0-or-later
// The energy at which an edge begins in a spectrum.

#pragma once

#include "hotstage/eels/spectrum.hpp"

#include <optional>
#include <span>

namespace hotstage::eels::detail {

/// First crossing of 20 % of the maximum that the spectrum, smoothed by 1 eV, has above its own trend within `range_eV`
/// of the expected onset and 8 eV behind. The trend is a straight line in ln counts against ln E over the 25 eV in
/// front of the range: unlike a bounded power law it also follows the fine structure behind an earlier edge.
///
/// Nothing if no rise stands out of what is left in front of it (5 times its deviation), or if it lies at a limit.
[[nodiscard]] std::optional<double> observe_onset(std::span<const double> counts, const EnergyAxis& axis,
                                                  double expected_eV, double range_eV);

}  // namespace hotstage::eels::detail
