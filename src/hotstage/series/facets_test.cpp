// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/facets.hpp"

#include "hotstage/series/detail/test_voids.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

namespace hotstage::series {
namespace {

using detail::disc_of;
using detail::draw_voids;
using detail::DrawnVoid;
using detail::prism_of;
using detail::sphere_of;

/// Not regular: sides of different length, no two normals at the same distance.
const std::vector<double> normals{7.0, 67.0, 127.0, -173.0, -113.0, -53.0};
const std::vector<double> distances{11.0, 12.5, 11.5, 12.0, 11.0, 12.0};

TEST(Facets, normals_of_a_hexagon_are_found_with_honest_sigma) {
  constexpr std::uint64_t seeds = 3;
  for (const double counts : {20.0, 50.0, 500.0}) {
    for (const int frames : {1, 40}) {
      int polygons = 0, six = 0;
      double squares = 0.0, pulls = 0.0, angle_pulls = 0.0;
      int n = 0;
      for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        const auto d = draw_voids({prism_of(normals, distances, 0.5)},
                                  {.counts = counts, .frames = frames, .blur_px = 1.0, .seed = seed});
        const VoidOutline o = fit_outlines(d.image(), d.labels.view(), d.spots)[0];
        polygons += o.kind == OutlineKind::polygon ? 1 : 0;
        if (o.kind != OutlineKind::polygon || o.facets.size() != 6) {
          continue;
        }
        ++six;
        for (std::size_t k = 0; k < 6; ++k) {
          const Facet& f = o.facets[k];
          double miss = 180.0;
          for (const double truth : normals) {
            const double m = std::remainder(f.normal_deg.value - truth, 360.0);
            miss = std::abs(m) < std::abs(miss) ? m : miss;
          }
          squares += miss * miss;
          pulls += miss * miss / (f.normal_deg.sigma * f.normal_deg.sigma);
          angle_pulls += std::pow((o.angles_deg[k].value - 60.0) / o.angles_deg[k].sigma, 2);
          ++n;
        }
      }
      std::printf(
          "hexagon 12 px, %3.0f e/px × %2d: polygon in %d, six facets in %d of %d; normals %.2f° rms, pull %.2f, "
          "angles between pull %.2f\n",
          counts, frames, polygons, six, static_cast<int>(seeds), n > 0 ? std::sqrt(squares / n) : 0.0,
          n > 0 ? std::sqrt(pulls / n) : 0.0, n > 0 ? std::sqrt(angle_pulls / n) : 0.0);
      if (counts * frames >= 500.0) {
        EXPECT_EQ(six, 3);
        EXPECT_LT(std::sqrt(squares / n), 4.0);
        EXPECT_LT(std::sqrt(pulls / n), 1.6);
      }
    }
  }
}

TEST(Facets, round_voids_have_none) {
  constexpr std::uint64_t seeds = 3;
  for (const double counts : {20.0, 50.0, 500.0}) {
    for (const int frames : {1, 40}) {
      int claimed = 0, open = 0, n = 0;
      for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        const DrawnVoid oval{[](double y, double x) { return std::hypot(y / 10.0, x / 13.0) < 1.0 ? 0.5 : 0.0; }, 0.5};
        const auto d = draw_voids({disc_of(12.0, 0.5), sphere_of(12.0, 0.5), oval, disc_of(6.0, 0.5)},
                                  {.counts = counts, .frames = frames, .blur_px = 1.0, .seed = seed});
        for (const VoidOutline& o : fit_outlines(d.image(), d.labels.view(), d.spots)) {
          claimed += o.kind == OutlineKind::polygon ? 1 : 0;
          open += o.kind == OutlineKind::open ? 1 : 0;
          ++n;
        }
      }
      std::printf("round voids, %3.0f e/px × %2d: facets claimed on %d, cannot tell %d of %d\n", counts, frames,
                  claimed, open, n);
      EXPECT_LE(claimed, 1);
    }
  }
}

TEST(Facets, a_rhombus_and_a_triangle_have_their_sides) {
  const auto d = draw_voids({prism_of({35.2, 144.8, -35.2, -144.8}, {11.0, 11.0, 11.0, 11.0}, 0.5),
                             prism_of({90.0, -30.0, -150.0}, {9.0, 9.0, 9.0}, 0.5)},
                            {.counts = 50.0, .frames = 40, .blur_px = 1.0});
  const auto o = fit_outlines(d.image(), d.labels.view(), d.spots);
  ASSERT_EQ(o[0].facets.size(), 4U);
  ASSERT_EQ(o[1].facets.size(), 3U);
  for (const Estimate& angle : o[1].angles_deg) {
    EXPECT_NEAR(angle.value, 120.0, 4.0 * angle.sigma + 0.5);
  }
}

}  // namespace
}  // namespace hotstage::series
