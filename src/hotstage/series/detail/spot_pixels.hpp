// SPDX-License-Identifier: GPL-3.0-or-later
// Which pixels without a grain belong to which void or crack.

#pragma once

#include "hotstage/series/segment.hpp"

#include <cstdint>
#include <span>

namespace hotstage::series::detail {

/// Index of the spot + 1 for the pixels with label 0 that hang together with its centre, no farther away than a spot of
/// its size reaches; where two claim a pixel, the one whose centre is nearer in its own radii. 0 elsewhere. Throws
/// Error{bad_input} for a spot without any such pixel: it is not of these labels.
[[nodiscard]] Buffer<std::int32_t, 2> spot_pixels(View<const std::int32_t, 2> labels, std::span<const DarkSpot> spots);

}  // namespace hotstage::series::detail
