// SPDX-License-Identifier: GPL-3.0-or-later
// Black level and gain of the detector from the frames themselves: the photon-transfer line.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/core/run.hpp"
#include "hotstage/series/frames.hpp"

#include <array>
#include <span>
#include <vector>

namespace hotstage::series {

/// variance = gain · (mean − black) + readout², as tiles of different brightness show it.
struct DetectorResponse {
  Estimate gain;             ///< stored counts per detected electron; the spread of pulse heights is in it
  Estimate black;            ///< stored counts without any electron
  bool found = false;        ///< false: the tiles do not span enough brightness; gain and black are then 1 and 0
  std::vector<double> mean;  ///< of the bins of brightness the line was fitted to
  std::vector<double> variance;
  std::vector<double> sigma;  ///< of the variances

  /// Detected electrons per pixel.
  [[nodiscard]] double electrons(double counts) const { return (counts - black.value) / gain.value; }
};

/// Fits the line to the differences of neighbouring frames, cut at integer `offset`s (px, y and x, one per frame) so
/// that they show the same area.
///
/// The differences pass the mask [1 −2 1; −2 4 −2; 1 −2 1], which planes and edges along the axes leave at zero
/// (Immerkær, doi:10.1006/cviu.1996.0060), are squared, averaged over tiles without an edge in them, and binned by
/// brightness with medians, so that what drift is left does not count. Noise must be white from pixel to pixel: an
/// afterglow along the rows makes the gain too small.
[[nodiscard]] DetectorResponse photon_transfer(const signal::Signal& series,
                                               std::span<const std::array<long, 2>> offset, Run& run);

}  // namespace hotstage::series
