// SPDX-License-Identifier: GPL-3.0-or-later
// The surroundings of one dark spot as missing shares of the brightness its grain would have there.

#pragma once

#include "hotstage/core/expected.hpp"
#include "hotstage/series/segment.hpp"

#include <cstdint>

namespace hotstage::series::detail {

struct SpotPatch {
  long first_y = 0;  ///< of the patch in the image
  long first_x = 0;
  Buffer<float, 2> share;       ///< 1 − brightness/level
  Buffer<float, 2> counts;      ///< level × frames: electrons a pixel without a spot has
  Buffer<std::uint8_t, 2> use;  ///< 0: another grain, another spot, or not covered
  double y = 0.0;               ///< centre of the missing signal, px of the patch
  double x = 0.0;
  double reach = 0.0;    ///< px from the centre up to where the spot's own pixels are taken
  double texture = 1.0;  ///< variance of the ring beyond the plane over that of counting, at least 1
};

/// The level is a plane fitted (3 σ clipped) to the ring from 1.35 r + 3 px to 2 r + 10 px, in the spot's own grain.
/// An Error{refused} when the ring holds fewer than 60 pixels or less than half of the directions.
[[nodiscard]] Expected<SpotPatch> cut_spot(const GrainImage& image, View<const std::int32_t, 2> labels,
                                           const DarkSpot& spot);

}  // namespace hotstage::series::detail
