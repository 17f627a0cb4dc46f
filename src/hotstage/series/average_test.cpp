// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/average.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/series/detail/test_scene.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <numbers>

namespace hotstage::series {
namespace {

struct Case {
  signal::Signal series;
  std::vector<FrameDrift> drift;
};

constexpr std::size_t edge = 160;

double lattice(double y, double x) {
  const double k = 2.0 * std::numbers::pi / 16.0;
  return 1.0 + 0.4 * std::cos(k * (0.98 * x + 0.2 * y)) + 0.3 * std::cos(k * (0.98 * y - 0.2 * x));
}

/// A lattice that drifts by a known way, rows jittered, Poisson counts.
Case lattice_series(std::size_t frames, double counts, double jitter_px, std::uint64_t seed) {
  Case out;
  Buffer<float, 2> data({frames, edge * edge});
  for (std::size_t f = 0; f < frames; ++f) {
    out.drift.push_back({.dy_px = 0.37 * static_cast<double>(f), .dx_px = -0.21 * static_cast<double>(f)});
    Rng rng(seed, 3, f);
    for (std::size_t y = 0; y < edge; ++y) {
      const double row = jitter_px * rng.normal();
      for (std::size_t x = 0; x < edge; ++x) {
        const double mean = counts * lattice(static_cast<double>(y) - out.drift[f].dy_px,
                                             static_cast<double>(x) - out.drift[f].dx_px - row);
        data.row(f)[y * edge + x] = static_cast<float>(rng.poisson(mean));
      }
    }
  }
  out.series.navigation = {{.name = "time", .size = frames, .scale = 1.0, .unit = "s"}};
  out.series.axes = {{.name = "y", .size = edge, .scale = 1.0, .unit = "nm"},
                     {.name = "x", .size = edge, .scale = 1.0, .unit = "nm"}};
  out.series.source = signal::memory_source(std::move(data));
  return out;
}

/// Rms deviation from the lattice where all frames are.
double misfit(const SeriesAverage& average, double counts) {
  double sum = 0.0, n = 0.0;
  for (std::size_t y = 20; y < edge - 20; ++y) {
    for (std::size_t x = 20; x < edge - 20; ++x) {
      const double d = static_cast<double>(average.image.mean.view()(y, x)) -
                       counts * lattice(static_cast<double>(y), static_cast<double>(x));
      sum += d * d;
      n += 1.0;
    }
  }
  return std::sqrt(sum / n);
}

TEST(SeriesAverage, gains_the_square_root_of_the_frames) {
  constexpr std::size_t frames = 25;
  const Case c = lattice_series(frames, 40.0, 0.0, 1);
  hotstage::Run run;
  const SeriesAverage average = average_series(c.series, c.drift, {}, {}, run);
  EXPECT_EQ(average.frames, frames);
  std::printf("noise %.3f to %.3f counts: %.3f of sqrt(n)\n", average.frame_noise, average.mean_noise,
              average.reduction() / 5.0);
  constexpr double few_per_cent = 0.05;  // 10⁴ pixels, neighbours correlated by the interpolation
  EXPECT_NEAR(average.reduction() / 5.0, 1.0, few_per_cent);
  double stated = 0.0, n = 0.0;
  for (std::size_t y = 20; y < edge - 20; ++y) {
    for (std::size_t x = 20; x < edge - 20; ++x) {
      stated += static_cast<double>(average.image.variance.view()(y, x));
      n += 1.0;
    }
  }
  EXPECT_NEAR(std::sqrt(stated / n) / average.mean_noise, 1.0, few_per_cent);
}

TEST(SeriesAverage, is_sharper_when_rows_are_put_right) {
  const Case c = lattice_series(24, 100.0, 1.5, 2);
  hotstage::Run run;
  const double as_recorded = misfit(average_series(c.series, c.drift, {}, {}, run), 100.0);
  const SeriesAverage average = average_series(c.series, c.drift, {}, RowMotionOptions{}, run);
  const double put_right = misfit(average, 100.0);
  std::printf("off the truth by %.2f, rows put right %.2f counts of 100; jitter found %.2f px of 1.5\n", as_recorded,
              put_right, average.row_rms_px.front());
  EXPECT_LT(put_right, 0.7 * as_recorded);
  EXPECT_NEAR(average.row_rms_px.front(), 1.5, 0.3);
}

TEST(SeriesAverage, leaves_out_frames_of_sudden_focus_and_refuses_without_room) {
  Case c = lattice_series(6, 40.0, 0.0, 3);
  c.drift[2].flags = frame_focus;
  hotstage::Run run;
  EXPECT_EQ(average_series(c.series, c.drift, {}, {}, run).frames, 5U);
  run.memory = std::size_t{1} << 20;
  EXPECT_THROW(static_cast<void>(average_series(c.series, c.drift, {}, {}, run)), Error);
}

TEST(SeriesAverage, is_the_same_for_any_number_of_threads) {
  const Case c = lattice_series(5, 40.0, 0.5, 4);
  hotstage::Run one, two;
  two.threads = 2;
  const SeriesAverage a = average_series(c.series, c.drift, {}, RowMotionOptions{}, one);
  const SeriesAverage b = average_series(c.series, c.drift, {}, RowMotionOptions{}, two);
  EXPECT_TRUE(std::equal(a.image.mean.data(), a.image.mean.data() + a.image.mean.size(), b.image.mean.data()));
  EXPECT_EQ(a.mean_noise, b.mean_noise);
}

TEST(SeriesAverage, undoes_a_distortion_in_the_one_interpolation_it_makes) {
  constexpr std::size_t frames = 16;
  constexpr double counts = 2000.0;
  Case c = lattice_series(2, counts, 0.0, 8);
  c.drift.clear();
  std::vector<FrameDistortion> distortion(frames);
  Buffer<float, 2> data({frames, edge * edge});
  for (std::size_t f = 0; f < frames; ++f) {
    c.drift.push_back({.dy_px = 0.37 * static_cast<double>(f), .dx_px = -0.21 * static_cast<double>(f)});
    distortion[f].measured = true;
    distortion[f].value[FrameDistortion::magnification] = 0.06 * (static_cast<double>(f) / frames - 0.5);
    const FrameWarp warp(c.drift[f], &distortion[f], edge, edge);
    Rng rng(8, 6, f);
    for (std::size_t i = 0; i < edge * edge; ++i) {
      const auto [y, x] = warp.to_reference(static_cast<double>(i / edge), static_cast<double>(i % edge));
      data.row(f)[i] = static_cast<float>(rng.poisson(counts * lattice(y, x)));
    }
  }
  c.series.navigation.front().size = frames;
  c.series.source = signal::memory_source(std::move(data));
  hotstage::Run run;
  const double moved = misfit(average_series(c.series, c.drift, {}, {}, run), counts);
  const double undone = misfit(average_series(c.series, c.drift, distortion, {}, run), counts);
  std::printf("off the truth by %.2f counts moved only, %.2f undone\n", moved, undone);
  // √(2000/16 · 4/9) = 7.5 of noise, and what linear interpolation takes off a lattice of 16 px: 1.3 % of 700 counts.
  constexpr double noise_and_interpolation = 12.0;
  EXPECT_LT(undone, noise_and_interpolation);
  EXPECT_GT(moved, 2.0 * undone);
  distortion.pop_back();
  EXPECT_THROW((void)average_series(c.series, c.drift, distortion, {}, run), Error);
}

/// Frames without structure: what is left in the mean is noise alone.
Case flat_series(std::size_t frames, double counts, std::uint64_t seed) {
  Case out = lattice_series(2, 1.0, 0.0, seed);
  out.drift.clear();
  Buffer<float, 2> data({frames, edge * edge});
  for (std::size_t f = 0; f < frames; ++f) {
    Rng rng(seed, 5, f);
    out.drift.push_back({.dy_px = 3.0 * rng.normal(), .dx_px = 3.0 * rng.normal()});
    for (std::size_t i = 0; i < edge * edge; ++i) {
      data.row(f)[i] = static_cast<float>(rng.poisson(counts));
    }
  }
  out.series.navigation.front().size = frames;
  out.series.source = signal::memory_source(std::move(data));
  return out;
}

TEST(SeriesAverage, states_the_noise_and_its_correlation_that_interpolation_leaves) {
  constexpr std::size_t frames = 32;
  constexpr double counts = 40.0;
  const Case c = flat_series(frames, counts, 7);
  std::vector<FrameDistortion> distortion(frames);
  for (std::size_t f = 0; f < frames; ++f) {
    distortion[f].measured = true;
    distortion[f].value[FrameDistortion::magnification] = 3e-4 * static_cast<double>(f);
    distortion[f].value[FrameDistortion::shear] = 1e-3;
    distortion[f].knot_y_px = {0.3, -0.2, 0.1, 0.0, -0.3};
    distortion[f].knot_x_px = {0.0, 0.5, -0.4, 0.1, 0.0};
  }
  hotstage::Run run;
  const SeriesAverage average = average_series(c.series, c.drift, distortion, {}, run);
  double variance = 0.0, stated = 0.0, down = 0.0, across = 0.0, block = 0.0, n = 0.0, blocks = 0.0;
  const auto off = [&](std::size_t y, std::size_t x) {
    return static_cast<double>(average.image.mean.view()(y, x)) - counts;
  };
  constexpr std::size_t rim = 16, side = 8;
  for (std::size_t y = rim; y < edge - rim; ++y) {
    for (std::size_t x = rim; x < edge - rim; ++x) {
      variance += off(y, x) * off(y, x);
      down += off(y, x) * off(y + 1, x);
      across += off(y, x) * off(y, x + 1);
      stated += static_cast<double>(average.image.variance.view()(y, x));
      n += 1.0;
    }
  }
  for (std::size_t y = rim; y + side <= edge - rim; y += side) {
    for (std::size_t x = rim; x + side <= edge - rim; x += side) {
      double sum = 0.0;
      for (std::size_t k = 0; k < side * side; ++k) {
        sum += off(y + k / side, x + k % side);
      }
      block += sum * sum / static_cast<double>(side * side);
      blocks += 1.0;
    }
  }
  variance /= n;
  std::printf("variance: kept %.3f, measured %.3f, stated %.3f; correlation y %.3f (%.3f), x %.3f (%.3f); area %.3f\n",
              average.kept, variance * frames / counts, stated / n * frames / counts, average.along_y,
              down / n / variance, average.along_x, across / n / variance, block / blocks / (variance / average.kept));
  // 16 000 pixels, about a third of them independent: 2 % of the variance, 0.014 of a correlation; 256 areas: 9 %.
  constexpr double few_per_cent = 0.05, of_correlation = 0.04, of_areas = 0.25;
  EXPECT_NEAR(variance * frames / counts / average.kept, 1.0, few_per_cent);
  EXPECT_NEAR(stated / n / variance, 1.0, few_per_cent);
  EXPECT_NEAR(down / n / variance, average.along_y, of_correlation);
  EXPECT_NEAR(across / n / variance, average.along_x, of_correlation);
  EXPECT_NEAR(block / blocks / (variance / average.kept), 1.0, of_areas);
}

TEST(FringeJitter, measures_what_was_put_in) {
  constexpr std::size_t images = 8;
  const Case c = lattice_series(images, 500.0, 0.7, 5);
  const Case still = lattice_series(images, 500.0, 0.0, 6);
  double moved = 0.0, quiet = 0.0;
  for (std::size_t i = 0; i < images; ++i) {
    moved += fringe_jitter_px(read_frame(c.series, i).view()) / static_cast<double>(images);
    quiet += fringe_jitter_px(read_frame(still.series, i).view()) / static_cast<double>(images);
  }
  std::printf("row to row %.3f px of %.3f, still %.3f px\n", moved, 0.7 * std::numbers::sqrt2, quiet);
  // 80 steps an image, median deviation: 13 % each, 5 % for eight images.
  EXPECT_NEAR(moved / (0.7 * std::numbers::sqrt2), 1.0, 0.15);
  EXPECT_LT(quiet, 0.15);
}

}  // namespace
}  // namespace hotstage::series
