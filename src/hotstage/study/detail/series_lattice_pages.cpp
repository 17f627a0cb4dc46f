// SPDX-License-Identifier: GPL-3.0-or-later
// Tables and figures of lattices.

#include "hotstage/num/statistics.hpp"
#include "hotstage/study/detail/series_lattice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hotstage::study::detail {

io::Table lattice_spot_table(const series::ImageLattice& lattice, std::optional<std::array<double, 2>> pixel_A) {
  std::vector<double> h, k, fy, fx, sigma, amplitude, snr, spacing, angle;
  for (const series::Spot& spot : lattice.spots) {
    h.push_back(spot.h);
    k.push_back(spot.k);
    fy.push_back(spot.frequency.y);
    fx.push_back(spot.frequency.x);
    sigma.push_back(spot.sigma);
    amplitude.push_back(spot.amplitude);
    snr.push_back(spot.snr);
    const std::array<double, 2> px = pixel_A.value_or(std::array{1.0, 1.0});
    spacing.push_back(1.0 / std::hypot(spot.frequency.y / px[0], spot.frequency.x / px[1]));
    angle.push_back(std::atan2(spot.frequency.y / px[0], spot.frequency.x / px[1]) * 180.0 / std::numbers::pi);
  }
  io::Table table;
  table.columns = {io::number_column("h", "", h),
                   io::number_column("k", "", k),
                   io::number_column("frequency_y", "1/px", fy),
                   io::number_column("frequency_x", "1/px", fx),
                   io::number_column("sigma", "1/px", sigma),
                   io::number_column("amplitude", "counts", amplitude),
                   io::number_column("snr", "", snr),
                   io::number_column("spacing", pixel_A ? "angstrom" : "px", spacing),
                   io::number_column("direction", "deg", angle)};
  return table;
}

report::Image grey_image(const ImagePart& image, std::size_t shown) {
  const std::size_t longest = std::max(image.counts.extent(0), image.counts.extent(1));
  const std::size_t block = std::max<std::size_t>(1, (longest + shown - 1) / shown);
  report::Image out{
      .name = "image", .colour_map = report::ColourMap::grey, .bar_label = "Signal", .bar_unit = "counts"};
  report::Grid& grid = out.grid;
  grid.rows = image.counts.extent(0) / block;
  grid.columns = image.counts.extent(1) / block;
  grid.values.assign(grid.rows * grid.columns, 0.0);
  for (std::size_t y = 0; y < grid.rows * block; ++y) {
    for (std::size_t x = 0; x < grid.columns * block; ++x) {
      grid.values[y / block * grid.columns + x / block] +=
          static_cast<double>(image.counts.view()(y, x)) / static_cast<double>(block * block);
    }
  }
  const std::array<double, 2> px = image.pixel_A.value_or(std::array{10.0, 10.0});
  grid.y = {-0.05 * px[0], 0.1 * px[0] * (static_cast<double>(grid.rows * block) - 0.5)};
  grid.x = {-0.05 * px[1], 0.1 * px[1] * (static_cast<double>(grid.columns * block) - 0.5)};
  out.range = {num::quantile(grid.values, 0.005), num::quantile(grid.values, 0.995)};
  if ((*out.range)[1] <= (*out.range)[0]) {
    out.range.reset();
  }
  // A bar of 1, 2 or 5 × 10ⁿ, at most a third of the field.
  const double third = (grid.x[1] - grid.x[0]) / 3.0;
  double bar = std::pow(10.0, std::floor(std::log10(third)));
  bar *= bar * 5.0 <= third ? 5.0 : bar * 2.0 <= third ? 2.0 : 1.0;
  out.scale_bar = report::ScaleBar{bar, fmt::format("{:g} {}", bar, image.pixel_A ? "nm" : "px")};
  return out;
}

report::Panel image_panel(const ImagePart& image) {
  const std::string unit = image.pixel_A ? "nm" : "px";
  return {.x = {.unit = unit}, .y = {.unit = unit}};
}

report::Figure lattice_figure(const ImagePart& image, const series::ImageLattice& lattice) {
  report::Figure figure{.id = "lattice", .title = "Lattice of the image"};
  figure.caption =
      "Left: the image. Right: spots of its spectrum; those of the lattice with their indices as circles, others as "
      "triangles.";
  report::Panel left = image_panel(image);
  left.marks.emplace_back(grey_image(image));
  const std::array<double, 2> px = image.pixel_A.value_or(std::array{1.0, 1.0});
  const std::string unit = image.pixel_A ? "1/Å" : "1/px";
  report::Panel right{.x = {.label = "Spatial frequency x", .unit = unit},
                      .y = {.label = "Spatial frequency y", .unit = unit},
                      .column = 1};
  report::Points own{.name = "lattice", .symbol = report::Symbol::circle, .colour = report::Colour::blue};
  report::Points other{
      .name = "not of this lattice", .symbol = report::Symbol::triangle, .colour = report::Colour::vermilion};
  double most = 0.0;
  for (const series::Spot& spot : lattice.spots) {
    report::Points& to = spot.h == 0 && spot.k == 0 ? other : own;
    for (const double sign : {1.0, -1.0}) {
      to.x.push_back(sign * spot.frequency.x / px[1]);
      to.y.push_back(sign * spot.frequency.y / px[0]);
      most = std::max({most, std::abs(to.x.back()), std::abs(to.y.back())});
    }
  }
  std::size_t labelled = 0;
  std::vector<report::Mark> texts;
  for (const series::Spot& spot : lattice.spots) {
    constexpr std::size_t fits = 8;
    if ((spot.h != 0 || spot.k != 0) && labelled < fits) {
      texts.emplace_back(report::Text{.text = fmt::format("{} {}", spot.h, spot.k),
                                      .x = spot.frequency.x / px[1],
                                      .y = spot.frequency.y / px[0] - 0.07 * most});
      ++labelled;
    }
  }
  // y runs down, as in the image.
  right.x.range = {-1.15 * most, 1.15 * most};
  right.y.range = {1.15 * most, -1.15 * most};
  for (report::Points* points : {&own, &other}) {
    if (!points->x.empty()) {
      right.marks.emplace_back(std::move(*points));
    }
  }
  right.marks.insert(right.marks.end(), texts.begin(), texts.end());
  figure.panels = {std::move(left), std::move(right)};
  return figure;
}

}  // namespace hotstage::study::detail
