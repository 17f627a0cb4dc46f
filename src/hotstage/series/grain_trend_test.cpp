// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/grain_trend.hpp"

#include "hotstage/core/rng.hpp"
#include "hotstage/series/detail/survival.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <functional>
#include <numbers>

namespace hotstage::series {
namespace {

struct Drawn {
  Buffer<float, 2> mean{{180, 200}};
  Buffer<float, 2> n{{180, 200}};
  Buffer<std::int32_t, 2> labels{{180, 200}};

  [[nodiscard]] GrainImage image() const { return {mean.view(), n.view()}; }
};

/// Two grains side by side (x < 110: 1), a void in the first; brightness of each as a function of y, x.
Drawn draw(const std::function<double(double y, double x)>& brightness, double counts, int frames, std::uint64_t seed) {
  Drawn d;
  Rng rng(seed, 7, 0);
  for (std::size_t y = 0; y < 180; ++y) {
    for (std::size_t x = 0; x < 200; ++x) {
      const double fy = static_cast<double>(y);
      const double fx = static_cast<double>(x);
      const bool hole = std::hypot(fy - 60.0, fx - 50.0) < 14.0;
      const double level = (x < 110 ? 1.0 : 0.8) * brightness(fy, fx) * (hole ? 0.4 : 1.0);
      d.labels.view()(y, x) = hole ? 0 : x < 110 ? 1 : 2;
      d.n.view()(y, x) = static_cast<float>(frames);
      d.mean.view()(y, x) = static_cast<float>(static_cast<double>(rng.poisson(counts * frames * level)) / frames);
    }
  }
  return d;
}

/// Stationary texture of unit rms whose autocorrelation is a Gaussian of 5 px.
std::function<double(double, double)> texture(std::uint64_t seed) {
  Rng rng(seed, 8, 0);

  struct Wave {
    double ky, kx, phase;
  };

  std::vector<Wave> waves;
  constexpr int count = 40;
  constexpr double length_px = 5.0;
  for (int i = 0; i < count; ++i) {
    const double ky = rng.normal() / length_px;
    const double kx = rng.normal() / length_px;
    waves.push_back({ky, kx, 2.0 * std::numbers::pi * rng.uniform()});
  }
  return [waves](double y, double x) {
    double sum = 0.0;
    for (const Wave& w : waves) {
      sum += std::cos(w.ky * y + w.kx * x + w.phase);
    }
    return sum * std::sqrt(2.0 / count);
  };
}

TEST(GrainTrend, a_wedge_is_recovered_with_its_direction) {
  const Drawn d = draw([](double y, double x) { return 1.0 + 0.001 * (x - 55.0) + 0.0005 * (y - 90.0); }, 200.0, 10, 1);
  const auto trends = grain_trends(d.image(), d.labels.view());
  ASSERT_EQ(trends.size(), 2U);
  EXPECT_EQ(trends[0].kind, TrendKind::plane);
  EXPECT_NEAR(trends[0].slope_x.value, 0.001, 5.0 * trends[0].slope_x.sigma);
  EXPECT_NEAR(trends[0].slope_y.value, 0.0005, 5.0 * trends[0].slope_y.sigma);
  EXPECT_LT(trends[0].slope_x.sigma, 0.00005);
  EXPECT_NEAR(trends[0].direction_deg.value, 26.6, 5.0 * trends[0].direction_deg.sigma);
  // No texture was drawn: σ is that of counting.
  EXPECT_NEAR(trends[0].slope_x.sigma / trends[0].counting_sigma_x, 1.0, 0.35);
}

TEST(GrainTrend, pulls_of_the_slope_are_normal_and_flat_grains_are_flat) {
  for (const auto& [counts, rms] : {std::pair{20.0, 0.0}, {50.0, 0.0}, {500.0, 0.0}, {20.0, 0.03}, {500.0, 0.03}}) {
    double squares = 0.0;
    int n = 0, steep = 0, curved = 0;
    constexpr std::uint64_t seeds = 60;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      const auto fine = texture(seed);
      const Drawn d =
          draw([&, r = rms](double y, double x) { return r > 0.0 ? 1.0 + r * fine(y, x) : 1.0; }, counts, 4, seed);
      for (const GrainTrend& t : grain_trends(d.image(), d.labels.view())) {
        for (const Estimate& s : {t.slope_x, t.slope_y}) {
          squares += s.value * s.value / (s.sigma * s.sigma);
          ++n;
        }
        steep += t.p_flat < 0.01 ? 1 : 0;
        curved += t.kind == TrendKind::curved ? 1 : 0;
      }
    }
    const double pull = std::sqrt(squares / n);
    std::printf("%3.0f e/px × 4, texture %.0f %%: pull %.2f, flat grains with slope %d, curved %d of %d\n", counts,
                100.0 * rms, pull, steep, curved, n / 2);
    EXPECT_NEAR(pull, 1.0, 0.25);
    // 1 % by definition; a texture that is correlated over blocks leaves few independent ones, whose σ is rough.
    const int most = (rms > 0.0 ? 10 : 3) * n / 2 / 100 + 2;
    EXPECT_LE(steep, most);
    EXPECT_LE(curved, most);
  }
}

TEST(GrainTrend, a_bend_contour_is_no_plane) {
  int curved = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Drawn d =
        draw([](double y, double x) { return 1.0 - 0.15 * std::exp(-0.5 * std::pow((x + 0.4 * y - 95.0) / 14.0, 2)); },
             50.0, 10, seed);
    curved += grain_trends(d.image(), d.labels.view())[0].kind == TrendKind::curved ? 1 : 0;
  }
  EXPECT_GE(curved, 19);
}

TEST(GrainTrend, small_grains_and_other_shapes_are_refused) {
  Drawn d = draw([](double, double) { return 1.0; }, 50.0, 10, 1);
  for (std::size_t i = 0; i < 20; ++i) {
    d.labels.view()(10 + i / 5, 150 + i % 5) = 3;
  }
  const auto trends = grain_trends(d.image(), d.labels.view());
  ASSERT_EQ(trends.size(), 3U);
  EXPECT_EQ(trends[2].kind, TrendKind::too_small);
  const Buffer<std::int32_t, 2> other({10, 10});
  EXPECT_THROW((void)grain_trends(d.image(), other.view()), Error);
}

TEST(Survival, tails_are_those_of_the_tables) {
  EXPECT_NEAR(detail::chi2_survival(3.841, 1), 0.05, 1e-4);
  EXPECT_NEAR(detail::chi2_survival(7.815, 3), 0.05, 1e-4);
  EXPECT_NEAR(detail::chi2_survival(12.592, 6), 0.05, 1e-4);
  EXPECT_NEAR(detail::chi2_survival(14.067, 7), 0.05, 1e-4);
  EXPECT_NEAR(detail::f_survival(3.098, 3, 20.0), 0.05, 0.002);
  EXPECT_NEAR(detail::f_survival(5.390, 3, 60.0), 0.0024, 0.0005);
}

}  // namespace
}  // namespace hotstage::series
