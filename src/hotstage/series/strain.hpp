// SPDX-License-Identifier: GPL-3.0-or-later
// Local strain and rotation of a lattice against a reference: from local base vectors, and by geometric phase analysis.

#pragma once

#include "hotstage/series/detail/lock_in.hpp"
#include "hotstage/series/lattice.hpp"

#include <array>
#include <optional>
#include <vector>

namespace hotstage::series {

/// Small-strain tensor in image axes (x right, y down) and rotation from +x towards +y.
struct LocalStrain {
  double xx = 0.0;
  double yy = 0.0;
  double xy = 0.0;
  double rotation_deg = 0.0;
};

/// Displacement gradient D = G⁻¹G₀ − 1 of a lattice with reciprocal base G against the base G₀, split into its
/// symmetric part and the rotation.
[[nodiscard]] LocalStrain strain_between(const std::array<Planar, 2>& base, const std::array<Planar, 2>& reference);

/// Geometric phase analysis (Hÿtch, Snoeck & Kilaas 1998, doi:10.1016/S0304-3991(98)00035-7): phases of two spots of
/// the reference lattice in the windows of the grid, their gradients by central differences. Nothing at the rim of the
/// grid and where an amplitude is below `least` of its median.
[[nodiscard]] std::vector<std::optional<LocalStrain>> phase_strain(View<const float, 2> image,
                                                                   const std::array<Planar, 2>& reference,
                                                                   const detail::WindowGrid& grid, double least = 0.3);

}  // namespace hotstage::series
