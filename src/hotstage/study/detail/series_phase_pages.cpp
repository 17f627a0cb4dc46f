// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/series_phase_pages.hpp"

#include "hotstage/num/statistics.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>

namespace hotstage::study::detail {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Centre of a window in nm of the part (from its first pixel).
std::array<double, 2> place_nm(const series::PhaseMap& map, const ImagePart& image, std::size_t i) {
  const series::Planar p = map.grid.centre(i / map.grid.columns, i % map.grid.columns);
  return {0.1 * p.y * (*image.pixel_A)[0], 0.1 * p.x * (*image.pixel_A)[1]};
}

std::vector<double> collect(const series::PhaseMap& map, const std::function<double(const series::PhaseCell&)>& value) {
  std::vector<double> out;
  for (const series::PhaseCell& cell : map.cells) {
    out.push_back(cell.has_lattice ? value(cell) : nan);
  }
  return out;
}

std::function<double(const series::PhaseCell&)> strain_part(std::optional<series::LocalStrain> series::PhaseCell::*of,
                                                            double series::LocalStrain::*part) {
  return [of, part](const series::PhaseCell& cell) { return cell.*of ? (*(cell.*of)).*part : nan; };
}

}  // namespace

io::Table phase_table(const series::PhaseMap& map, const ImagePart& image) {
  using C = series::PhaseCell;
  std::vector<double> y, x;
  std::vector<std::string> phase;
  for (std::size_t i = 0; i < map.cells.size(); ++i) {
    const std::array<double, 2> p = place_nm(map, image, i);
    y.push_back(p[0] + 0.1 * static_cast<double>(image.first_row) * (*image.pixel_A)[0]);
    x.push_back(p[1] + 0.1 * static_cast<double>(image.first_column) * (*image.pixel_A)[1]);
    phase.emplace_back(series::name(map.cells[i].phase));
  }
  io::Table table;
  table.columns = {io::number_column("y", "nm", y), io::number_column("x", "nm", x), io::text_column("phase", phase)};
  const auto add = [&](const char* name, const char* unit, const std::function<double(const C&)>& value) {
    table.columns.push_back(io::number_column(name, unit, collect(map, value)));
  };
  add("p_layered", "", [](const C& c) { return c.probability[0]; });
  add("p_spinel", "", [](const C& c) { return c.probability[1]; });
  add("p_rock_salt", "", [](const C& c) { return c.probability[2]; });
  add("p_metal", "", [](const C& c) { return c.probability[3]; });
  add("snr_111", "", [](const C& c) { return c.snr; });
  add("a_cubic", "angstrom", [](const C& c) { return c.a_A; });
  add("sigma_a_cubic", "angstrom", [](const C& c) { return c.sigma_a_A; });
  add("orientation", "deg", [](const C& c) { return c.orientation_deg; });
  add("d111_1", "angstrom", [](const C& c) { return c.d111_A[0]; });
  add("d111_2", "angstrom", [](const C& c) { return c.d111_A[1]; });
  add("d002", "angstrom", [](const C& c) { return c.d002_A; });
  add("half111_1", "", [](const C& c) { return c.superlattice[0]; });
  add("half111_2", "", [](const C& c) { return c.superlattice[1]; });
  add("spinel220", "", [](const C& c) { return c.superlattice[2]; });
  add("half311_1", "", [](const C& c) { return c.superlattice[3]; });
  add("half311_2", "", [](const C& c) { return c.superlattice[4]; });
  add("layers_along", "", [](const C& c) { return c.layers == 0 ? nan : static_cast<double>(c.layers); });
  add("strain_xx", "", strain_part(&C::strain, &series::LocalStrain::xx));
  add("strain_yy", "", strain_part(&C::strain, &series::LocalStrain::yy));
  add("strain_xy", "", strain_part(&C::strain, &series::LocalStrain::xy));
  add("rotation", "deg", strain_part(&C::strain, &series::LocalStrain::rotation_deg));
  add("gpa_xx", "", strain_part(&C::phase_strain, &series::LocalStrain::xx));
  add("gpa_yy", "", strain_part(&C::phase_strain, &series::LocalStrain::yy));
  add("gpa_xy", "", strain_part(&C::phase_strain, &series::LocalStrain::xy));
  add("gpa_rotation", "deg", strain_part(&C::phase_strain, &series::LocalStrain::rotation_deg));
  return table;
}

report::Figure phase_figure(const series::PhaseMap& map, const ImagePart& image) {
  report::Figure figure{.id = "phases", .title = "Phases from local spectra"};
  figure.caption =
      "Left: the image. Right: centres of the sliding windows, coloured by the phase told; grey: not told, because "
      "spots "
      "are too weak or no hypothesis fits.";
  report::Panel left = image_panel(image);
  left.marks.emplace_back(grey_image(image));
  report::Panel right = image_panel(image);
  right.column = 1;
  right.marks.emplace_back(grey_image(image));
  using series::CathodePhase;
  const std::array<std::pair<CathodePhase, report::Colour>, 5> colours{
      {{CathodePhase::layered, report::Colour::blue},
       {CathodePhase::spinel, report::Colour::orange},
       {CathodePhase::rock_salt, report::Colour::vermilion},
       {CathodePhase::metal, report::Colour::green},
       {CathodePhase::not_told, report::Colour::grey}}};
  for (const auto& [phase, colour] : colours) {
    report::Points points{.name = std::string(series::name(phase)), .symbol = report::Symbol::square, .colour = colour};
    for (std::size_t i = 0; i < map.cells.size(); ++i) {
      if (map.cells[i].phase == phase) {
        const std::array<double, 2> p = place_nm(map, image, i);
        points.y.push_back(p[0]);
        points.x.push_back(p[1]);
      }
    }
    if (!points.x.empty()) {
      right.marks.emplace_back(std::move(points));
    }
  }
  figure.panels = {std::move(left), std::move(right)};
  return figure;
}

report::Figure strain_figure(const series::PhaseMap& map, const ImagePart& image) {
  using C = series::PhaseCell;
  report::Figure figure{.id = "strain", .title = "Strain along x against the reference"};
  figure.caption =
      "Left: base vectors fitted in every window. Right: geometric phase analysis. White: no lattice, another grain or "
      "phase, or the rim.";
  std::array<std::vector<double>, 2> values{collect(map, strain_part(&C::strain, &series::LocalStrain::xx)),
                                            collect(map, strain_part(&C::phase_strain, &series::LocalStrain::xx))};
  std::vector<double> finite;
  for (const double v : values[0]) {
    if (std::isfinite(v)) {
      finite.push_back(100.0 * std::abs(v));
    }
  }
  const double most = std::max(0.5, num::quantile(finite, 0.98));
  const double half = 0.05 * static_cast<double>(map.grid.step);
  const std::array<double, 2> px = *image.pixel_A;
  for (std::size_t method = 0; method < 2; ++method) {
    for (double& v : values[method]) {
      v *= 100.0;
    }
    const series::Planar first = map.grid.centre(0, 0);
    const series::Planar last = map.grid.centre(map.grid.rows - 1, map.grid.columns - 1);
    report::Image shown{.name = method == 0 ? "local fit" : "geometric phase",
                        .grid = {.rows = map.grid.rows, .columns = map.grid.columns, .values = values[method]},
                        .colour_map = report::ColourMap::diverging};
    shown.grid.y = {(0.1 * first.y - half) * px[0], (0.1 * last.y + half) * px[0]};
    shown.grid.x = {(0.1 * first.x - half) * px[1], (0.1 * last.x + half) * px[1]};
    shown.range = {-most, most};
    shown.bar_label = "Strain xx";
    shown.bar_unit = "%";
    shown.scale_bar = grey_image(image).scale_bar;
    report::Panel panel = image_panel(image);
    panel.title = method == 0 ? "local fit" : "geometric phase";
    panel.column = method;
    panel.marks.emplace_back(std::move(shown));
    figure.panels.push_back(std::move(panel));
  }
  return figure;
}

signal::Signal phase_signal(const series::PhaseMap& map, const ImagePart& image) {
  signal::Signal out;
  const series::Planar first = map.grid.centre(0, 0);
  const std::array<double, 2> px = *image.pixel_A;
  const std::array<double, 2> start{(first.y + static_cast<double>(image.first_row)) * px[0],
                                    (first.x + static_cast<double>(image.first_column)) * px[1]};
  for (std::size_t i = 0; i < 2; ++i) {
    out.axes.push_back({.name = i == 0 ? "y" : "x",
                        .size = i == 0 ? map.grid.rows : map.grid.columns,
                        .offset = 0.1 * start[i],
                        .scale = 0.1 * px[i] * static_cast<double>(map.grid.step),
                        .unit = "nm"});
  }
  Buffer<float, 2> data({1, map.cells.size()});
  for (std::size_t i = 0; i < map.cells.size(); ++i) {
    const series::CathodePhase phase = map.cells[i].phase;
    data.data()[i] = phase == series::CathodePhase::not_told ? 0.0F : static_cast<float>(static_cast<int>(phase) + 1);
  }
  out.source = signal::memory_source(std::move(data));
  return out;
}

}  // namespace hotstage::study::detail
