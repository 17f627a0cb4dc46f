// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/scan_path.hpp"

#include "hotstage/core/error.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace hotstage::eels {
namespace {

struct Fixture {
  Buffer<float, 3> thickness{{2, 60, 80}};
  Buffer<float, 2> labels{{60, 80}};
  SpecimenMaps maps;

  /// Boundary at x = 50 nm, void of radius 6 nm at (30, 25) nm; 40 nm of LiCoO2, 10 nm left and 8 nm of Co in the void.
  Fixture() {
    for (std::size_t r = 0; r < 60; ++r) {
      for (std::size_t c = 0; c < 80; ++c) {
        const double dx = static_cast<double>(c) - 30.0;
        const double dy = static_cast<double>(r) - 25.0;
        const bool inside = dx * dx + dy * dy < 36.0;
        labels.row(r)[c] = inside ? 0.0F : (c < 50 ? 1.0F : 2.0F);
        thickness.view()(0, r, c) = inside ? 10.0F : 40.0F;
        thickness.view()(1, r, c) = inside ? 8.0F : 0.0F;
      }
    }
    maps.materials = {atoms::find_material("LiCoO2"), atoms::find_material("Co")};
    maps.thickness_nm = std::as_const(thickness).view();
    maps.labels = std::as_const(labels).view();
    maps.foil_nm = 40.0;
  }
};

const VoidSite site{30.0, 25.0, 6.0};

TEST(PlanPath, goes_through_the_void_and_across_the_nearest_boundary) {
  const Fixture fixture;
  const ScanPath path = plan_path(fixture.maps, site, 61);
  ASSERT_TRUE(path.has_boundary);
  constexpr double pixel = 1.0;
  EXPECT_NEAR(path.boundary_at_nm - path.void_at_nm, 19.5, pixel);
  EXPECT_NEAR(path.x_nm.front(), 30.0 - 18.0, pixel);
  EXPECT_NEAR(path.x_nm.back(), 50.0 + 18.0, pixel);
  EXPECT_NEAR(path.y_nm.front(), 25.0, pixel);
}

TEST(PlanPath, stays_inside_the_maps_and_refuses_a_void_outside) {
  const Fixture fixture;
  const ScanPath path = plan_path(fixture.maps, {3.0, 25.0, 6.0}, 40);
  EXPECT_GE(path.x_nm.front(), 0.0);
  EXPECT_THROW((void)plan_path(fixture.maps, {300.0, 25.0, 6.0}, 40), Error);
}

TEST(VoidOn, knows_what_is_missing_and_empties_metal_alone) {
  const Fixture fixture;
  const ScanPath path = plan_path(fixture.maps, site, 61);
  ScanScene scene = sample(fixture.maps, path);
  const LineVoid hole = void_on(scene, path, site, fixture.maps.foil_nm);
  EXPECT_NEAR(static_cast<double>(hole.last - hole.first) * path.step_nm, 11.0, 1.5);
  EXPECT_DOUBLE_EQ(hole.depth_nm[hole.depth_nm.size() / 2], 30.0);
  empty_void(scene, hole);
  const std::size_t middle = (hole.first + hole.last) / 2;
  EXPECT_EQ(scene.thickness_nm.row(middle)[1], 0.0);
  EXPECT_EQ(scene.thickness_nm.row(middle)[0], 10.0);
  fill_void(scene, hole, {.kind = Filling::platinum, .fill = 0.5});
  ASSERT_EQ(scene.materials.back().name, "Pt");
  EXPECT_DOUBLE_EQ(scene.thickness_nm.row(middle)[2], 15.0);
}

}  // namespace
}  // namespace hotstage::eels
