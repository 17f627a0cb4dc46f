// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/series_column_pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace hotstage::study::detail {

io::Table column_table(const series::ColumnSet& set, const ImagePart& image, const series::ImageLattice& lattice) {
  using C = series::AtomColumn;
  io::Table table;
  const auto add = [&](const char* name, const char* unit, const std::function<double(const C&)>& value) {
    std::vector<double> out;
    for (const C& c : set.columns) {
      out.push_back(value(c));
    }
    table.columns.push_back(io::number_column(name, unit, std::move(out)));
  };
  const auto row = static_cast<double>(image.first_row);
  const auto column = static_cast<double>(image.first_column);
  add("y", "px", [&](const C& c) { return c.place.y + row; });
  add("x", "px", [&](const C& c) { return c.place.x + column; });
  add("sigma_y", "px", [](const C& c) { return c.sigma_y; });
  add("sigma_x", "px", [](const C& c) { return c.sigma_x; });
  if (image.pixel_A) {
    const std::array<double, 2> nm{0.1 * (*image.pixel_A)[0], 0.1 * (*image.pixel_A)[1]};
    add("y_nm", "nm", [&](const C& c) { return nm[0] * (c.place.y + row); });
    add("x_nm", "nm", [&](const C& c) { return nm[1] * (c.place.x + column); });
  }
  add("amplitude", "counts", [](const C& c) { return c.amplitude.value; });
  add("sigma_amplitude", "counts", [](const C& c) { return c.amplitude.sigma; });
  add("background", "counts", [](const C& c) { return c.background; });
  add("sublattice", "", [](const C& c) { return c.sublattice; });
  add("u", "a1", [&](const C& c) { return dot(c.place, lattice.reciprocal[0]); });
  add("v", "a2", [&](const C& c) { return dot(c.place, lattice.reciprocal[1]); });
  return table;
}

io::Table layer_table(const series::LayerRatio& ratio) {
  std::vector<double> number, sites, amplitude, sigma;
  std::vector<std::string> kind;
  for (const series::SiteLayer& layer : ratio.layers) {
    number.push_back(layer.number);
    kind.emplace_back(layer.number % 2 == 0 ? "Co" : "Li");
    sites.push_back(static_cast<double>(layer.sites));
    amplitude.push_back(layer.amplitude.value);
    sigma.push_back(layer.amplitude.sigma);
  }
  io::Table table;
  table.columns = {io::number_column("layer", "", number), io::text_column("kind", kind),
                   io::number_column("sites", "", sites), io::number_column("amplitude", "counts", amplitude),
                   io::number_column("sigma", "counts", sigma)};
  return table;
}

report::Figure column_figure(const series::ColumnSet& set, const ImagePart& image) {
  report::Figure figure{.id = "columns", .title = "Atomic columns"};
  figure.caption = "Left: the image. Right: places of the columns, coloured by sublattice (1 is the brightest).";
  report::Panel left = image_panel(image);
  report::Image alone = grey_image(image);
  alone.bar = false;
  left.marks.emplace_back(std::move(alone));
  report::Panel right = image_panel(image);
  right.column = 1;
  right.marks.emplace_back(grey_image(image));
  int most = 0;
  for (const series::AtomColumn& c : set.columns) {
    most = std::max(most, c.sublattice);
  }
  const std::array<double, 2> px = image.pixel_A.value_or(std::array{10.0, 10.0});
  constexpr int shown = 6;
  for (int s = 0; s <= std::min(most, shown); ++s) {
    report::Points points{.name = s == 0 ? "none" : fmt::format("sublattice {}", s)};
    for (const series::AtomColumn& c : set.columns) {
      if (c.sublattice == s) {
        points.y.push_back(0.1 * px[0] * c.place.y);
        points.x.push_back(0.1 * px[1] * c.place.x);
      }
    }
    if (!points.x.empty()) {
      right.marks.emplace_back(std::move(points));
    }
  }
  figure.panels = {std::move(left), std::move(right)};
  return figure;
}

report::Figure layer_figure(const series::LayerRatio& ratio) {
  report::Figure figure{.id = "layers", .title = "Strength of the metal layers", .width = report::Width::half};
  figure.caption =
      fmt::format("Mean amplitude of the sites of each layer, ± σ; Li over Co layers {}.", text(ratio.ratio));
  report::Points co{.name = "Co layers", .symbol = report::Symbol::circle, .colour = report::Colour::blue};
  report::Points li{.name = "Li layers", .symbol = report::Symbol::diamond, .colour = report::Colour::orange};
  for (const series::SiteLayer& layer : ratio.layers) {
    report::Points& to = layer.number % 2 == 0 ? co : li;
    to.x.push_back(0.05 * layer.number * ratio.spacing_A);
    to.y.push_back(layer.amplitude.value);
    to.sigma_y.push_back(layer.amplitude.sigma);
  }
  report::Panel panel{.x = {.label = "Distance across the layers", .unit = "nm"},
                      .y = {.label = "Amplitude over background", .unit = "counts"}};
  panel.marks.emplace_back(std::move(co));
  panel.marks.emplace_back(std::move(li));
  figure.panels.push_back(std::move(panel));
  return figure;
}

}  // namespace hotstage::study::detail
