// SPDX-License-Identifier: GPL-3.0-or-later
// Small synthetic series for tests: Voronoi grains of different brightness, dark voids, drift, Poisson counts.

#pragma once

#include "hotstage/core/rng.hpp"
#include "hotstage/signal/signal.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace hotstage::series::detail {

struct TestVoid {
  double y = 0.0;
  double x = 0.0;
  double radius = 0.0;
  double depth = 0.7;  ///< missing share of the thickness
};

struct TestScene {
  std::size_t rows = 256;
  std::size_t columns = 240;
  double margin = 40.0;                      ///< the specimen goes on beyond the field by this
  std::vector<std::array<double, 2>> seeds;  ///< y, x of grain centres, px of frame 0
  std::vector<double> level;                 ///< brightness of each grain relative to the mean
  std::vector<TestVoid> voids;
  double texture = 0.0;  ///< amplitude of a fine static structure

  /// Grain (index of the nearest seed) at a place.
  [[nodiscard]] std::size_t grain(double y, double x) const {
    std::size_t best = 0;
    double nearest = 1e300;
    for (std::size_t i = 0; i < seeds.size(); ++i) {
      const double distance = (seeds[i][0] - y) * (seeds[i][0] - y) + (seeds[i][1] - x) * (seeds[i][1] - x);
      if (distance < nearest) {
        nearest = distance;
        best = i;
      }
    }
    return best;
  }
};

/// A scene with `count` grains and a few voids.
inline TestScene make_test_scene(std::uint64_t seed, std::size_t count = 9) {
  TestScene scene;
  Rng rng(seed, 1, 0);
  const auto height = static_cast<double>(scene.rows);
  const auto width = static_cast<double>(scene.columns);
  while (scene.seeds.size() < count) {
    const std::array<double, 2> place{rng.uniform() * height, rng.uniform() * width};
    bool apart = true;
    for (const auto& other : scene.seeds) {
      apart = apart && std::hypot(other[0] - place[0], other[1] - place[1]) > 0.6 * width / std::sqrt(count);
    }
    if (apart) {
      scene.seeds.push_back(place);
      scene.level.push_back(0.75 + 0.5 * static_cast<double>(scene.level.size() * 4 % 9) / 8.0);
    }
  }
  for (int i = 0; i < 8; ++i) {
    scene.voids.push_back({rng.uniform() * height, rng.uniform() * width, 4.0 + 5.0 * rng.uniform(), 0.7});
  }
  return scene;
}

/// Share of the thickness at a place: soft edges of one pixel at voids.
inline double test_thickness(const TestScene& scene, double y, double x) {
  double thickness = 1.0;
  for (const TestVoid& v : scene.voids) {
    const double outside = std::hypot(v.y - y, v.x - x) - v.radius;
    if (outside > 10.0) {
      continue;
    }
    thickness *= 1.0 - v.depth / (1.0 + std::exp(outside / 0.5));
  }
  return thickness;
}

/// Brightness at a place at a time; `change` is the factor a transformation puts on a place (1: none).
using Change = std::function<double(double y, double x, double time)>;

struct TestSeries {
  double counts = 20.0;  ///< electrons per pixel
  double gain = 1.0;     ///< stored counts per electron
  double black = 0.0;
  std::vector<std::array<double, 2>> drift;  ///< dy, dx per frame
  Change change;
  std::uint64_t seed = 1;
};

/// Frames of 1 s each, pixel 1 nm, sampled 1× with the scene displaced by the drift of the frame.
inline signal::Signal make_test_series(const TestScene& scene, const TestSeries& s) {
  const std::size_t frames = s.drift.size();
  Buffer<float, 2> data({frames, scene.rows * scene.columns});
  for (std::size_t f = 0; f < frames; ++f) {
    Rng rng(s.seed, 10, f);
    for (std::size_t i = 0; i < scene.rows * scene.columns; ++i) {
      const double y = static_cast<double>(i / scene.columns) - s.drift[f][0];
      const double x = static_cast<double>(i % scene.columns) - s.drift[f][1];
      // Four samples per pixel, as a detector integrates over its pixel.
      double mean = 0.0;
      for (int k = 0; k < 4; ++k) {
        const double sy = y + (k / 2 == 0 ? -0.25 : 0.25);
        const double sx = x + (k % 2 == 0 ? -0.25 : 0.25);
        const double fine = 1.0 + scene.texture * std::sin(0.9 * sy) * std::sin(0.8 * sx + 0.1 * sy);
        mean += 0.25 * scene.level[scene.grain(sy, sx)] * test_thickness(scene, sy, sx) * fine;
      }
      const double factor = s.change ? s.change(y, x, static_cast<double>(f)) : 1.0;
      data.row(f)[i] =
          static_cast<float>(s.black + s.gain * static_cast<double>(rng.poisson(s.counts * mean * factor)));
    }
  }
  signal::Signal out;
  out.navigation = {{.name = "time", .size = frames, .scale = 1.0, .unit = "s"}};
  out.axes = {{.name = "y", .size = scene.rows, .scale = 1.0, .unit = "nm"},
              {.name = "x", .size = scene.columns, .scale = 1.0, .unit = "nm"}};
  out.metadata.exposure = 1.0 * units::s;
  out.source = signal::memory_source(std::move(data));
  return out;
}

}  // namespace hotstage::series::detail
