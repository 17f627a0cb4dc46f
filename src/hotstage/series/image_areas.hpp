// SPDX-License-Identifier: GPL-3.0-or-later
// Holes, cracks, particles, an interface or a grain boundary in one image.

#pragma once

#include "hotstage/core/array.hpp"
#include "hotstage/series/labels.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hotstage::series {

enum class AreaKind { hole, crack, particle };

struct ImageArea {
  AreaKind kind = AreaKind::hole;
  double area_px = 0.0;
  double y_px = 0.0;  ///< centre, 0 at the upper edge of the first pixel
  double x_px = 0.0;
  double aspect = 1.0;  ///< length over width of the smallest box
};

struct ImageAreas {
  Buffer<std::int32_t, 2> labels;  ///< 1 … n, index + 1 into areas; 0: none
  std::vector<ImageArea> areas;
};

/// 1 where an area of that kind lies. rows × columns of the label map.
[[nodiscard]] Buffer<std::uint8_t, 2> mask_of(const ImageAreas& areas, AreaKind kind);

/// Places as dark as vacuum, 4-connected, at least 30 px: the level is the darkest mode of the image smoothed by 1 px,
/// and the limit lies 6 of its spreads (measured below the mode) or 5 % of the way to the mean of the bright class
/// (Otsu) above it, whichever is more. A crack is longer than 3.5 widths of its smallest box, as in `segment`. Every
/// image has a darkest mode: that there is vacuum in the field is for the caller to know.
/// Throws Error{bad_input} for images below 32 × 32 px, Error{refused} for one without contrast.
[[nodiscard]] ImageAreas find_openings(View<const float, 2> image);

/// Bright particles on a dark background: flooded down from the maxima of the image smoothed by 1 px (watershed), two
/// merge when the saddle lies less than a tenth of the lower peak's height below it; the outline is at half of each
/// particle's own height over the background (the mode). Peaks below 10 spreads of the background or 5 % of the highest
/// are left. Errors as `find_openings`.
[[nodiscard]] ImageAreas find_particles(View<const float, 2> image);

/// The line of the steepest step of brightness from one edge of the frame to the other, more along x than along y or
/// the other way round, whichever is steeper. The image is smoothed by a 32nd of its shorter side first, so that a
/// lattice finer than a 24th of the side does not count. Errors as `find_openings`.
[[nodiscard]] std::vector<LabelPoint> find_interface(View<const float, 2> image);

/// The line across the frame between two lattices: every place goes to the one whose own fringes are stronger there,
/// each measured by what it is worth beside the line (detail/lattice_sides.hpp). More along x or along y, whichever way
/// the outer quarters of the frame differ more. Errors as `find_openings`; Error{refused} too where no fringe tells the
/// sides apart.
[[nodiscard]] std::vector<LabelPoint> find_lattice_boundary(View<const float, 2> image);

}  // namespace hotstage::series
