// SPDX-License-Identifier: GPL-3.0-or-later
// What else lies in the background window of Co L2,3: F K of binder and electrolyte salt, and the tail of O K.

#pragma once

#include "hotstage/eels/chain.hpp"

#include <string_view>
#include <vector>

namespace hotstage::eels {

inline constexpr std::string_view cobalt_edge = "Co L3";

/// Default background window of Co L3 on a calibrated axis: 30 eV behind F K (685 eV, PVDF and LiF), where its fine
/// structure has died out, and 9 eV in front of L3.
inline constexpr Window cobalt_background{715.0, 770.0};

/// Looks into the mean spectrum of `items` spectra. Warnings: "fluorine_under_cobalt" when counts between F K and its
/// 27 eV stand above the law fitted in front of it by 5σ and 1 %; "oxygen_under_cobalt" with the share of the counts in
/// the window that the law in front of O K does not explain, when O K is on the axis and the share above 10 %.
[[nodiscard]] std::vector<Warning> cobalt_overlaps(const MeanSpectra& means, std::size_t items,
                                                   const PlacedEdge& cobalt);

}  // namespace hotstage::eels
