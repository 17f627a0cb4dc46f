// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/facet_planes.hpp"

#include "hotstage/core/error.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace hotstage::series {
namespace {

/// LiCoO2, R-3m, a = 2.816 Å, c = 14.05 Å, hexagonal axes: a* = (1, 1/√3, 0)/a, b* = (0, 2/√3, 0)/a.
Direction reciprocal(const std::array<int, 3>& hkl) {
  return {hkl[0] / 2.816, (hkl[0] + 2.0 * hkl[1]) / std::sqrt(3.0) / 2.816, hkl[2] / 14.05};
}

/// Members under −3m: h, k, i cyclic, with k, h, −l and both signs.
PlaneFamily family(const std::string& name, const std::array<int, 3>& hkl) {
  PlaneFamily out{.name = name};
  const int h = hkl[0], k = hkl[1], i = -h - k, l = hkl[2];
  for (const std::array<int, 3>& m : {std::array{h, k, l}, {k, i, l}, {i, h, l}, {k, h, -l}, {i, k, -l}, {h, i, -l}}) {
    for (const int sign : {1, -1}) {
      const std::array<int, 3> member{sign * m[0], sign * m[1], sign * m[2]};
      if (std::find(out.indices.begin(), out.indices.end(), member) == out.indices.end()) {
        out.indices.push_back(member);
        out.normals.push_back(reciprocal(member));
      }
    }
  }
  return out;
}

CrystalView view_along(const Direction& zone) {
  return {.families = {family("{003}", {0, 0, 3}), family("{101}", {1, 0, 1}), family("{012}", {0, 1, 2}),
                       family("{104}", {1, 0, 4}), family("{110}", {1, 1, 0}), family("{100}", {1, 0, 0})},
          .zone = zone};
}

std::vector<Facet> hexagon(double first_deg, double sigma_deg) {
  std::vector<Facet> out;
  for (int k = 0; k < 6; ++k) {
    out.push_back({.normal_deg = {std::remainder(first_deg + 60.0 * k, 360.0), sigma_deg}});
  }
  return out;
}

TEST(FacetPlanes, angles_of_the_layered_cell_are_those_of_its_metric) {
  CrystalView v = view_along({1.0, 0.0, 0.0});  // [100]hex = a
  v.known = KnownDirection{reciprocal({0, 0, 3}), {0.0, 0.5}};
  std::array<double, 6> least;
  least.fill(360.0);
  for (const PlaneCandidate& c : plane_candidates(v)) {
    if (c.edge_on) {
      least[c.family] = std::min(least[c.family], std::abs(c.angle_deg));
    }
  }
  EXPECT_NEAR(least[0], 0.0, 1e-9);
  EXPECT_NEAR(least[2], 70.9, 0.1);  // (003)^(012)
  EXPECT_NEAR(least[3], 55.2, 0.1);  // (003)^(104)
  EXPECT_NEAR(least[5], 90.0, 1e-9);
}

TEST(FacetPlanes, a_hexagon_alone_does_not_index_the_prisms) {
  CrystalView v = view_along({0.0, 0.0, 1.0});
  const FacetIndexing free = index_facets(hexagon(12.0, 1.0), v);
  EXPECT_GE(free.families_that_fit, 2U);
  EXPECT_NE(free.verdict.find("not indexed"), std::string::npos) << free.verdict;
  EXPECT_NE(free.verdict.find("{100}"), std::string::npos);
  EXPECT_NE(free.verdict.find("{110}"), std::string::npos);
  // Facets that face 110: the rims of the rhombohedra lie where {110} does.
  v.known = KnownDirection{reciprocal({1, 1, 0}), {12.0, 1.0}};
  const FacetIndexing rims = index_facets(hexagon(12.0, 1.0), v);
  EXPECT_EQ(rims.families_that_fit, 4U) << rims.verdict;
  EXPECT_NE(rims.verdict.find("not indexed"), std::string::npos) << rims.verdict;
  EXPECT_EQ(rims.verdict.find("{100}"), std::string::npos) << rims.verdict;
  // 30° further only {100} is left, and with a direction known to 20° nothing is decided.
  v.known->angle_deg = {-18.0, 1.0};
  EXPECT_EQ(index_facets(hexagon(12.0, 1.0), v).verdict, "indexed: {100}");
  v.known->angle_deg.sigma = 20.0;
  EXPECT_GE(index_facets(hexagon(12.0, 1.0), v).families_that_fit, 2U);
}

TEST(FacetPlanes, what_fits_no_family_is_said) {
  CrystalView v = view_along({0.0, 0.0, 1.0});
  std::vector<Facet> bent = hexagon(0.0, 0.5);
  bent[1].normal_deg.value += 10.0;
  EXPECT_EQ(index_facets(bent, v).verdict, "no single family fits");
  const std::vector<Facet> one{bent[0]};
  EXPECT_NE(index_facets(one, v).verdict.find("one facet"), std::string::npos);
}

TEST(FacetPlanes, the_sense_of_the_zone_matters_where_the_pattern_has_no_mirror) {
  // Along [100]hex (104) lies at +55.2° or −55.2° from (003): with (012) on the other side.
  CrystalView v = view_along({1.0, 0.0, 0.0});
  v.known = KnownDirection{reciprocal({0, 0, 3}), {30.0, 0.5}};
  double at_104 = 0.0;
  for (const PlaneCandidate& c : plane_candidates(v)) {
    at_104 = c.family == 3 && c.edge_on && std::abs(c.angle_deg) < 60.0 ? c.angle_deg : at_104;
  }
  const std::vector<Facet> facet{{.normal_deg = {30.0 - at_104, 0.5}}};
  v.sense = CrystalView::Sense::known;
  const auto has_104 = [](const FacetIndexing& i) {
    return std::any_of(i.assignments.begin(), i.assignments.end(),
                       [](const PlaneAssignment& a) { return a.plane.family == 3 && a.plane.edge_on; });
  };
  EXPECT_FALSE(has_104(index_facets(facet, v)));
  v.sense = CrystalView::Sense::either;
  EXPECT_TRUE(has_104(index_facets(facet, v)));
}

TEST(FacetPlanes, a_view_without_directions_is_refused) {
  CrystalView v = view_along({0.0, 0.0, 0.0});
  EXPECT_THROW((void)plane_candidates(v), Error);
  v.zone = {0.0, 0.0, 1.0};
  v.known = KnownDirection{reciprocal({0, 0, 3}), {0.0, 1.0}};
  EXPECT_THROW((void)plane_candidates(v), Error);
}

}  // namespace
}  // namespace hotstage::series
