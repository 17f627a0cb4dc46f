// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/meso/detail/ledger.hpp"
#include "hotstage/meso/simulation.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hotstage::meso {

namespace {

constexpr std::size_t metal_index = 3;

/// Mean thickness of a sphere over a cell, from 4 × 4 points.
double sphere_over_cell(const MetalParticle& metal, const Point& centre, double h) {
  constexpr int points = 4;
  double sum = 0.0;
  for (int i = 0; i < points * points; ++i) {
    const int row = i / points;
    const double x = centre.x_nm + h * ((i % points + 0.5) / points - 0.5) - metal.centre.x_nm;
    const double y = centre.y_nm + h * ((row + 0.5) / points - 0.5) - metal.centre.y_nm;
    sum += 2.0 * std::sqrt(std::max(0.0, metal.radius_nm * metal.radius_nm - x * x - y * y));
  }
  return sum / (points * points);
}

void add_metal(const Polycrystal& crystal, const MetalParticle& metal, View<float, 3> out) {
  const double h = crystal.pixel_nm;
  const auto last = static_cast<std::ptrdiff_t>(crystal.cells) - 1;
  const auto cell_of = [&](double nm) {
    return std::clamp(static_cast<std::ptrdiff_t>(std::floor(nm / h)), std::ptrdiff_t{0}, last);
  };
  const auto first_row = cell_of(metal.centre.y_nm - metal.radius_nm);
  const auto first_column = cell_of(metal.centre.x_nm - metal.radius_nm);
  const auto rows = cell_of(metal.centre.y_nm + metal.radius_nm) - first_row + 1;
  const auto columns = cell_of(metal.centre.x_nm + metal.radius_nm) - first_column + 1;
  std::vector<double> thickness(static_cast<std::size_t>(rows * columns));
  double sum = 0.0;
  for (std::size_t i = 0; i < thickness.size(); ++i) {
    const auto row = first_row + static_cast<std::ptrdiff_t>(i) / columns;
    const auto column = first_column + static_cast<std::ptrdiff_t>(i) % columns;
    thickness[i] =
        sphere_over_cell(metal, {(static_cast<double>(column) + 0.5) * h, (static_cast<double>(row) + 0.5) * h}, h);
    sum += thickness[i];
  }
  const double volume = 4.0 / 3.0 * std::numbers::pi * std::pow(metal.radius_nm, 3);
  if (!(sum > 0.0)) {  // smaller than the points see: all of it in one cell
    thickness[thickness.size() / 2] = sum = 1.0;
  }
  const double scale = volume / (sum * h * h);
  for (std::size_t i = 0; i < thickness.size(); ++i) {
    const auto row = static_cast<std::size_t>(first_row + static_cast<std::ptrdiff_t>(i) / columns);
    const auto column = static_cast<std::size_t>(first_column + static_cast<std::ptrdiff_t>(i) % columns);
    out(metal_index, row, column) += static_cast<float>(scale * thickness[i]);
  }
}

}  // namespace

Buffer<float, 3> material_maps(const Polycrystal& crystal, const Scenario& scenario, const FoilState& state) {
  const std::size_t n = crystal.cells;
  Buffer<float, 3> out({material_names.size(), n, n});
  const auto view = out.view();
  for (std::size_t cell = 0; cell < state.cobalt.size(); ++cell) {
    if (crystal.label[cell] == 0) {
      continue;
    }
    const ColumnContent content{.cobalt = state.cobalt[cell],
                                .transformed = state.transformed[cell],
                                .rock_salt = state.rock_salt[cell],
                                .lithia_li = detail::lithia_li(scenario.chemistry, state, cell)};
    const auto thickness = thickness_nm(content, scenario.parameters.foil_nm);
    for (std::size_t m = 0; m < thickness.size(); ++m) {
      view(m, cell / n, cell % n) = static_cast<float>(thickness[m]);
    }
  }
  for (const MetalParticle& metal : state.metal) {
    add_metal(crystal, metal, view);
  }
  return out;
}

}  // namespace hotstage::meso
