// SPDX-License-Identifier: GPL-3.0-or-later
// Shapes of grains and voids: crystal planes of a phase, tables and figures of series.shape.

#pragma once

#include "hotstage/core/fields.hpp"
#include "hotstage/series/facet_planes.hpp"
#include "hotstage/series/grain_trend.hpp"
#include "hotstage/series/void_shape.hpp"
#include "hotstage/study/step.hpp"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace hotstage::study::detail {

struct CrystalViewOptions {
  std::string phase;
  std::array<int, 3> zone{0, 0, 0};
  std::vector<std::string> families{"003", "101", "012", "104", "110", "100"};
  std::array<int, 3> reflection{0, 0, 0};
  double direction = 0.0;
  double direction_sigma = 2.0;
  bool sense_known = false;

  template <class V>
  void fields(V& v) {
    v("phase", phase, {.help = "crystal around the voids (data/structures: LiCoO2, Co3O4, …); without it no planes"});
    v("zone", zone, {.help = "zone axis u v w, towards the viewer"});
    v("families", families, {.help = "planes compared with the facets, digits with signs: 104, 1-10"});
    v("reflection", reflection,
      {.help = "h k l whose direction in the image is known; 0 0 0: none is, only angles between facets count"});
    v("direction", direction, {.help = "its angle in the image in degrees: 0 is +x, 90 is down"});
    v("direction_sigma", direction_sigma, {.help = "standard uncertainty of that, degrees", .min = 0.0, .max = 90.0});
    v("sense_known", sense_known, {.help = "the zone axis is known to point to the viewer, not away"});
  }
};

/// Nothing without a phase. Throws Error{bad_input} for an unknown phase, a zone 0 0 0 and indices that are no planes.
[[nodiscard]] std::optional<series::CrystalView> crystal_view(const CrystalViewOptions& options);

/// An image of counts on square pixels, and what to call its places.
struct ShapeImage {
  const signal::Signal& axes;  ///< whose axes the image has
  series::GrainImage image;
  double nm = 1.0;  ///< pixel
};

struct ShapeFindings {
  std::vector<series::DarkSpot> spots;
  std::vector<double> number;  ///< of each spot in the table it came from
  std::vector<series::GrainTrend> trends;
  std::vector<series::VoidShape> shapes;
  std::vector<series::VoidOutline> outlines;
  std::vector<series::FacetIndexing> indexing;  ///< one per outline; empty without a crystal
};

/// Spots of the table of series.segment, places and sizes in px.
[[nodiscard]] std::vector<series::DarkSpot> spots_of(const io::Table& table, const signal::Signal& axes, double nm);

[[nodiscard]] io::Table trend_table(const ShapeFindings& found, double nm);
[[nodiscard]] io::Table void_shape_table(const ShapeFindings& found, const std::optional<Estimate>& foil_nm, double nm);
[[nodiscard]] io::Table facet_table(const ShapeFindings& found, double nm);
[[nodiscard]] io::Table assignment_table(const ShapeFindings& found, const series::CrystalView& view);

/// How many voids and grains are what.
void add_shape_results(const ShapeFindings& found, StepOutput& out);

/// Profiles of up to six voids, largest first, with sphere and disc; up to twelve voids with facets: image, outline,
/// normals, and the families that may be theirs.
void add_shape_figures(const ShapeImage& image, const ShapeFindings& found, const series::CrystalView* view,
                       StepOutput& out);

}  // namespace hotstage::study::detail
