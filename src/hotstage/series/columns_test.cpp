// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/columns.hpp"

#include "hotstage/num/statistics.hpp"
#include "hotstage/series/detail/test_columns.hpp"
#include "hotstage/series/lattice_fit.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

namespace hotstage::series {
namespace {

/// Cramér–Rao bound of the place of one column: 1/Σ (∂m/∂x)²/m over the pixels of the fit.
double bound(double peak, double background, double width, double radius) {
  double information = 0.0;
  for (int y = -20; y <= 20; ++y) {
    for (int x = -20; x <= 20; ++x) {
      if (std::hypot(y, x) <= radius) {
        const double bump = peak * std::exp(-0.5 * (x * x + y * y) / (width * width));
        const double slope = bump * x / (width * width);
        information += slope * slope / (bump + background);
      }
    }
  }
  return 1.0 / std::sqrt(information);
}

TEST(AtomColumns, places_reach_the_bound_and_know_their_uncertainty) {
  hotstage::Run run;
  run.threads = 2;
  for (const double counts : {20.0, 100.0, 500.0}) {
    detail::ColumnScene scene{.rows = 260, .columns = 260, .a1 = {0.4, 15.3}, .a2 = {15.1, 1.1}, .counts = counts};
    scene.width_px = 2.5;
    const Buffer<float, 2> image = detail::column_image(scene);
    const ColumnSet set = find_columns(image.view(), 14.0, {}, run);
    const std::array<Planar, 2> g = detail::reciprocal_of(scene.a1, scene.a2);
    std::vector<double> errors, pulls;
    for (const AtomColumn& c : set.columns) {
      const double u = dot(c.place, g[0]);
      const double v = dot(c.place, g[1]);
      const Planar away = combine(u - std::round(u), scene.a1, v - std::round(v), scene.a2);
      errors.insert(errors.end(), {away.y, away.x});
      pulls.insert(pulls.end(), {away.y / c.sigma_y, away.x / c.sigma_x});
    }
    // Mean of the scene is 1 before scaling: background plus the columns' share.
    const double share = 2.0 * 3.14159265 * 2.5 * 2.5 / (15.3 * 15.1 - 0.4 * 1.1);
    const double peak = counts / (0.35 + share);
    const double lowest = bound(peak, 0.35 * peak, 2.5, 0.6 * 14.0);
    const double rms = num::standard_deviation(errors);
    std::printf("  %g counts: %zu columns, rms %.4f px, bound %.4f, pull %.2f, width %.3f px\n", counts,
                set.columns.size(), rms, lowest, num::standard_deviation(pulls), set.width_px);
    EXPECT_GT(set.columns.size(), 220U);  // 17 × 17 less the rim
    EXPECT_LT(rms, 1.15 * lowest);
    EXPECT_NEAR(num::standard_deviation(pulls), 1.0, 0.12);
    EXPECT_NEAR(num::mean(errors), 0.0, 4.0 * rms / std::sqrt(static_cast<double>(errors.size())));
    EXPECT_NEAR(set.width_px, 2.5, 0.1);
  }
}

TEST(AtomColumns, sublattices_by_brightness) {
  hotstage::Run run;
  detail::ColumnScene scene{.rows = 256, .columns = 256, .a1 = {0.4, 24.3}, .a2 = {24.1, 1.1}, .counts = 100.0};
  scene.basis = {{0.0, 0.0, 1.0}, {0.5, 0.5, 0.4}};
  const Buffer<float, 2> image = detail::column_image(scene);
  ColumnSet set = find_columns(image.view(), 14.0, {}, run);
  assign_sublattices(set, fit_lattice(image.view(), {}), 14.0);
  std::array<std::vector<double>, 3> amplitude;
  for (const AtomColumn& c : set.columns) {
    ASSERT_LE(c.sublattice, 2);
    amplitude[static_cast<std::size_t>(c.sublattice)].push_back(c.amplitude.value);
  }
  EXPECT_TRUE(amplitude[0].empty());
  EXPECT_NEAR(num::mean(amplitude[2]) / num::mean(amplitude[1]), 0.4, 0.01);
}

TEST(AtomColumns, filling_of_the_lithium_layers) {
  hotstage::Run run;
  constexpr double pixel_A = 0.2;
  const double b = 2.816 * std::sqrt(0.75);
  for (const double filled : {0.0, 0.15, 0.5, 1.0}) {
    detail::ColumnScene scene{.rows = 256, .columns = 256, .counts = 50.0};
    scene.width_px = 0.5 / pixel_A;
    scene.a1 = {0.0, b / pixel_A};
    scene.a2 = {14.054 / 3.0 / pixel_A, b / 3.0 / pixel_A};
    scene.basis = {{0.0, 0.0, 1.0}, {0.5, 0.5, filled}};
    const Buffer<float, 2> image = detail::column_image(scene);
    const ImageLattice lattice = fit_lattice(image.view(), {});
    const ColumnSet set = find_columns(image.view(), 2.3 / pixel_A, {}, run);
    const std::optional<LayerRatio> ratio = layer_ratio(image.view(), set, lattice, {pixel_A, pixel_A});
    ASSERT_TRUE(ratio.has_value());
    std::printf("  filled %.2f: ratio %.4f ± %.4f, spacing %.2f Å, %zu sites without a column\n", filled,
                ratio->ratio.value, ratio->ratio.sigma, ratio->spacing_A, ratio->predicted);
    EXPECT_NEAR(ratio->ratio.value, filled, 4.0 * ratio->ratio.sigma + 0.02);
    EXPECT_LT(ratio->ratio.sigma, 0.03);
  }
}

TEST(AtomColumns, says_when_there_are_none) {
  hotstage::Run run;
  detail::ColumnScene scene{.rows = 128, .columns = 128, .a1 = {0.0, 15.0}, .a2 = {15.0, 0.0}, .counts = 20.0};
  scene.contrast = 0.0;
  const Buffer<float, 2> image = detail::column_image(scene);
  EXPECT_THROW((void)find_columns(image.view(), 14.0, {.min_snr = 8.0}, run), Error);
  EXPECT_THROW((void)find_columns(image.view(), 1.0, {}, run), Error);
}

}  // namespace
}  // namespace hotstage::series
