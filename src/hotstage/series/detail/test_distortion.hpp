// SPDX-License-Identifier: GPL-3.0-or-later
// Synthetic series with known distortion for tests, and the Cramér–Rao bound of its terms.

#pragma once

#include "hotstage/num/least_squares.hpp"
#include "hotstage/series/detail/test_scene.hpp"
#include "hotstage/series/frame_warp.hpp"

#include <cmath>
#include <functional>
#include <vector>

namespace hotstage::series::detail {

struct DistortedOptions {
  std::size_t frames = 40;
  double counts = 20.0;
  std::uint64_t seed = 1;
  double drift_px = 0.3;  ///< per frame, each axis
};

struct DistortedSeries {
  signal::Signal series;
  std::vector<FrameDrift> drift;  ///< the truth
  std::vector<FrameDistortion> truth;
  std::array<double, FrameDistortion::terms> bound{};  ///< Cramér–Rao, one frame against a noiseless scene
};

/// Mean counts of a pixel that shows the scene at (y, x) through a probe of `probe_px` rms: 4 × 4 places.
inline double scene_counts(const TestScene& scene, double counts, double y, double x) {
  // Nodes and weights of Gauss and Hermite, 4 points.
  constexpr double probe_px = 0.8;
  constexpr std::array<double, 4> node{-2.3344142183, -0.7419637843, 0.7419637843, 2.3344142183};
  constexpr std::array<double, 4> share{0.0458758548, 0.4541241452, 0.4541241452, 0.0458758548};
  double mean = 0.0;
  for (std::size_t k = 0; k < 16; ++k) {
    const double sy = y + probe_px * node[k / 4], sx = x + probe_px * node[k % 4];
    mean += share[k / 4] * share[k % 4] * scene.level[scene.grain(sy, sx)] * test_thickness(scene, sy, sx);
  }
  return counts * mean;
}

/// Fisher information of the six terms from central differences of the undistorted scene, inverted.
inline std::array<double, FrameDistortion::terms> distortion_bound(const TestScene& scene, double counts) {
  constexpr std::size_t terms = FrameDistortion::terms;
  const auto rows = static_cast<double>(scene.rows), columns = static_cast<double>(scene.columns);
  Buffer<double, 2> design({scene.rows * scene.columns, terms});
  std::vector<double> weights(design.extent(0)), zero(design.extent(0), 0.0);
  for (std::size_t i = 0; i < design.extent(0); ++i) {
    const auto y = static_cast<double>(i / scene.columns), x = static_cast<double>(i % scene.columns);
    const auto at = [&](double dy, double dx) { return scene_counts(scene, counts, y + dy, x + dx); };
    const double gy = 0.5 * (at(1.0, 0.0) - at(-1.0, 0.0)), gx = 0.5 * (at(0.0, 1.0) - at(0.0, -1.0));
    const double a = y - 0.5 * (rows - 1.0), b = x - 0.5 * (columns - 1.0);
    const std::array<double, terms> row{gy, gx, gy * a + gx * b, gy * b - gx * a, gx * b - gy * a, gy * b + gx * a};
    for (std::size_t k = 0; k < terms; ++k) {
      design.view()(i, k) = row[k];
    }
    weights[i] = 1.0 / at(0.0, 0.0);
  }
  const num::Fit fit = num::fit_linear(design.view(), zero, weights);
  std::array<double, terms> out{};
  for (std::size_t k = 0; k < terms; ++k) {
    out[k] = fit.sigma(k);
  }
  return out;
}

/// `distort` writes the truth of a frame (it starts at zero).
inline DistortedSeries make_distorted(const DistortedOptions& o,
                                      const std::function<void(std::size_t, FrameDistortion&)>& distort) {
  const TestScene scene = make_test_scene(o.seed, 25);
  DistortedSeries out{.bound = distortion_bound(scene, o.counts)};
  Buffer<float, 2> data({o.frames, scene.rows * scene.columns});
  for (std::size_t f = 0; f < o.frames; ++f) {
    Rng rng(o.seed, 21, f);
    const double t = static_cast<double>(f);
    out.drift.push_back({.dy_px = o.drift_px * t, .dx_px = -0.7 * o.drift_px * t});
    FrameDistortion d{.measured = true};
    distort(f, d);
    out.truth.push_back(d);
    const FrameWarp warp(out.drift.back(), &d, scene.rows, scene.columns);
    for (std::size_t i = 0; i < scene.rows * scene.columns; ++i) {
      const auto [y, x] =
          warp.to_reference(static_cast<double>(i / scene.columns), static_cast<double>(i % scene.columns));
      data.row(f)[i] = static_cast<float>(rng.poisson(scene_counts(scene, o.counts, y, x)));
    }
  }
  out.series.navigation = {{.name = "time", .size = o.frames, .scale = 1.0, .unit = "s"}};
  out.series.axes = {{.name = "y", .size = scene.rows, .scale = 1.0, .unit = "nm"},
                     {.name = "x", .size = scene.columns, .scale = 1.0, .unit = "nm"}};
  out.series.metadata.exposure = 1.0 * units::s;
  out.series.source = signal::memory_source(std::move(data));
  return out;
}

}  // namespace hotstage::series::detail
