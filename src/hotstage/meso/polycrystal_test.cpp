// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/meso/polycrystal.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/meso/sites.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace hotstage::meso {
namespace {

TEST(Polycrystal, is_the_same_for_the_same_seed_and_shows_the_same_field_on_a_finer_grid) {
  const PolycrystalOptions coarse{.cells = 64, .pixel_nm = 8.0, .cracks = 0, .seed = 9};
  PolycrystalOptions fine = coarse;
  fine.cells = 128;
  fine.pixel_nm = 4.0;
  const Polycrystal a = make_polycrystal(coarse);
  EXPECT_EQ(a.label, make_polycrystal(coarse).label);
  const Polycrystal b = make_polycrystal(fine);
  std::size_t different = 0;
  for (std::size_t row = 0; row < 64; ++row) {
    for (std::size_t column = 0; column < 64; ++column) {
      different += a.label[row * 64 + column] != b.label[(2 * row + 1) * 128 + 2 * column + 1] ? 1U : 0U;
    }
  }
  EXPECT_LT(different, 64U * 64U / 10U);  // cells on a boundary
  EXPECT_NEAR(a.boundary_nm() / b.boundary_nm(), 1.0, 0.05);
}

TEST(Polycrystal, voids_are_regular_hexagons_of_the_stated_area_and_one_is_special) {
  const Polycrystal crystal = make_polycrystal({.cells = 512, .pixel_nm = 1.0, .voids = 3, .cracks = 0, .seed = 4});
  ASSERT_EQ(crystal.voids.size(), 3U);
  double area = 0.0;
  for (const Void& v : crystal.voids) {
    area += 3.14159265358979 * v.radius_nm * v.radius_nm;
  }
  const auto empty = static_cast<double>(std::count(crystal.label.begin(), crystal.label.end(), 0));
  constexpr double staircase = 0.02;
  EXPECT_NEAR(empty / area, 1.0, staircase);
  EXPECT_TRUE(crystal.voids[0].special);
  EXPECT_FALSE(crystal.voids[1].special);
  EXPECT_NEAR(crystal.voids[0].perimeter_nm() / (2.0 * 3.14159265358979 * crystal.voids[0].radius_nm), 1.05, 0.001);
}

TEST(Polycrystal, boundary_length_of_a_straight_slanted_wall_is_right_in_the_mean_over_angles) {
  double ratio = 0.0;
  constexpr int angles = 32;
  for (int i = 0; i < angles; ++i) {
    Polycrystal crystal{.cells = 200, .pixel_nm = 1.0, .centres = {{}, {}}};
    const double angle = 3.14159265358979 * (i + 0.5) / angles;
    for (std::size_t cell = 0; cell < 200 * 200; ++cell) {
      const Point p = crystal.position(cell);
      const double dx = p.x_nm - 100.3;
      const double dy = p.y_nm - 99.6;
      const bool far = std::hypot(dx, dy) > 90.0;
      crystal.label.push_back(far ? 0 : (dx * std::cos(angle) + dy * std::sin(angle) > 0.0 ? 1 : 2));
    }
    complete(crystal);
    ratio += crystal.boundary_nm() / 180.0 / angles;
  }
  EXPECT_NEAR(ratio, 1.0, 0.02);
}

TEST(Polycrystal, junctions_touch_three_grains_and_neighbours_are_mutual) {
  const Polycrystal crystal = make_polycrystal({.cells = 96, .pixel_nm = 5.0, .voids = 0, .cracks = 0, .seed = 2});
  EXPECT_FALSE(crystal.junctions.empty());
  for (const std::uint32_t cell : crystal.junctions) {
    const std::set<int> around{crystal.label[cell], crystal.label[cell + 1], crystal.label[cell + 96],
                               crystal.label[cell + 97]};
    EXPECT_GE(around.size(), 3U);
  }
  for (std::size_t g = 0; g < crystal.grains(); ++g) {
    for (const int other : crystal.neighbours[g]) {
      const auto& back = crystal.neighbours[static_cast<std::size_t>(other - 1)];
      EXPECT_NE(std::find(back.begin(), back.end(), static_cast<int>(g) + 1), back.end());
    }
  }
}

TEST(Polycrystal, refuses_voids_that_do_not_fit) {
  try {
    static_cast<void>(make_polycrystal({.cells = 32, .pixel_nm = 2.0, .voids = 4}));
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("4 voids of 18 nm do not fit into a field of 64 nm"), std::string::npos);
  }
}

TEST(Cores, lie_in_one_grain_beside_a_boundary_and_their_area_grows_with_the_dose) {
  const Polycrystal crystal = make_polycrystal({.cells = 128, .pixel_nm = 4.0, .voids = 0, .cracks = 0, .seed = 6});
  Parameters p = central(parameter_table());
  p.core_spacing_nm = 100.0;
  const std::vector<Core> cores = draw_cores(crystal, p, {.mean = 1.0, .log_sigma = 0.5}, 11);
  ASSERT_GT(cores.size(), 10U);
  std::size_t beside = 0;
  for (const Core& core : cores) {
    EXPECT_NEAR(core.radius_nm, p.core_radius_nm * std::sqrt(core.dose), 1e-12);
    double nearest = 1e9;
    for (const std::uint32_t cell : core.cells) {
      EXPECT_EQ(crystal.label[cell], core.grain);
      nearest = std::min(nearest, crystal.boundary_distance_nm[cell]);
    }
    beside += nearest < 6.0 ? 1U : 0U;
  }
  EXPECT_GT(beside, cores.size() * 7 / 10);
  EXPECT_TRUE(draw_cores(crystal, p, {}, 11).empty());  // pristine
}

TEST(Sites, have_the_stated_density_and_unit_exponential_thresholds) {
  const Polycrystal crystal = make_polycrystal({.cells = 128, .pixel_nm = 4.0, .voids = 0, .cracks = 0, .seed = 6});
  Parameters p = central(parameter_table());
  p.interior_sites_per_nm3 = 2e-6;
  const std::vector<Site> sites = draw_interior_sites(crystal, p, 3);
  const double expected = p.interior_sites_per_nm3 * crystal.solid_nm2() * p.foil_nm;
  EXPECT_NEAR(static_cast<double>(sites.size()), expected, 5.0 * std::sqrt(expected));
  double mean = 0.0;
  for (const Site& site : sites) {
    mean += site.threshold / static_cast<double>(sites.size());
  }
  EXPECT_NEAR(mean, 1.0, 5.0 / std::sqrt(static_cast<double>(sites.size())));
  for (const Site& site : draw_crossing_sites(crystal, p, 3)) {
    EXPECT_NE(crystal.label[site.a], crystal.label[site.b]);
  }
}

}  // namespace
}  // namespace hotstage::meso
