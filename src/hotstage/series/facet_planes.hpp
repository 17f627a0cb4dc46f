// SPDX-License-Identifier: GPL-3.0-or-later
// Which crystal planes facets may be: in-image angles of planes of a zone against measured normals.

#pragma once

#include "hotstage/series/facets.hpp"

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace hotstage::series {

using Direction = std::array<double, 3>;  ///< Cartesian, in the frame of the crystal

/// Planes that symmetry makes equal.
struct PlaneFamily {
  std::string name;                         ///< "{104}"
  std::vector<std::array<int, 3>> indices;  ///< all members, both signs
  std::vector<Direction> normals;           ///< of them, any length
};

/// A reciprocal vector whose direction in the image is known, 0 is +x, 90 is down.
struct KnownDirection {
  Direction vector{};
  Estimate angle_deg;
};

/// `zone` points to the viewer, against the beam. Whether it or its opposite does is often not known.
struct CrystalView {
  std::vector<PlaneFamily> families;
  Direction zone{};
  std::optional<KnownDirection> known;
  enum class Sense { known, either } sense = Sense::either;
};

/// A direction in which an outline may have a facet.
struct PlaneCandidate {
  std::size_t family = 0;
  std::array<int, 3> indices{};
  /// Edge on; else the rim where this inclined plane meets another of its family, on the other side of the equator.
  bool edge_on = true;
  double angle_deg = 0.0;  ///< with `sense` +1 and no rotation
};

/// Planes of the zone (within 0.5° of edge on) and rims of inclined families. Angles are from the projection of the
/// known vector, or from an arbitrary direction. Throws Error{bad_input} for a zone of no length and for a known vector
/// along the zone.
[[nodiscard]] std::vector<PlaneCandidate> plane_candidates(const CrystalView& view);

struct PlaneAssignment {
  std::size_t facet = 0;  ///< index into the facets
  PlaneCandidate plane;
  int sense = 1;              ///< −1: the zone points away from the viewer
  double expected_deg = 0.0;  ///< in the image
  double misfit = 0.0;        ///< (measured − expected)/σ, σ of the known direction included
  double probability = 0.0;   ///< of a misfit as large by chance
};

/// One family for all facets.
struct FamilyFit {
  std::size_t family = 0;
  int sense = 1;
  double rotation_deg = 0.0;  ///< of the first candidate's frame in the image
  double chi2 = 0.0;
  int dof = 0;
  double probability = 0.0;  ///< of a χ² as large by chance; families above 0.0455 (2 σ) fit
};

struct FacetIndexing {
  std::vector<PlaneAssignment> assignments;  ///< within 2 σ; without a known direction those of the families that fit
  std::vector<FamilyFit> families;           ///< best of each family, best first
  std::size_t families_that_fit = 0;
  std::string verdict;  ///< "indexed: {104}", "not indexed: 3 families fit ({100}, …)", "no single family fits"
};

/// Compares facets with every family. With a known direction its rotation is held (σ in the χ²), without one it is
/// fitted, so that only angles between facets count. A single facet without a known direction says nothing.
[[nodiscard]] FacetIndexing index_facets(std::span<const Facet> facets, const CrystalView& view);

}  // namespace hotstage::series
