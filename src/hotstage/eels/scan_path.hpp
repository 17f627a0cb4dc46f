// SPDX-License-Identifier: GPL-3.0-or-later
// Where a line scan runs on a thickness map: through a void, across the nearest grain boundary, into both interiors.

#pragma once

#include "hotstage/core/array.hpp"
#include "hotstage/eels/scene_forward.hpp"

#include <cstddef>
#include <vector>

namespace hotstage::eels {

/// Maps of a specimen, rows × columns of square pixels; pixel (row, column) has its centre at (column, row)·pixel_nm.
struct SpecimenMaps {
  std::vector<atoms::Material> materials;
  View<const float, 3> thickness_nm;  ///< materials × rows × columns, at full density
  View<const float, 2> labels;        ///< grain number, 0 in voids
  double pixel_nm = 1.0;
  double foil_nm = 0.0;
};

struct VoidSite {
  double x_nm = 0.0;
  double y_nm = 0.0;
  double radius_nm = 0.0;  ///< of the circle through the corners
};

struct ScanPath {
  std::vector<double> x_nm;
  std::vector<double> y_nm;
  double step_nm = 0.0;
  double void_at_nm = 0.0;      ///< along the line
  double boundary_at_nm = 0.0;  ///< along the line
  bool has_boundary = false;
};

/// Straight line from 3 radii in front of the void to 3 radii (at least 15 nm) behind the nearest pixel outside 1.3
/// radii where two grains meet, cut at the edge of the maps. Without such a pixel it runs along x. Throws
/// Error{bad_input} when the void lies outside the maps or fewer than 8 positions are asked for.
[[nodiscard]] ScanPath plan_path(const SpecimenMaps& maps, const VoidSite& site, std::size_t positions);

/// What the beam crosses at the positions (nearest pixel).
[[nodiscard]] ScanScene sample(const SpecimenMaps& maps, const ScanPath& path);

/// The positions inside the void and what is missing there of the foil, metal of the scene not counted.
[[nodiscard]] LineVoid void_on(const ScanScene& scene, const ScanPath& path, const VoidSite& site, double foil_nm);

/// Takes metallic Co out of the void's positions: the drawn filling replaces it.
void empty_void(ScanScene& scene, const LineVoid& hole);

}  // namespace hotstage::eels
