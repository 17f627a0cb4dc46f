// SPDX-License-Identifier: GPL-3.0-or-later
// Lattice of an image from the phases of its spots, and the scan's true axes from a known lattice.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/series/lattice.hpp"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace hotstage::series {

/// Lattice of an image: spots, indices, then a straight line through the phases of all indexed spots.
///
/// The image is cut into overlapping Hann windows (at least four periods, an eighth of the field); in each the phase of
/// every indexed spot is measured relative to the current lattice. All phases are those of one lattice plus a local
/// displacement, so base vectors follow from one robust weighted least squares fit (Huber). The covariance is the
/// larger of counting noise and of the scatter, clustered by rows and by columns of windows (Cameron, Gelbach & Miller
/// 2011, doi:10.1198/jbes.2010.07136), since row jitter and drift displace whole rows. Throws as find_spots and
/// index_spots.
[[nodiscard]] ImageLattice fit_lattice(View<const float, 2> image, const LatticeOptions& options);

/// A two-dimensional lattice whose size is known: reciprocal base in 1/Å, in any orientation.
struct KnownLattice {
  std::string name;
  std::array<Planar, 2> reciprocal;  ///< 1/Å
  double relative_sigma = 0.0;       ///< of its lengths
};

/// From two spacings and the angle between their normals.
[[nodiscard]] KnownLattice known_lattice(double d1_A, double d2_A, double angle_deg);

struct ScanCalibration {
  Estimate pixel_x_A;     ///< true length of a step along the fast axis
  Estimate pixel_y_A;     ///< true distance of neighbouring rows
  Estimate shear_deg;     ///< the slow axis leans towards +x by this angle
  Estimate rotation_deg;  ///< of the known lattice's g₁ against the fast axis; without meaning for the calibration
  /// [y, x] of the specimen in Å = affine · [y, x] in px; the fast axis keeps its direction.
  std::array<std::array<double, 2>, 2> affine{};
  std::array<std::array<int, 2>, 2> indices{};  ///< known g_i in units of the found g₁, g₂
  double distortion =
      0.0;  ///< long over short axis of the ellipse that a circle on the specimen is recorded as, less 1
};

/// The linear map that takes the lattice found to the known one: of all assignments of indices the one that needs the
/// least distortion and, when the pixel size is stated, the least change of it.
///
/// `stated_A` is the pixel size the file states (y, x); an assignment that changes the geometric mean by more than
/// `limit` is left out. Throws Error{refused} when no assignment with less than 15 % distortion is left.
[[nodiscard]] ScanCalibration calibrate_scan(const ImageLattice& found, const KnownLattice& known,
                                             std::optional<std::array<double, 2>> stated_A, double limit = 0.15);

}  // namespace hotstage::series
