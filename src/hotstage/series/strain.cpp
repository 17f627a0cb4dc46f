// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/strain.hpp"

#include "hotstage/num/statistics.hpp"

#include <cmath>
#include <complex>
#include <numbers>

namespace hotstage::series {

LocalStrain strain_between(const std::array<Planar, 2>& base, const std::array<Planar, 2>& reference) {
  // Columns of G⁻¹ are the direct vectors: D = Σ a_i ⊗ g⁰_i − 1.
  const double area = cross(base[0], base[1]);
  const std::array<Planar, 2> direct{Planar{-base[1].x / area, base[1].y / area},
                                     Planar{base[0].x / area, -base[0].y / area}};
  std::array<std::array<double, 2>, 2> d{{{-1.0, 0.0}, {0.0, -1.0}}};
  for (std::size_t i = 0; i < 2; ++i) {
    d[0][0] += direct[i].y * reference[i].y;
    d[0][1] += direct[i].y * reference[i].x;
    d[1][0] += direct[i].x * reference[i].y;
    d[1][1] += direct[i].x * reference[i].x;
  }
  return {.xx = d[1][1],
          .yy = d[0][0],
          .xy = 0.5 * (d[0][1] + d[1][0]),
          .rotation_deg = 0.5 * (d[0][1] - d[1][0]) * 180.0 / std::numbers::pi};
}

std::vector<std::optional<LocalStrain>> phase_strain(View<const float, 2> image, const std::array<Planar, 2>& reference,
                                                     const detail::WindowGrid& grid, double least) {
  std::array<std::vector<std::complex<double>>, 2> local;
  std::array<double, 2> floor{};
  for (std::size_t i = 0; i < 2; ++i) {
    local[i] = detail::lock_in(image, reference[i], grid);
    std::vector<double> amplitude;
    for (const auto& c : local[i]) {
      amplitude.push_back(std::abs(c));
    }
    floor[i] = least * num::median(amplitude);
  }
  std::vector<std::optional<LocalStrain>> out(grid.size());
  const double distance = 2.0 * static_cast<double>(grid.step) * 2.0 * std::numbers::pi;
  for (std::size_t r = 1; r + 1 < grid.rows; ++r) {
    for (std::size_t c = 1; c + 1 < grid.columns; ++c) {
      std::array<Planar, 2> base = reference;
      bool strong = true;
      for (std::size_t i = 0; i < 2; ++i) {
        const auto at = [&](std::size_t y, std::size_t x) { return local[i][y * grid.columns + x]; };
        base[i].y += std::arg(at(r + 1, c) * std::conj(at(r - 1, c))) / distance;
        base[i].x += std::arg(at(r, c + 1) * std::conj(at(r, c - 1))) / distance;
        for (const auto& value : {at(r, c), at(r + 1, c), at(r - 1, c), at(r, c + 1), at(r, c - 1)}) {
          strong = strong && std::abs(value) > floor[i];
        }
      }
      if (strong) {
        out[r * grid.columns + c] = strain_between(base, reference);
      }
    }
  }
  return out;
}

}  // namespace hotstage::series
