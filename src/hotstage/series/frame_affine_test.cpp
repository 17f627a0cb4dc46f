// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/frame_affine.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/series/detail/term_series.hpp"
#include "hotstage/series/detail/test_distortion.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <numbers>

namespace hotstage::series {
namespace {

using detail::DistortedSeries;
using detail::make_distorted;
using D = FrameDistortion;

constexpr double degree = std::numbers::pi / 180.0;

/// Error and pull of one term over the frames, the mean of both taken off.
struct Score {
  double rms = 0.0, pull = 0.0, largest = 0.0;
};

Score score(const std::vector<D>& found, const std::vector<D>& truth, D::Term term) {
  double mean = 0.0, n = 0.0;
  for (std::size_t f = 0; f < found.size(); ++f) {
    if (found[f].measured) {
      mean += found[f].value[term] - truth[f].value[term];
      n += 1.0;
    }
  }
  mean /= n;
  Score out;
  for (std::size_t f = 0; f < found.size(); ++f) {
    if (found[f].measured) {
      const double error = found[f].value[term] - truth[f].value[term] - mean;
      out.rms += error * error / n;
      out.pull += error * error / (found[f].sigma[term] * found[f].sigma[term]) / n;
      out.largest = std::max(out.largest, std::abs(error));
    }
  }
  out.rms = std::sqrt(out.rms);
  out.pull = std::sqrt(out.pull);
  return out;
}

void print(const char* what, const DistortedSeries& s, const SeriesDistortion& r, D::Term term) {
  const Score raw = score(r.measured, s.truth, term), used = score(r.applied, s.truth, term);
  const TermVerdict& v = r.verdict[term - D::magnification];
  std::printf("%s: rms %.2e, sigma %.2e, bound %.2e, pull %.2f; applied %.2e; scatter %.1f, slope %.1f%s%s\n", what,
              raw.rms, r.measured[10].sigma[term], s.bound[term], raw.pull, used.rms, v.scatter_z, v.trend,
              v.found ? ", found" : "", v.smoothed ? ", smoothed" : "");
}

/// Pull of 24 … 40 frames: 12 … 15 % of scatter.
constexpr double pull_low = 0.7, pull_high = 1.35;
/// Tiles are fitted without the band where noise rules, σ comes from the scatter: both cost a little.
constexpr double over_bound = 1.7;

void expect_within_sigma(const DistortedSeries& s, const SeriesDistortion& r, D::Term term) {
  const Score raw = score(r.measured, s.truth, term);
  EXPECT_GT(raw.pull, pull_low);
  EXPECT_LT(raw.pull, pull_high);
  EXPECT_LT(raw.rms, over_bound * s.bound[term]);
}

double ramp(std::size_t frame, std::size_t frames) {
  return static_cast<double>(frame) / static_cast<double>(frames - 1) - 0.5;
}

TEST(FrameAffine, recovers_magnification_through_a_ramp_and_time_helps) {
  constexpr std::size_t frames = 24;
  for (const double change : {0.01, 0.002}) {
    const DistortedSeries s = make_distorted({.frames = frames, .counts = 50.0, .seed = 5}, [&](std::size_t f, D& d) {
      d.value[D::magnification] = change * ramp(f, frames);
    });
    hotstage::Run run;
    const SeriesDistortion r = measure_distortion(s.series, s.drift, {}, run);
    print(change > 0.005 ? "1 %" : "0.2 %", s, r, D::magnification);
    const TermVerdict& v = r.verdict[0];
    EXPECT_TRUE(v.found && v.smoothed);
    expect_within_sigma(s, r, D::magnification);
    EXPECT_LT(score(r.applied, s.truth, D::magnification).rms, score(r.measured, s.truth, D::magnification).rms);
    EXPECT_FALSE(r.verdict[1].found || r.verdict[2].found || r.verdict[3].found || r.knots_seen);
    EXPECT_EQ(r.applied[3].value[D::rotation], 0.0);
  }
}

TEST(FrameAffine, recovers_rotation_and_shear_on_registered_frames) {
  constexpr std::size_t frames = 24;
  const DistortedSeries s = make_distorted({.frames = frames, .counts = 20.0, .seed = 3}, [&](std::size_t f, D& d) {
    d.value[D::rotation] = 0.2 * degree * ramp(f, frames);
    d.value[D::shear] = f % 2 == 0 ? 0.002 : -0.002;
  });
  hotstage::Run run;
  const Registration registration = register_series(s.series, {}, run);
  const SeriesDistortion r = measure_distortion(s.series, registration.frames, {}, run);
  print("rotation", s, r, D::rotation);
  print("shear", s, r, D::shear);
  EXPECT_TRUE(r.verdict[1].found && r.verdict[1].smoothed);
  EXPECT_TRUE(r.verdict[3].found);
  EXPECT_FALSE(r.verdict[3].smoothed);  // it jumps to and fro
  EXPECT_FALSE(r.verdict[0].found || r.verdict[2].found);
  expect_within_sigma(s, r, D::rotation);
  expect_within_sigma(s, r, D::shear);
}

TEST(FrameAffine, claims_nothing_in_a_still_series) {
  for (const double counts : {5.0, 500.0}) {
    const DistortedSeries s = make_distorted({.frames = 12, .counts = counts, .seed = 7}, [](std::size_t, D&) {});
    hotstage::Run run;
    const SeriesDistortion r = measure_distortion(s.series, s.drift, {}, run);
    EXPECT_FALSE(r.any()) << counts;
    EXPECT_FALSE(r.knots_seen) << counts;
    for (const D& d : r.applied) {
      EXPECT_FALSE(d.measured);
    }
    EXPECT_EQ(r.frames, 12U);
  }
}

TEST(FrameAffine, recovers_drift_that_changes_while_frames_are_scanned) {
  constexpr std::size_t frames = 16, knots = 5;
  Rng rng(11, 1, 1);
  const ScanKnots basis(256, knots);
  const DistortedSeries s = make_distorted({.frames = frames, .counts = 50.0, .seed = 5}, [&](std::size_t, D& d) {
    d.knot_y_px.assign(knots, 0.0);
    d.knot_x_px.assign(knots, 0.0);
    for (std::size_t j = 0; j < basis.functions(); ++j) {
      const double y = 0.3 * rng.normal(), x = 0.3 * rng.normal();
      for (std::size_t k = 0; k < knots; ++k) {
        d.knot_y_px[k] += y * basis.at_knot(j)[k];
        d.knot_x_px[k] += x * basis.at_knot(j)[k];
      }
    }
  });
  hotstage::Run run;
  const SeriesDistortion r = measure_distortion(s.series, s.drift, {.knots = knots}, run);
  ASSERT_TRUE(r.knots_found);
  double error = 0.0, pull = 0.0, power = 0.0;
  for (std::size_t k = 0; k < knots; ++k) {
    double mean = 0.0;
    for (std::size_t f = 0; f < frames; ++f) {
      mean += (r.measured[f].knot_x_px[k] - s.truth[f].knot_x_px[k]) / frames;
    }
    for (std::size_t f = 0; f < frames; ++f) {
      const double e = r.measured[f].knot_x_px[k] - s.truth[f].knot_x_px[k] - mean;
      error += e * e / (frames * knots);
      pull += std::pow(e / r.measured[f].knot_sigma_x_px[k], 2) / (frames * knots);
      power += std::pow(s.truth[f].knot_x_px[k], 2) / (frames * knots);
    }
  }
  std::printf("spline: %.3f px, left %.3f px at the knots, pull %.2f; rms over rows %.3f px, known to %.3f px\n",
              std::sqrt(power), std::sqrt(error), std::sqrt(pull), r.knots_rms_px, r.knots_sigma_px);
  EXPECT_LT(std::sqrt(error), 0.4 * std::sqrt(power));
  EXPECT_GT(std::sqrt(pull), pull_low);
  EXPECT_LT(std::sqrt(pull), pull_high);
}

TEST(FrameAffine, does_not_depend_on_threads_and_refuses_what_it_cannot_do) {
  const DistortedSeries s = make_distorted({.frames = 5, .counts = 20.0, .seed = 9}, [](std::size_t f, D& d) {
    d.value[D::magnification] = 0.004 * static_cast<double>(f);
  });
  hotstage::Run one, two;
  two.threads = 2;
  const SeriesDistortion a = measure_distortion(s.series, s.drift, {}, one);
  const SeriesDistortion b = measure_distortion(s.series, s.drift, {}, two);
  for (std::size_t f = 0; f < 5; ++f) {
    EXPECT_EQ(a.measured[f].value, b.measured[f].value);
  }
  std::vector<FrameDrift> drift = s.drift;
  drift[1].flags = drift[2].flags = frame_lost;
  EXPECT_THROW((void)measure_distortion(s.series, drift, {}, one), Error);
  drift.pop_back();
  EXPECT_THROW((void)measure_distortion(s.series, drift, {}, one), Error);
  EXPECT_THROW((void)measure_distortion(s.series, s.drift, {.knots = 32}, one), Error);
  one.memory = std::size_t{1} << 20;
  EXPECT_THROW((void)measure_distortion(s.series, s.drift, {}, one), Error);
}

TEST(FrameWarp, goes_there_and_back) {
  D d{.measured = true};
  d.value = {0.4, -0.3, 0.006, 0.003, -0.004, 0.002};
  d.knot_y_px = {0.5, -0.5, 0.2, 0.0, -0.4};
  d.knot_x_px = {-0.5, 0.7, 0.1, 0.3, -0.4};
  const FrameWarp warp({.dy_px = 12.3, .dx_px = -7.7}, &d, 1000, 800);
  constexpr double stated_px = 1e-3;
  for (const double y : {20.0, 511.3, 950.0}) {
    for (const double x : {30.0, 402.2, 770.0}) {
      const auto [fy, fx] = warp.to_frame(y, x);
      const auto [by, bx] = warp.to_reference(fy, fx);
      EXPECT_NEAR(by, y, stated_px);
      EXPECT_NEAR(bx, x, stated_px);
    }
  }
}

TEST(ScanKnots, are_orthonormal_and_free_of_lines) {
  const ScanKnots basis(257, 7);
  ASSERT_EQ(basis.functions(), 5U);
  constexpr double rounding = 1e-9;
  for (std::size_t i = 0; i < 5; ++i) {
    double mean = 0.0, slope = 0.0;
    for (std::size_t y = 0; y < 257; ++y) {
      mean += basis.at_row(i)[y];
      slope += basis.at_row(i)[y] * (static_cast<double>(y) - 128.0) / 128.0;
    }
    EXPECT_NEAR(mean, 0.0, rounding);
    EXPECT_NEAR(slope, 0.0, rounding);
    for (std::size_t j = 0; j <= i; ++j) {
      double common = 0.0;
      for (std::size_t y = 0; y < 257; ++y) {
        common += basis.at_row(i)[y] * basis.at_row(j)[y] / 257.0;
      }
      EXPECT_NEAR(common, i == j ? 1.0 : 0.0, rounding);
    }
    // Given back by its knots alone.
    const std::vector<double> again = natural_spline(basis.at_knot(i), 257);
    EXPECT_NEAR(again[100], basis.at_row(i)[100], rounding);
  }
}

TEST(TermSeries, claims_noise_as_often_as_stated_and_smooths_walks_alone) {
  constexpr int series = 1000;
  constexpr std::size_t frames = 40;
  int claimed = 0, smoothed = 0;
  double walk_error = 0.0, walk_pull = 0.0, raw_error = 0.0;
  for (int i = 0; i < series; ++i) {
    Rng rng(2, 2, static_cast<std::uint64_t>(i));
    std::vector<double> noise(frames), sigma(frames, 0.5), walk(frames), seen(frames);
    double at = 0.0;
    for (std::size_t f = 0; f < frames; ++f) {
      noise[f] = 0.5 * rng.normal();
      at += 0.2 * rng.normal();
      walk[f] = at;
      seen[f] = at + 0.5 * rng.normal();
    }
    const detail::TermSeries still = detail::judge_term(noise, sigma);
    claimed += still.scatter_z > 3.5 || std::abs(still.trend) > 4.0 ? 1 : 0;
    const detail::TermSeries moving = detail::judge_term(seen, sigma);
    smoothed += moving.smoothed ? 1 : 0;
    double mean = 0.0, mean_seen = 0.0;
    for (std::size_t f = 0; f < frames; ++f) {
      mean += (moving.value[f] - walk[f]) / frames;
      mean_seen += (seen[f] - walk[f]) / frames;
    }
    for (std::size_t f = 0; f < frames; ++f) {
      walk_error += std::pow(moving.value[f] - walk[f] - mean, 2) / (frames * series);
      walk_pull += std::pow((moving.value[f] - walk[f] - mean) / moving.sigma[f], 2) / (frames * series);
      raw_error += std::pow(seen[f] - walk[f] - mean_seen, 2) / (frames * series);
    }
  }
  std::printf("%d of %d still series claimed; walks: %d smoothed, %.3f left of %.3f, pull %.2f\n", claimed, series,
              smoothed, std::sqrt(walk_error), std::sqrt(raw_error), std::sqrt(walk_pull));
  EXPECT_LE(claimed, 4);                 // 3e-4 expected of each
  EXPECT_GT(smoothed, series * 8 / 10);  // the others look independent by chance
  EXPECT_LT(walk_error, 0.7 * raw_error);
  EXPECT_NEAR(std::sqrt(walk_pull), 1.0, 0.25);  // the prior's own variance is taken for known
}

}  // namespace
}  // namespace hotstage::series
