// SPDX-License-Identifier: GPL-3.0-or-later
// Small frame series for tests of steps: blobs or a lattice, drift, magnification, row jitter, Poisson counts.

#pragma once

#include "hotstage/core/rng.hpp"
#include "hotstage/signal/signal.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace hotstage::study::detail {

constexpr std::size_t test_rows = 128;
constexpr std::size_t test_columns = 144;

struct TestFrames {
  std::size_t frames = 8;
  double counts = 50.0;  ///< electrons per pixel where nothing stands
  double drift_px = 0.3;
  double magnification = 0.0;  ///< change from the first frame to the last
  double jitter_px = 0.0;
  bool lattice = false;
  bool empty = false;
};

/// Blobs at fixed places, 1 on the mean: counts over those of TestFrames.
inline double test_specimen(double y, double x) {
  constexpr std::size_t blobs = 70;
  static const auto places = [] {
    std::array<std::array<double, 2>, blobs> out{};
    Rng rng(1, 77, 0);
    for (auto& [by, bx] : out) {
      by = -16.0 + (static_cast<double>(test_rows) + 32.0) * rng.uniform();
      bx = -16.0 + (static_cast<double>(test_columns) + 32.0) * rng.uniform();
    }
    return out;
  }();
  double value = 1.0;
  for (std::size_t i = 0; i < blobs; ++i) {
    const double r2 = (y - places[i][0]) * (y - places[i][0]) + (x - places[i][1]) * (x - places[i][1]);
    if (r2 < 150.0) {
      value += (i % 3 == 0 ? -0.5 : 0.6) * std::exp(-r2 / 12.0);
    }
  }
  return std::max(0.05, value);
}

inline double test_lattice(double y, double x) {
  const double k = 2.0 * std::numbers::pi / 14.0;
  return 1.0 + 0.4 * std::cos(k * (0.98 * x + 0.2 * y)) + 0.3 * std::cos(k * (0.98 * y - 0.2 * x));
}

/// {time 1 s | y, x 0.5 nm}.
inline signal::Signal test_frames(const TestFrames& o) {
  Buffer<float, 2> data({o.frames, test_rows * test_columns});
  for (std::size_t f = 0; f < o.frames; ++f) {
    Rng rng(3, 4, f);
    const auto t = static_cast<double>(f);
    const double scale = 1.0 + (o.frames > 1 ? o.magnification * (t / static_cast<double>(o.frames - 1) - 0.5) : 0.0);
    for (std::size_t row = 0; row < test_rows; ++row) {
      const double jitter = o.jitter_px * rng.normal();
      for (std::size_t column = 0; column < test_columns; ++column) {
        const double cy = 0.5 * (test_rows - 1.0), cx = 0.5 * (test_columns - 1.0);
        const double y = cy + (static_cast<double>(row) - cy) / scale - o.drift_px * t;
        const double x = cx + (static_cast<double>(column) - jitter - cx) / scale + 0.5 * o.drift_px * t;
        const double mean = o.empty ? 1.0 : o.lattice ? test_lattice(y, x) : test_specimen(y, x);
        data.row(f)[row * test_columns + column] = static_cast<float>(rng.poisson(o.counts * mean));
      }
    }
  }
  signal::Signal out;
  out.navigation = {{.name = "time", .size = o.frames, .scale = 1.0, .unit = "s"}};
  out.axes = {{.name = "y", .size = test_rows, .scale = 0.5, .unit = "nm"},
              {.name = "x", .size = test_columns, .scale = 0.5, .unit = "nm"}};
  out.metadata.exposure = 1.0 * units::s;
  out.source = signal::memory_source(std::move(data));
  return out;
}

}  // namespace hotstage::study::detail
