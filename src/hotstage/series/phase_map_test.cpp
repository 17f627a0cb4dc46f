// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/phase_map.hpp"

#include "hotstage/num/statistics.hpp"
#include "hotstage/series/detail/phase_likelihood.hpp"
#include "hotstage/series/detail/test_columns.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <numbers>

namespace hotstage::series {
namespace {

constexpr double pixel_A = 0.25;

/// Columns of a phase seen along <110>cub ∥ [100]hex, turned by an angle. a: conventional cubic cell of the metal
/// sublattice; the layered one has its own cell 2.816, 14.054 Å.
detail::ColumnScene scene_of(CathodePhase phase, double angle_deg, double counts, std::uint64_t seed) {
  detail::ColumnScene s{.rows = 240, .columns = 240, .counts = counts, .seed = seed};
  s.width_px = 0.5 / pixel_A;
  s.background = 2.0;  // of a column's peak: a thick specimen
  const double turn = angle_deg * std::numbers::pi / 180.0;
  const auto place = [&](double along_A, double up_A) {
    return Planar{(along_A * std::sin(turn) + up_A * std::cos(turn)) / pixel_A,
                  (along_A * std::cos(turn) - up_A * std::sin(turn)) / pixel_A};
  };
  switch (phase) {
    case CathodePhase::layered: {
      const double b = 2.816 * std::sqrt(0.75);
      s.a1 = place(b, 0.0);
      s.a2 = place(b / 3.0, 14.054 / 3.0);
      s.basis = {{0.0, 0.0, 1.0}};
      break;
    }
    case CathodePhase::spinel: {
      // Fd-3m, 8a (0 0 0), 16d (5/8 5/8 5/8): columns along [110] in the cell (a/√2 along [1-10], a along [001]),
      // strength = atoms per a/√2.
      const double a = 8.084;
      s.a1 = place(a / std::numbers::sqrt2, 0.0);
      s.a2 = place(0.0, a);
      s.basis.clear();
      const std::array<std::array<double, 3>, 6> sites{{{0.0, 0.0, 0.0},
                                                        {0.25, 0.25, 0.25},
                                                        {0.625, 0.625, 0.625},
                                                        {0.625, 0.875, 0.875},
                                                        {0.875, 0.625, 0.875},
                                                        {0.875, 0.875, 0.625}}};
      for (const auto& f :
           std::array<std::array<double, 3>, 4>{{{0, 0, 0}, {0, 0.5, 0.5}, {0.5, 0, 0.5}, {0.5, 0.5, 0}}}) {
        for (const auto& p : sites) {
          // [1-10]/2 is one cell along: x − y in units of it, modulo 1. Every atom of the cubic cell projects into two
          // of these cells.
          const double u = (p[0] + f[0]) - (p[1] + f[1]);
          const double v = p[2] + f[2];
          s.basis.push_back({u - std::floor(u), v - std::floor(v), 0.5});
        }
      }
      break;
    }
    default: {
      const double a = phase == CathodePhase::metal ? 3.545 : 4.261;
      s.a1 = place(a / std::numbers::sqrt2, 0.0);
      s.a2 = place(0.5 * a / std::numbers::sqrt2, 0.5 * a);
      break;
    }
  }
  return s;
}

TEST(PhaseMap, tells_four_phases_and_says_when_it_cannot) {
  hotstage::Run run;
  run.threads = 2;
  for (const double counts : {0.5, 2.0, 5.0, 20.0, 50.0, 500.0}) {
    std::array<std::array<int, 5>, 4> confusion{};
    for (std::size_t p = 0; p < 4; ++p) {
      for (std::uint64_t seed = 1; seed <= 3; ++seed) {
        const auto phase = static_cast<CathodePhase>(p);
        const Buffer<float, 2> image =
            detail::column_image(scene_of(phase, 17.0 + 49.0 * static_cast<double>(seed), counts, seed));
        const PhaseMap map = map_phases(image.view(), {pixel_A, pixel_A}, {}, {}, run);
        for (const PhaseCell& cell : map.cells) {
          ++confusion[p][static_cast<std::size_t>(cell.phase)];
        }
      }
    }
    std::printf("  %g counts: rows layered, spinel, rock salt, metal; last column not told\n", counts);
    int wrong = 0;
    int right = 0;
    int all = 0;
    for (std::size_t p = 0; p < 4; ++p) {
      for (std::size_t q = 0; q < 5; ++q) {
        std::printf(" %5d", confusion[p][q]);
        wrong += q < 4 && q != p ? confusion[p][q] : 0;
        right += q == p ? confusion[p][q] : 0;
        all += confusion[p][q];
      }
      std::printf("\n");
    }
    // What is told at 95 % may be wrong in 1 of 20.
    EXPECT_LE(wrong, all / 20) << counts;
    if (counts >= 20.0) {
      EXPECT_GE(right, all * 95 / 100) << counts;
    }
  }
}

TEST(PhaseMap, noise_and_an_empty_field_are_not_told) {
  hotstage::Run run;
  detail::ColumnScene scene = scene_of(CathodePhase::layered, 10.0, 50.0, 3);
  scene.contrast = 0.0;
  const Buffer<float, 2> image = detail::column_image(scene);
  std::size_t told = 0;
  const PhaseMap map = map_phases(image.view(), {pixel_A, pixel_A}, {}, {}, run);
  for (const PhaseCell& cell : map.cells) {
    told += cell.phase != CathodePhase::not_told ? 1U : 0U;
  }
  EXPECT_LE(told, map.cells.size() / 50);
  EXPECT_THROW((void)map_phases(image.view(), {1.2, 1.2}, {}, {}, run), Error);
  EXPECT_THROW((void)map_phases(image.view(), {0.02, 0.02}, {}, {}, run), Error);
}

TEST(PhaseMap, strain_by_both_methods_and_equal_on_any_number_of_threads) {
  // A rock salt image whose lattice is stretched by 2 % along x in its right half.
  detail::ColumnScene scene = scene_of(CathodePhase::rock_salt, 0.0, 300.0, 5);
  scene.rows = 300;
  scene.columns = 150;
  const Buffer<float, 2> left = detail::column_image(scene);
  scene.a1.x *= 1.02;
  scene.a2.x *= 1.02;
  const Buffer<float, 2> right = detail::column_image(scene);
  Buffer<float, 2> image({300, 300});
  for (std::size_t y = 0; y < 300; ++y) {
    for (std::size_t x = 0; x < 300; ++x) {
      image.view()(y, x) = x < 150 ? left.view()(y, x) : right.view()(y, x - 150);
    }
  }
  hotstage::Run one;
  hotstage::Run two;
  two.threads = 2;
  const PhaseMapOptions options{.window = 2.5 * units::nm, .step = 0.2};
  const PhaseMap map = map_phases(image.view(), {pixel_A, pixel_A}, options, {0, 0, 300, 100}, one);
  const PhaseMap again = map_phases(image.view(), {pixel_A, pixel_A}, options, {0, 0, 300, 100}, two);
  std::vector<double> fit, gpa;
  for (std::size_t i = 0; i < map.cells.size(); ++i) {
    EXPECT_EQ(map.cells[i].a_A, again.cells[i].a_A);
    const Planar p = map.grid.centre(i / map.grid.columns, i % map.grid.columns);
    if (p.x > 210.0 && map.cells[i].strain && map.cells[i].phase_strain) {
      fit.push_back(map.cells[i].strain->xx);
      gpa.push_back(map.cells[i].phase_strain->xx);
    }
  }
  ASSERT_GT(fit.size(), 5U);
  std::printf("  strain of 2 %%: local fit %.4f ± %.4f, phases %.4f ± %.4f\n", num::mean(fit),
              num::standard_deviation(fit), num::mean(gpa), num::standard_deviation(gpa));
  EXPECT_NEAR(num::mean(fit), 0.02, 0.002);
  EXPECT_NEAR(num::mean(gpa), 0.02, 0.002);
}

TEST(PhaseMap, bessel_function_against_its_series) {
  EXPECT_NEAR(detail::log_bessel_i0(1.0), std::log(1.2660658777520084), 1e-12);
  EXPECT_NEAR(detail::log_bessel_i0(29.9), detail::log_bessel_i0(30.1) - 0.2 * (1.0 - 0.5 / 30.0), 1e-4);
}

}  // namespace
}  // namespace hotstage::series
