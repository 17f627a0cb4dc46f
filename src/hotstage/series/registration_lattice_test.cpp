// SPDX-License-Identifier: GPL-3.0-or-later
// Registration where the image repeats itself.

#include "hotstage/core/rng.hpp"
#include "hotstage/series/registration.hpp"
#include "hotstage/signal/signal.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <numbers>

namespace hotstage::series {
namespace {

using Drift = std::vector<std::array<double, 2>>;
using Image = std::function<double(double y, double x)>;

constexpr std::size_t rows = 192;
constexpr std::size_t columns = 200;

/// Columns of atoms as a sum of two waves, mean 1.
Image lattice(double spacing_px) {
  return [spacing_px](double y, double x) {
    const double k = 2.0 * std::numbers::pi / spacing_px;
    return 1.0 + 0.25 * std::cos(k * (0.97 * y + 0.24 * x)) + 0.25 * std::cos(k * (0.97 * x - 0.24 * y));
  };
}

/// A square of 2 % of the frame that is 20 % brighter, with an edge of one pixel.
Image with_feature(const Image& image) {
  return [image](double y, double x) {
    const double half = 0.5 * std::sqrt(0.02 * static_cast<double>(rows * columns));
    const double outside = std::max(std::abs(y - 90.0), std::abs(x - 110.0)) - half;
    return image(y, x) * (1.0 + 0.2 / (1.0 + std::exp(outside)));
  };
}

signal::Signal series_of(const Image& image, const Drift& drift, double counts, std::uint64_t seed) {
  Buffer<float, 2> data({drift.size(), rows * columns});
  for (std::size_t f = 0; f < drift.size(); ++f) {
    Rng rng(seed, 3, f);
    for (std::size_t i = 0; i < rows * columns; ++i) {
      const double y = static_cast<double>(i / columns) - drift[f][0];
      const double x = static_cast<double>(i % columns) - drift[f][1];
      data.row(f)[i] = static_cast<float>(rng.poisson(counts * image(y, x)));
    }
  }
  signal::Signal out;
  out.navigation = {{.name = "time", .size = drift.size(), .scale = 1.0, .unit = "s"}};
  out.axes = {{.name = "y", .size = rows, .scale = 1.0, .unit = "nm"},
              {.name = "x", .size = columns, .scale = 1.0, .unit = "nm"}};
  out.source = signal::memory_source(std::move(data));
  return out;
}

/// A slow walk with jumps of `jump_px` in all directions at frames 7, 17, 27 …
Drift walk_with_jumps(std::size_t frames, double jump_px, std::uint64_t seed) {
  Drift out(frames);
  Rng rng(seed, 4, 0);
  for (std::size_t i = 1; i < frames; ++i) {
    const double angle = 2.0 * std::numbers::pi * rng.uniform();
    const double jump = i % 10 == 7 ? jump_px : 0.0;
    out[i] = {out[i - 1][0] + 0.2 * rng.normal() + jump * std::sin(angle),
              out[i - 1][1] + 0.2 * rng.normal() + jump * std::cos(angle)};
  }
  return out;
}

double worst(const Registration& r, const Drift& truth) {
  double out = 0.0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    out = std::max(out, std::hypot(r.frames[i].dy_px - truth[i][0], r.frames[i].dx_px - truth[i][1]));
  }
  return out;
}

constexpr double no_slip_px = 0.5;  // a lattice vector is ten times this

TEST(RegistrationOfLattices, a_lattice_of_12_px_does_not_slip_at_jumps_of_5_px) {
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) {
    const Drift drift = walk_with_jumps(40, 5.0, seed);
    hotstage::Run run;
    const Registration r = register_series(series_of(lattice(12.0), drift, 20.0, seed), {}, run);
    EXPECT_LT(worst(r, drift), no_slip_px) << seed;
    std::printf("worst %.3f px, ambiguous frames %zu\n", worst(r, drift), r.ambiguous.size());
    for (const AmbiguousJump& jump : r.ambiguous) {
      EXPECT_EQ(jump.frame % 10, 7U);  // nothing but a jump is in doubt
    }
  }
}

TEST(RegistrationOfLattices, an_aperiodic_feature_of_2_percent_decides_on_any_lattice) {
  for (const double spacing : {4.0, 6.0, 8.0, 12.0}) {
    for (const std::uint64_t seed : {1U, 2U, 5U}) {
      const Drift drift = walk_with_jumps(40, 5.0, 10 + seed);
      hotstage::Run run;
      const Registration r = register_series(series_of(with_feature(lattice(spacing)), drift, 20.0, seed), {}, run);
      EXPECT_LT(worst(r, drift), no_slip_px) << spacing << " " << seed;
      EXPECT_TRUE(r.ambiguous.empty()) << spacing << " " << seed;
      std::printf("spacing %.0f: worst %.3f px\n", spacing, worst(r, drift));
    }
  }
}

TEST(RegistrationOfLattices, steady_drift_of_several_pixels_per_frame_is_followed) {
  Drift drift(30);
  for (std::size_t i = 1; i < drift.size(); ++i) {
    drift[i] = {drift[i - 1][0] + 2.0, drift[i - 1][1] - 1.5};
  }
  hotstage::Run run;
  const Registration r = register_series(series_of(with_feature(lattice(6.0)), drift, 20.0, 5), {}, run);
  EXPECT_LT(worst(r, drift), no_slip_px);
}

TEST(RegistrationOfLattices, a_jump_of_half_a_lattice_vector_is_flagged_with_its_candidates) {
  Drift drift(32);
  for (std::size_t i = 0; i < drift.size(); ++i) {
    const double jump = i >= 18 ? 4.0 : 0.0;
    drift[i] = {0.05 * static_cast<double>(i) + 0.97 * jump, 0.24 * jump};
  }
  hotstage::Run run;
  const Registration r = register_series(series_of(lattice(8.0), drift, 20.0, 6), {}, run);
  ASSERT_EQ(r.ambiguous.size(), 1U);
  EXPECT_EQ(r.ambiguous[0].frame, 18U);
  EXPECT_NE(r.frames[18].flags & frame_ambiguous, 0U);
  ASSERT_GE(r.ambiguous[0].choices.size(), 2U);
  double nearest = 1e9;
  for (const AmbiguousJump::Choice& c : r.ambiguous[0].choices) {
    nearest = std::min(nearest,
                       std::hypot(r.frames[18].dy_px - r.frames[17].dy_px + c.dy_px - (drift[18][0] - drift[17][0]),
                                  r.frames[18].dx_px - r.frames[17].dx_px + c.dx_px - (drift[18][1] - drift[17][1])));
  }
  EXPECT_LT(nearest, no_slip_px);
}

TEST(RegistrationOfLattices, a_quiet_lattice_is_not_in_doubt) {
  const Drift drift = walk_with_jumps(32, 0.0, 7);
  hotstage::Run run;
  const Registration r = register_series(series_of(lattice(8.0), drift, 20.0, 7), {}, run);
  EXPECT_LT(worst(r, drift), no_slip_px);
  EXPECT_TRUE(r.ambiguous.empty());
}

}  // namespace
}  // namespace hotstage::series
