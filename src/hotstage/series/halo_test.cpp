// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/halo.hpp"

#include "hotstage/core/rng.hpp"
#include "hotstage/num/statistics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace hotstage::series {
namespace {

constexpr std::size_t edge = 256;
constexpr double frames = 12.0;
constexpr double electrons = 22.0;

/// Two grains, three voids of 14 px; a loss around the first one, and a bend contour that moves between the images.
struct HaloScene {
  double loss = 0.0;     ///< of the brightness from the wall to 1.7 radii
  double contour = 0.0;  ///< amplitude of a Gaussian ridge, 60 px wide
  std::vector<DarkSpot> spots{{.y_px = 70.0, .x_px = 60.0, .radius_px = 14.0, .grain = 1},
                              {.y_px = 190.0, .x_px = 60.0, .radius_px = 14.0, .grain = 1},
                              {.y_px = 120.0, .x_px = 200.0, .radius_px = 14.0, .grain = 2}};

  [[nodiscard]] static int grain(std::size_t x) { return x < 130 ? 1 : 2; }

  [[nodiscard]] double brightness(std::size_t y, std::size_t x, double loss_now, double ridge_x) const {
    double out = grain(x) == 1 ? 1.1 : 0.9;
    for (std::size_t i = 0; i < spots.size(); ++i) {
      const double d = std::hypot(static_cast<double>(y) - spots[i].y_px, static_cast<double>(x) - spots[i].x_px);
      out *= d < spots[i].radius_px ? 0.05 : 1.0;
      out *= i == 0 && d >= spots[i].radius_px && d < 1.7 * spots[i].radius_px ? 1.0 - loss_now : 1.0;
    }
    constexpr double width = 25.0;
    const double off = (static_cast<double>(x) + 0.3 * static_cast<double>(y) - ridge_x) / width;
    return out * (1.0 - contour * std::exp(-0.5 * off * off));
  }

  [[nodiscard]] MeanImage image(double loss_now, double ridge_x, std::uint64_t seed) const {
    MeanImage out{Buffer<float, 2>({edge, edge}), Buffer<float, 2>({edge, edge})};
    for (std::size_t y = 0; y < edge; ++y) {
      Rng rng(seed, 20, y);
      for (std::size_t x = 0; x < edge; ++x) {
        const double mean = frames * electrons * brightness(y, x, loss_now, ridge_x);
        out.mean.view()(y, x) = static_cast<float>(static_cast<double>(rng.poisson(mean)) / frames);
        out.n_averaged.view()(y, x) = static_cast<float>(frames);
      }
    }
    return out;
  }

  [[nodiscard]] Buffer<std::int32_t, 2> labels() const {
    Buffer<std::int32_t, 2> out({edge, edge});
    for (std::size_t y = 0; y < edge; ++y) {
      for (std::size_t x = 0; x < edge; ++x) {
        bool hole = false;
        for (const DarkSpot& s : spots) {
          hole = hole || std::hypot(static_cast<double>(y) - s.y_px, static_cast<double>(x) - s.x_px) < s.radius_px;
        }
        out.view()(y, x) = hole ? 0 : grain(x);
      }
    }
    return out;
  }

  [[nodiscard]] std::vector<Halo> measure(std::uint64_t seed) const {
    const MeanImage early = image(0.0, 60.0, 2 * seed);
    const MeanImage late = image(loss, 110.0, 2 * seed + 1);
    const Buffer<std::int32_t, 2> map = labels();
    HaloOptions options;
    options.shams = 60;
    std::vector<Halo> out;
    for (const DarkSpot& spot : spots) {
      out.push_back(measure_halo({early, late, map.view(), spots}, spot, options));
    }
    return out;
  }
};

TEST(Halo, present_one_is_found_with_its_size) {
  HaloScene scene;
  scene.loss = 0.04;
  std::vector<double> pulls, significance;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const std::vector<Halo> found = scene.measure(seed);
    ASSERT_TRUE(found[0].measured);
    pulls.push_back((found[0].deficit - scene.loss) / found[0].sigma);
    significance.push_back(found[0].significance());
  }
  std::printf("halo of 4 %%: pull %.2f ± %.2f, significance %.1f (least %.1f)\n", num::mean(pulls),
              num::standard_deviation(pulls), num::mean(significance), num::quantile(significance, 0.0));
  constexpr double three_errors = 3.0 / 3.4641;  // of a mean of 12
  EXPECT_LT(std::abs(num::mean(pulls)), three_errors);
  EXPECT_LT(num::standard_deviation(pulls), 1.7);
  EXPECT_GT(num::quantile(significance, 0.0), 3.0);
}

TEST(Halo, absent_one_is_not_found) {
  for (const double contour : {0.0, 0.1}) {
    HaloScene scene;
    scene.contour = contour;
    std::vector<double> significance;
    std::size_t alarms = 0;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
      for (const Halo& halo : scene.measure(seed)) {
        ASSERT_TRUE(halo.measured);
        significance.push_back(halo.significance());
        alarms += halo.significance() > 3.0 ? 1U : 0U;
      }
    }
    std::printf("no halo, contour %.0f %%: %zu voids, significance %.2f ± %.2f, %zu beyond 3\n", 100.0 * contour,
                significance.size(), num::mean(significance), num::standard_deviation(significance), alarms);
    // 120 voids: the mean is known to 0.09, the spread to 0.065; 0.16 alarms are expected.
    EXPECT_LT(std::abs(num::mean(significance)), contour > 0.0 ? 1.0 : 0.3);
    EXPECT_LT(num::standard_deviation(significance), 1.2);
    EXPECT_LE(alarms, 2U);
    if (contour == 0.0) {
      EXPECT_GT(num::standard_deviation(significance), 0.7);
    }
  }
}

TEST(Halo, windows_end_before_the_first_change_and_begin_after_the_last) {
  BlockGrid grid{.rows = 16, .columns = 16, .block_px = 8, .frames = 100};
  grid.covered.assign(256, 1);
  grid.grain.assign(256, 1);
  ChangeMap changes;
  changes.points.resize(256);
  for (std::size_t b = 0; b < 256; ++b) {
    const double at = 50.0 + static_cast<double>(b % 16);
    changes.points[b] = {
        .found = true, .width = 0.5, .at = {at - 1.0, at, at}, .sigma = {0.5, 0.5, 0.5}, .completed = at + 1.0};
  }
  const DarkSpot spot{.y_px = 64.0, .x_px = 64.0, .radius_px = 8.0, .grain = 1};
  const HaloWindows windows = halo_windows(grid, changes, spot, {});
  EXPECT_GT(windows.before.last, 40U);
  EXPECT_LE(windows.before.last, 52U);
  EXPECT_EQ(windows.before.last - windows.before.first, 12U);
  EXPECT_EQ(windows.after.first, 88U);
  changes.points.assign(256, {.found = true, .at = {9.0, 10.0, 10.0}, .completed = 95.0});
  const HaloWindows none = halo_windows(grid, changes, spot, {});
  EXPECT_TRUE(none.before.empty());
  EXPECT_TRUE(none.after.empty());
}

TEST(Halo, expected_deficit_is_the_light_of_the_particle_over_the_area) {
  VoidTrack track{.brightness_px2 = std::vector<double>(60, 0.0)};
  std::fill(track.brightness_px2.begin() + 40, track.brightness_px2.end(), 20.0);
  const DarkSpot spot{.radius_px = 20.0};
  const Estimate e = expected_deficit(track, spot, {.first = 45, .last = 57}, {});
  EXPECT_NEAR(e.value, 20.0 / (std::numbers::pi * 400.0 * (1.7 * 1.7 - 1.0)), 1e-9);
}

}  // namespace
}  // namespace hotstage::series
