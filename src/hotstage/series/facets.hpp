// SPDX-License-Identifier: GPL-3.0-or-later
// Outline of a void at half depth: facets with normals, lengths and uncertainty, or round.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/series/segment.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::series {

enum class OutlineKind { refused, round, open, polygon };

[[nodiscard]] std::string_view name(OutlineKind kind);

/// A straight stretch of an outline.
struct Facet {
  Estimate normal_deg;     ///< outward normal to +x, rows count downwards: 90 is down; −180 … 180
  Estimate distance_px;    ///< from the centre
  double length_px = 0.0;  ///< between the corners
};

struct VoidOutline {
  std::size_t spot = 0;  ///< index into the spots
  OutlineKind kind = OutlineKind::refused;
  std::string why;    ///< when refused
  double y_px = 0.0;  ///< centre of the rays
  double x_px = 0.0;
  std::vector<std::array<double, 2>> points;  ///< y, x at half depth, from rays at equal angles
  double sigma_px = 0.0;                      ///< of one point along its ray, from counting
  double edge_px = 0.0;                       ///< Gaussian σ of the edge as seen, smoothing included
  double scatter = 1.0;                       ///< χ² per degree of freedom of the best model, at least 1
  double chi2_circle = 0.0;                   ///< each of the points, counting σ
  double chi2_ellipse = 0.0;
  double chi2_smooth = 0.0;          ///< radius with harmonics up to the fourth
  double chi2_polygon = 0.0;         ///< best one, 0 when none fits
  double bic_gain = 0.0;             ///< lowest BIC of circle, ellipse, smooth − BIC of the polygon
  std::vector<Facet> facets;         ///< by angle; only for a polygon
  std::vector<Estimate> angles_deg;  ///< from each facet's normal to the next one's
};

/// Outlines of round voids. The image is smoothed by a Gaussian of 1 px; points are where rays from the centre cross
/// half the depth. Polygons of 3 … 8 sides, each with its own normal and distance, corners rounded as an edge of that
/// blur rounds them, compete by BIC with circle, ellipse and a smooth outline of nine parameters: `polygon` when the
/// gain is above 10, `open` above 0. No side may be shorter than 2.5 `edge_px`. σ hold counting, the correlation of
/// neighbouring points and √scatter. Outlines that bend inwards are not described. Throws Error{bad_input} when shapes
/// differ.
[[nodiscard]] std::vector<VoidOutline> fit_outlines(const GrainImage& image, View<const std::int32_t, 2> labels,
                                                    std::span<const DarkSpot> spots);

}  // namespace hotstage::series
