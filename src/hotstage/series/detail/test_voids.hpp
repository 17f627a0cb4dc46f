// SPDX-License-Identifier: GPL-3.0-or-later
// Drawn voids for tests: sharp missing share per pixel, blurred by a Gaussian, counted.

#pragma once

#include "hotstage/core/rng.hpp"
#include "hotstage/series/segment.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <functional>
#include <numbers>
#include <vector>

namespace hotstage::series::detail {

/// Missing share at (y, x) from the centre of a void.
using DrawnShape = std::function<double(double y, double x)>;

struct DrawnVoid {
  DrawnShape share;
  double depth = 0.5;  ///< in the middle; the label map is cut at half of it
};

struct DrawnVoids {
  Buffer<float, 2> mean;
  Buffer<float, 2> n;
  Buffer<std::int32_t, 2> labels;
  std::vector<DarkSpot> spots;

  [[nodiscard]] GrainImage image() const { return {mean.view(), n.view()}; }
};

struct DrawnLight {
  double counts = 20.0;  ///< electrons per pixel and frame
  int frames = 10;
  double blur_px = 1.0;
  double slope = 0.0005;  ///< of the grain, 1/px along x
  std::uint64_t seed = 1;
};

inline void blur_rows_and_columns(std::vector<double>& values, std::size_t side, double sigma) {
  const int reach = static_cast<int>(std::ceil(4.0 * sigma));
  std::vector<double> kernel;
  double sum = 0.0;
  for (int k = -reach; k <= reach; ++k) {
    kernel.push_back(std::exp(-0.5 * k * k / (sigma * sigma)));
    sum += kernel.back();
  }
  const auto at = [&](long i) { return static_cast<std::size_t>(std::clamp(i, 0L, static_cast<long>(side) - 1)); };
  for (const bool rows : {true, false}) {
    std::vector<double> out(values.size(), 0.0);
    for (std::size_t y = 0; y < side; ++y) {
      for (std::size_t x = 0; x < side; ++x) {
        for (int k = -reach; k <= reach; ++k) {
          const std::size_t from =
              rows ? y * side + at(static_cast<long>(x) + k) : at(static_cast<long>(y) + k) * side + x;
          out[y * side + x] += kernel[static_cast<std::size_t>(k + reach)] / sum * values[from];
        }
      }
    }
    values = std::move(out);
  }
}

/// One row of voids, `side` px each, centres off the middle of a pixel by the seed.
inline DrawnVoids draw_voids(const std::vector<DrawnVoid>& voids, const DrawnLight& light, std::size_t side = 80) {
  DrawnVoids out;
  const std::array<std::size_t, 2> size{side, side * voids.size()};
  out.mean = Buffer<float, 2>(size);
  out.n = Buffer<float, 2>(size);
  out.labels = Buffer<std::int32_t, 2>(size);
  Rng rng(light.seed, 77, 0);
  for (std::size_t v = 0; v < voids.size(); ++v) {
    const double cy = 0.5 * static_cast<double>(side) + rng.uniform() - 0.5;
    const double cx = 0.5 * static_cast<double>(side) + rng.uniform() - 0.5;
    std::vector<double> share(side * side, 0.0);
    constexpr int fine = 5;
    for (std::size_t i = 0; i < share.size(); ++i) {
      for (int k = 0; k < fine * fine; ++k) {
        const double y = static_cast<double>(i / side) - cy + (k / fine + 0.5) / fine - 0.5;
        const double x = static_cast<double>(i % side) - cx + (k % fine + 0.5) / fine - 0.5;
        share[i] += voids[v].share(y, x) / (fine * fine);
      }
    }
    blur_rows_and_columns(share, side, light.blur_px);
    DarkSpot spot{.y_px = cy, .x_px = cx + static_cast<double>(side * v), .depth = voids[v].depth, .grain = 1};
    for (std::size_t i = 0; i < share.size(); ++i) {
      const std::size_t y = i / side;
      const std::size_t x = side * v + i % side;
      const double level = light.counts * (1.0 + light.slope * (static_cast<double>(i % side) - cx)) * (1.0 - share[i]);
      out.mean.view()(y, x) = static_cast<float>(static_cast<double>(rng.poisson(level * light.frames)) / light.frames);
      out.n.view()(y, x) = static_cast<float>(light.frames);
      const bool inside = share[i] > 0.5 * voids[v].depth;
      out.labels.view()(y, x) = inside ? 0 : 1;
      spot.area_px += inside ? 1.0 : 0.0;
    }
    spot.radius_px = std::sqrt(spot.area_px / std::numbers::pi);
    out.spots.push_back(spot);
  }
  return out;
}

inline DrawnVoid sphere_of(double radius, double depth) {
  return {[=](double y, double x) {
            const double d2 = (y * y + x * x) / (radius * radius);
            return d2 < 1.0 ? depth * std::sqrt(1.0 - d2) : 0.0;
          },
          depth};
}

inline DrawnVoid disc_of(double radius, double depth) {
  return {[=](double y, double x) { return std::hypot(y, x) < radius ? depth : 0.0; }, depth};
}

/// Prism with these normals (degrees, 0: +x, 90: +y) and distances of its side faces.
inline DrawnVoid prism_of(const std::vector<double>& normal_deg, const std::vector<double>& distance, double depth) {
  return {[=](double y, double x) {
            for (std::size_t k = 0; k < normal_deg.size(); ++k) {
              const double a = normal_deg[k] * std::numbers::pi / 180.0;
              if (x * std::cos(a) + y * std::sin(a) > distance[k]) {
                return 0.0;
              }
            }
            return depth;
          },
          depth};
}

}  // namespace hotstage::series::detail
