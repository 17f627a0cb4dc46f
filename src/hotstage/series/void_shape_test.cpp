// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/void_shape.hpp"

#include "hotstage/series/detail/test_voids.hpp"

#include <gtest/gtest.h>

#include <cstdio>

namespace hotstage::series {
namespace {

using detail::disc_of;
using detail::draw_voids;
using detail::DrawnVoids;
using detail::sphere_of;

std::vector<VoidShape> test(const DrawnVoids& d) {
  return test_void_shapes(d.image(), d.labels.view(), d.spots);
}

struct Tally {
  int spheres = 0;
  int discs = 0;
  int truncated = 0;
  int open = 0;
  double squares = 0.0;
  double foil_squares = 0.0;
  double bias = 0.0;
  int n = 0;

  void add(const VoidShape& v, VoidModel truth, double radius, double foil) {
    spheres += v.verdict == VoidVerdict::sphere ? 1 : 0;
    discs += v.verdict == VoidVerdict::disc ? 1 : 0;
    truncated += v.verdict == VoidVerdict::truncated ? 1 : 0;
    open += v.verdict == VoidVerdict::cannot_tell ? 1 : 0;
    const Estimate& r = v.fit(truth).radius_px;
    squares += (r.value - radius) * (r.value - radius) / (r.sigma * r.sigma);
    bias += r.value - radius;
    ++n;
    if (truth == VoidModel::sphere && v.foil_for_sphere_px) {
      const double pull = foil_pull(*v.foil_for_sphere_px, {foil, 0.0});
      foil_squares += pull * pull;
    }
  }
};

TEST(VoidShape, spheres_and_discs_are_told_apart_or_left_open) {
  constexpr std::uint64_t seeds = 6;
  for (const double radius : {6.0, 12.0}) {
    for (const double counts : {20.0, 50.0, 500.0}) {
      for (const int frames : {1, 10}) {
        Tally sphere, disc;
        for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
          const DrawnVoids d = draw_voids({sphere_of(radius, 0.4), disc_of(radius, 0.4), sphere_of(radius, 0.4)},
                                          {.counts = counts, .frames = frames, .blur_px = 1.2, .seed = seed});
          const auto shapes = test(d);
          sphere.add(shapes[0], VoidModel::sphere, radius, 2.0 * radius / 0.4);
          disc.add(shapes[1], VoidModel::disc, radius, 0.0);
          sphere.add(shapes[2], VoidModel::sphere, radius, 2.0 * radius / 0.4);
        }
        std::printf(
            "r %2.0f px, %3.0f e/px × %2d: spheres called sphere %2d disc %d truncated %d open %2d of %d, R %+.3f px, "
            "pull %.2f, foil pull %.2f; discs called disc %2d sphere %d truncated %d open %2d of %d, R %+.3f px, pull "
            "%.2f\n",
            radius, counts, frames, sphere.spheres, sphere.discs, sphere.truncated, sphere.open, sphere.n,
            sphere.bias / sphere.n, std::sqrt(sphere.squares / sphere.n), std::sqrt(sphere.foil_squares / sphere.n),
            disc.discs, disc.spheres, disc.truncated, disc.open, disc.n, disc.bias / disc.n,
            std::sqrt(disc.squares / disc.n));
        EXPECT_LE(sphere.discs, 1);
        EXPECT_LE(disc.spheres, 1);
        if (radius > 10.0 && counts * frames >= 500.0) {
          EXPECT_GE(sphere.spheres, sphere.n - 2);
          EXPECT_GE(disc.discs, disc.n - 1);
        }
      }
    }
  }
}

TEST(VoidShape, what_is_not_round_is_left_open_and_a_hexagon_is_not) {
  const detail::DrawnVoid bean{[](double y, double x) { return std::hypot(y / 7.0, x / 16.0) < 1.0 ? 0.5 : 0.0; }, 0.5};
  const detail::DrawnVoid hexagon =
      detail::prism_of({0.0, 60.0, 120.0, 180.0, -120.0, -60.0}, {12.0, 12.0, 12.0, 12.0, 12.0, 12.0}, 0.5);
  const auto v = test(draw_voids({bean, hexagon}, {.counts = 50.0, .frames = 40, .blur_px = 1.2}));
  std::printf("uneven: ellipse 7 × 16 px %.2f, hexagon of 12 px %.2f\n", v[0].uneven, v[1].uneven);
  EXPECT_EQ(v[0].verdict, VoidVerdict::cannot_tell);
  EXPECT_FALSE(v[0].why.empty());
  EXPECT_EQ(v[1].verdict, VoidVerdict::disc);
}

TEST(VoidShape, a_lone_void_has_its_own_blur) {
  const auto sphere = test(draw_voids({sphere_of(12.0, 0.5)}, {.counts = 50.0, .frames = 40, .blur_px = 1.5}));
  EXPECT_EQ(sphere[0].verdict, VoidVerdict::sphere) << sphere[0].bic_gain;
  EXPECT_NEAR(sphere[0].fit(VoidModel::sphere).blur_px, 1.5, 0.4);
  const auto disc = test(draw_voids({disc_of(12.0, 0.5)}, {.counts = 50.0, .frames = 40, .blur_px = 1.5}));
  EXPECT_EQ(disc[0].verdict, VoidVerdict::disc) << disc[0].bic_gain;
}

TEST(VoidShape, a_cap_at_the_surface_is_neither_sphere_nor_disc) {
  // A sphere of 20 px whose centre lies 12 px above the surface: a pit of 16 px radius.
  const detail::DrawnVoid cap{[](double y, double x) {
                                const double h = 400.0 - y * y - x * x;
                                return h > 144.0 ? 0.4 * (std::sqrt(h) - 12.0) / 8.0 : 0.0;
                              },
                              0.4};
  const auto v = test(
      draw_voids({cap, sphere_of(12.0, 0.4), sphere_of(14.0, 0.5)}, {.counts = 500.0, .frames = 40, .blur_px = 1.2}));
  EXPECT_EQ(v[0].verdict, VoidVerdict::truncated);
  EXPECT_LT(v[0].fit(VoidModel::truncated).cut, 0.0);
  EXPECT_EQ(v[1].verdict, VoidVerdict::sphere);
}

TEST(VoidShape, the_foil_decides_between_a_sphere_and_a_lens) {
  // 2 R = 24 px in a foil of 60 px leaves 0.4 missing; 0.2 is a lens, 0.8 a cigar.
  const auto v = test(draw_voids({sphere_of(12.0, 0.4), sphere_of(12.0, 0.2), sphere_of(12.0, 0.8)},
                                 {.counts = 50.0, .frames = 40, .blur_px = 1.2}));
  const Estimate foil{60.0, 3.0};
  EXPECT_LT(std::abs(foil_pull(*v[0].foil_for_sphere_px, foil)), 3.0);
  EXPECT_GT(foil_pull(*v[1].foil_for_sphere_px, foil), 5.0);
  EXPECT_LT(foil_pull(*v[2].foil_for_sphere_px, foil), -5.0);
}

TEST(VoidShape, spots_without_surroundings_are_refused_with_the_reason) {
  DrawnVoids d = draw_voids({disc_of(10.0, 0.5), disc_of(2.0, 0.5), disc_of(10.0, 0.5)}, {});
  d.spots[2].kind = DarkKind::crack;
  for (std::size_t y = 0; y < 80; ++y) {
    for (std::size_t x = 0; x < 80; ++x) {
      std::int32_t& label = d.labels.view()(y, x);
      label = label == 1 && std::hypot(double(y) - 40.0, double(x) - 40.0) > 14.0 ? 2 : label;
    }
  }
  const auto v = test(d);
  for (const VoidShape& of : v) {
    EXPECT_EQ(of.verdict, VoidVerdict::refused);
    EXPECT_FALSE(of.why.empty());
  }
}

}  // namespace
}  // namespace hotstage::series
