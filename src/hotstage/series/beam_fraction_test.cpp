// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/beam_fraction.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/core/rng.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace hotstage::series {
namespace {

constexpr std::size_t rows = 200;
constexpr std::size_t columns = 220;
constexpr double black = 300.0;
constexpr double noise = 4.0;

/// A ring of 30 … 80 px around (95, 110); `slope` of the response along x, relative per px, `fall` per px of radius.
Buffer<float, 2> ring(double slope, double fall, double span = 5000.0) {
  Buffer<float, 2> out({rows, columns});
  for (std::size_t y = 0; y < rows; ++y) {
    for (std::size_t x = 0; x < columns; ++x) {
      const double dy = static_cast<double>(y) - 95.0;
      const double dx = static_cast<double>(x) - 110.0;
      const double r = std::hypot(dy, dx);
      const double response = r >= 30.0 && r <= 80.0 ? 1.0 + slope * dx + fall * (r - 55.0) : 0.0;
      Rng rng(7, y, x);
      out.view()(y, x) = static_cast<float>(black + span * response + noise * rng.normal());
    }
  }
  return out;
}

TEST(BeamFraction, an_even_detector_gives_its_levels_and_no_asymmetry) {
  const Buffer<float, 2> scan = ring(0.0, 0.0);
  const DetectorScan d = read_detector_scan(scan.view());
  constexpr double counting = 5.0;  // standard errors
  EXPECT_NEAR(d.black.value, black, counting * d.black.sigma);
  EXPECT_NEAR(d.full.value, black + 5000.0, counting * d.full.sigma);
  EXPECT_LT(d.full_model, 0.5);
  EXPECT_LT(d.asymmetry(), 1e-3);
  EXPECT_NEAR(d.y_px, 95.0, 0.05);
  EXPECT_NEAR(d.x_px, 110.0, 0.05);
  EXPECT_EQ(d.edge_px, 0U);
}

TEST(BeamFraction, a_lopsided_detector_says_by_how_much) {
  const double slope = 0.001;
  const Buffer<float, 2> scan = ring(slope, 0.0);
  const DetectorScan d = read_detector_scan(scan.view());
  // Mean of dx over an octant next to +x: mean radius of the ring's area × sin(π/4)/(π/4).
  const double radius = 2.0 / 3.0 * (80.0 * 80.0 * 80.0 - 30.0 * 30.0 * 30.0) / (80.0 * 80.0 - 30.0 * 30.0);
  const double lever = radius * std::sin(0.7853982) / 0.7853982;
  constexpr double of_pixels = 0.02;
  EXPECT_NEAR(d.asymmetry(), 2.0 * slope * lever, of_pixels * 2.0 * slope * lever);
  EXPECT_NEAR(d.octant[0], 1.0 + slope * lever, of_pixels * slope * lever);
}

TEST(BeamFraction, a_response_that_falls_outwards_is_an_uncertainty_of_the_full_level) {
  const Buffer<float, 2> scan = ring(0.0, -0.004);
  const DetectorScan d = read_detector_scan(scan.view());
  EXPECT_GT(d.inner, d.outer);
  EXPECT_NEAR(d.full_model, (d.inner - d.outer) / std::sqrt(12.0), 1e-9);
  // The ring that parts the area in two halves, then mean radii of both.
  const double half = std::sqrt(0.5 * (80.0 * 80.0 + 30.0 * 30.0));
  const auto mean_radius = [](double a, double b) { return 2.0 / 3.0 * (b * b * b - a * a * a) / (b * b - a * a); };
  const double expected = 5000.0 * 0.004 * (mean_radius(half, 80.0) - mean_radius(30.0, half));
  EXPECT_NEAR(d.inner - d.outer, expected, 0.02 * expected);
}

TEST(BeamFraction, what_is_no_detector_scan_is_refused) {
  const Buffer<float, 2> flat({rows, columns});
  EXPECT_THROW((void)read_detector_scan(flat.view()), Error);
  const Buffer<float, 2> faint = ring(0.0, 0.0, 10.0);
  try {
    (void)read_detector_scan(faint.view());
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::refused);
  }
  const Buffer<float, 2> small({16, 64});
  EXPECT_THROW((void)read_detector_scan(small.view()), Error);
}

TEST(BeamFraction, uncertainty_is_that_of_both_levels) {
  const BeamScale scale{{100.0, 3.0}, {2000.0, 40.0}};
  EXPECT_DOUBLE_EQ(scale.fraction(100.0), 0.0);
  EXPECT_DOUBLE_EQ(scale.fraction(300.0), 0.1);
  EXPECT_DOUBLE_EQ(scale.sigma(0.1), std::hypot(3.0, 4.0) / 2000.0);
}

}  // namespace
}  // namespace hotstage::series
