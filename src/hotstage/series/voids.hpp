// SPDX-License-Identifier: GPL-3.0-or-later
// Voids over time: open radius, missing signal, and the bright particle that grows inside.

#pragma once

#include "hotstage/core/run.hpp"
#include "hotstage/series/registration.hpp"
#include "hotstage/series/segment.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace hotstage::series {

/// One void through the series; one element per frame, NaN where no usable frame is near.
struct VoidTrack {
  std::size_t spot = 0;                ///< index into the list given
  std::vector<double> radius_px;       ///< of the circle with the missing signal at the depth of the first frames
  std::vector<double> sigma_px;        ///< from counting
  std::vector<double> particle_px2;    ///< area inside the first outline that became clearly brighter
  std::vector<double> brightness_px2;  ///< ∫ (gain of brightness)/(brightness of the grain) inside the outline
};

/// Follows the round spots. The radius is √(M/π), M = Σ (L − I)/(L − F) over a disc around the void, with L the level
/// of the ring around it in the same frame (median) and F the floor of the void in the first frames: it is the radius
/// of a void of unchanged depth, and falls when something grows in it. Frames are averaged over 2 · half_width + 1.
///
/// Every frame is read once, in blocks whose cut-out surroundings fit run.memory. `wanted`, one per frame, leaves out
/// the others (NaN) and does not read frames that none of these needs; empty: all. Throws Error{no_space}.
[[nodiscard]] std::vector<VoidTrack> track_voids(const signal::Signal& series, std::span<const FrameDrift> drift,
                                                 std::span<const DarkSpot> spots, const DetectorResponse& detector,
                                                 Run& run, std::span<const char> wanted = {});

}  // namespace hotstage::series
