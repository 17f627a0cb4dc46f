// SPDX-License-Identifier: GPL-3.0-or-later
// A 2-D section of a polycrystalline foil: Voronoi grains, boundaries, junctions, facetted voids and cracks.

#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hotstage::meso {

struct PolycrystalOptions {
  std::size_t cells = 128;  ///< per side
  double pixel_nm = 4.0;
  std::size_t grains = 9;
  std::size_t voids = 3;  ///< the first one is special: it exposes the co-migration face
  std::size_t cracks = 1;
  double void_radius_nm = 18.0;  ///< median; ±20 %
  std::uint64_t seed = 1;
};

struct Point {
  double x_nm = 0.0;
  double y_nm = 0.0;
};

/// Regular hexagon. The paper never indexes the faces, so their angle is drawn.
struct Void {
  Point centre;
  double radius_nm = 0.0;  ///< of the circle of equal area
  double angle_deg = 0.0;  ///< of one face normal from +x
  bool special = false;

  [[nodiscard]] double inradius_nm() const;
  [[nodiscard]] double perimeter_nm() const;
};

struct Crack {
  Point from;
  Point to;
  double width_nm = 0.0;
};

/// Two neighbouring cells of different grains; indices into the cell arrays.
struct BoundaryFace {
  std::uint32_t a = 0;
  std::uint32_t b = 0;
};

/// Cell (row, column) is number row · cells + column; its centre is ((column + ½) h, (row + ½) h). The edge of the
/// field is closed. Grains and voids are drawn in units of the field, so that a finer grid shows the same field.
struct Polycrystal {
  std::size_t cells = 0;
  double pixel_nm = 0.0;
  std::vector<int> label;      ///< 1…grains; 0: void or crack
  std::vector<Point> centres;  ///< of the grains
  std::vector<Void> voids;
  std::vector<Crack> cracks;
  std::vector<BoundaryFace> faces;
  std::vector<std::uint32_t> junctions;      ///< cells where three or more grains meet
  std::vector<double> boundary_distance_nm;  ///< of every cell to the nearest cell of a boundary
  std::vector<std::vector<int>> neighbours;  ///< of grain g at [g − 1]: grains that share a boundary with it

  [[nodiscard]] std::size_t grains() const { return centres.size(); }

  [[nodiscard]] double field_nm() const { return static_cast<double>(cells) * pixel_nm; }

  [[nodiscard]] Point position(std::size_t cell) const;

  /// Length of all grain boundaries: faces · h · π/4, the mean ratio of a line to its staircase.
  [[nodiscard]] double boundary_nm() const;
  [[nodiscard]] double solid_nm2() const;
};

/// The same options give the same polycrystal, byte for byte. Throws Error{bad_input} for fewer than 16 cells, no
/// grain, or voids that do not fit.
[[nodiscard]] Polycrystal make_polycrystal(const PolycrystalOptions& options);

/// Fills faces, junctions, distances and neighbours from `label` (used for polycrystals made by hand).
void complete(Polycrystal& crystal);

}  // namespace hotstage::meso
