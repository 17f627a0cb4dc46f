// SPDX-License-Identifier: GPL-3.0-or-later
// Synthetic atomic-resolution images for tests: Gaussian columns on a lattice with a basis, row jitter, Poisson counts.

#pragma once

#include "hotstage/core/array.hpp"
#include "hotstage/core/rng.hpp"
#include "hotstage/series/lattice.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace hotstage::series::detail {

struct BasisColumn {
  double u = 0.0;  ///< fractions of a1, a2
  double v = 0.0;
  double strength = 1.0;
};

struct ColumnScene {
  std::size_t rows = 256;
  std::size_t columns = 256;
  Planar a1;  ///< px
  Planar a2;
  Planar origin;
  std::vector<BasisColumn> basis{{}};
  double width_px = 2.6;     ///< σ of a column
  double background = 0.35;  ///< of the peak of a column
  double contrast = 1.0;     ///< 0: columns switched off
  double counts = 20.0;      ///< mean per pixel
  double jitter_px = 0.0;    ///< rms shift of a row along x
  std::uint64_t seed = 1;
};

inline std::array<Planar, 2> reciprocal_of(const Planar& a1, const Planar& a2) {
  const double area = cross(a1, a2);
  return {Planar{-a2.x / area, a2.y / area}, Planar{a1.x / area, -a1.y / area}};
}

/// Expected image, mean 1 before Poisson noise.
inline Buffer<float, 2> expected_columns(const ColumnScene& s) {
  Buffer<float, 2> image({s.rows, s.columns});
  for (std::size_t i = 0; i < image.size(); ++i) {
    image.data()[i] = static_cast<float>(s.background);
  }
  const std::array<Planar, 2> g = reciprocal_of(s.a1, s.a2);
  const auto reach = static_cast<std::ptrdiff_t>(std::ceil(4.5 * s.width_px));
  const auto rows = static_cast<std::ptrdiff_t>(s.rows);
  const auto columns = static_cast<std::ptrdiff_t>(s.columns);
  double low_u = 0.0;
  double high_u = 0.0;
  double low_v = 0.0;
  double high_v = 0.0;
  for (const Planar corner :
       {Planar{0.0, 0.0}, Planar{static_cast<double>(s.rows), 0.0}, Planar{0.0, static_cast<double>(s.columns)},
        Planar{static_cast<double>(s.rows), static_cast<double>(s.columns)}}) {
    const double u = dot(corner, g[0]);
    const double v = dot(corner, g[1]);
    low_u = std::min(low_u, u);
    high_u = std::max(high_u, u);
    low_v = std::min(low_v, v);
    high_v = std::max(high_v, v);
  }
  constexpr int extra = 3;
  std::vector<double> row_shift(s.rows);
  Rng rng(s.seed, 7, 0);
  for (double& shift : row_shift) {
    shift = s.jitter_px * rng.normal();
  }
  for (int u = static_cast<int>(low_u) - extra; u <= static_cast<int>(high_u) + extra; ++u) {
    for (int v = static_cast<int>(low_v) - extra; v <= static_cast<int>(high_v) + extra; ++v) {
      for (const BasisColumn& b : s.basis) {
        const Planar in = combine(u + b.u, s.a1, v + b.v, s.a2);
        const Planar at{in.y + s.origin.y, in.x + s.origin.x};
        const auto cy = static_cast<std::ptrdiff_t>(std::lround(at.y));
        const auto cx = static_cast<std::ptrdiff_t>(std::lround(at.x));
        for (std::ptrdiff_t y = std::max<std::ptrdiff_t>(0, cy - reach); y <= std::min(rows - 1, cy + reach); ++y) {
          const double shift = row_shift[static_cast<std::size_t>(y)];
          const auto move = static_cast<std::ptrdiff_t>(std::ceil(std::abs(shift)));
          for (std::ptrdiff_t x = std::max<std::ptrdiff_t>(0, cx - reach - move);
               x <= std::min(columns - 1, cx + reach + move); ++x) {
            const double dy = static_cast<double>(y) - at.y;
            const double dx = static_cast<double>(x) - at.x - shift;
            image.view()(static_cast<std::size_t>(y), static_cast<std::size_t>(x)) += static_cast<float>(
                s.contrast * b.strength * std::exp(-0.5 * (dy * dy + dx * dx) / (s.width_px * s.width_px)));
          }
        }
      }
    }
  }
  double mean = 0.0;
  for (std::size_t i = 0; i < image.size(); ++i) {
    mean += static_cast<double>(image.data()[i]);
  }
  mean /= static_cast<double>(image.size());
  for (std::size_t i = 0; i < image.size(); ++i) {
    image.data()[i] = static_cast<float>(static_cast<double>(image.data()[i]) / mean);
  }
  return image;
}

inline Buffer<float, 2> column_image(const ColumnScene& s) {
  Buffer<float, 2> image = expected_columns(s);
  for (std::size_t i = 0; i < image.size(); ++i) {
    Rng rng(s.seed, 11, i);
    image.data()[i] = static_cast<float>(rng.poisson(s.counts * static_cast<double>(image.data()[i])));
  }
  return image;
}

}  // namespace hotstage::series::detail
