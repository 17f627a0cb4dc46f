// SPDX-License-Identifier: GPL-3.0-or-later
// Halo of a void: does the grain around it lose brightness when a particle grows inside?

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/series/change_point.hpp"
#include "hotstage/series/segment.hpp"
#include "hotstage/series/voids.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace hotstage::series {

struct HaloOptions {
  double inner = 1.15;      ///< ring, in radii of the void; `blur_px` is added: focus moves the wall
  double outer = 1.7;       ///< end of the ring; the control goes from here to `reach`
  double reach = 3.0;       ///< end of the control
  double blur_px = 2.5;     ///< px
  int frames = 12;          ///< averaged in each window
  std::size_t shams = 300;  ///< places without a void at which the same is measured
  std::uint64_t seed = 1;
};

enum class HaloPhase {
  before,  ///< nothing within reach in the grain of the void has changed yet
  after    ///< what changes within reach has changed
};

/// Frames [first, last); empty when there are none.
struct HaloWindow {
  HaloPhase phase = HaloPhase::before;
  std::size_t first = 0;
  std::size_t last = 0;

  [[nodiscard]] bool empty() const { return first >= last; }
};

struct HaloWindows {
  HaloWindow before;  ///< last frames before the first change
  HaloWindow after;   ///< last frames of the series (half as many if need be), when 70 % of the blocks are done by then
};

/// Windows of one void from the changes found; `before` is empty when it would touch the first frames.
[[nodiscard]] HaloWindows halo_windows(const BlockGrid& grid, const ChangeMap& changes, const DarkSpot& spot,
                                       const HaloOptions& options);

/// Labels, 0 in blocks that changed before the end of the window (before) or are not done at its start (after).
[[nodiscard]] Buffer<std::int32_t, 2> settled_labels(View<const std::int32_t, 2> labels, const BlockGrid& grid,
                                                     const ChangeMap& changes, const HaloWindow& window);

/// First and late mean images in electrons per pixel, and what lies where. `labels`: 0 at voids, cracks, uncovered.
struct HaloImages {
  const MeanImage& early;
  const MeanImage& late;
  View<const std::int32_t, 2> labels;
  std::span<const DarkSpot> spots;
};

/// Fractions of the brightness. A positive deficit is a loss.
struct Halo {
  bool measured = false;  ///< false: too little of ring or control in the grain, or fewer than 12 shams
  double deficit = 0.0;
  double sigma = 0.0;       ///< counting × `excess`
  double excess = 1.0;      ///< rms over shams of deficit/counting, at least 1: bend contours, texture
  std::size_t shams = 0;    ///< that could be measured; they overlap, so they are not independent
  double ring_share = 0.0;  ///< of the ring that lies in the grain

  [[nodiscard]] double significance() const { return sigma > 0.0 ? deficit / sigma : 0.0; }
};

/// Late over early brightness within reach, in the grain of the void, 4 px from boundaries and other spots, is fitted
/// by a second-order surface (bend contours) and a step in the ring. The same at random places without a void, where
/// nothing can be, gives the σ.
[[nodiscard]] Halo measure_halo(const HaloImages& images, const DarkSpot& spot, const HaloOptions& options);

/// Deficit of the area from the wall to the end of the ring, if all metal of the bright particle came from it evenly
/// and nothing else left. Both are measured in brightness of the grain, and an atom scatters alike in both places
/// (incoherent): foil thickness and the exponent of Z drop out; channelling in the grain does not.
[[nodiscard]] Estimate expected_deficit(const VoidTrack& track, const DarkSpot& spot, const HaloWindow& late,
                                        const HaloOptions& options);

}  // namespace hotstage::series
