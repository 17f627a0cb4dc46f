// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/series_average_pages.hpp"

#include "hotstage/num/statistics.hpp"
#include "hotstage/study/detail/series_pages.hpp"

#include <cmath>

namespace hotstage::study::detail {

report::Figure before_after_figure(const std::string& id, const std::string& title, const ImagePart& before,
                                   const ImagePart& after, const std::array<std::string, 2>& names) {
  report::Figure figure{.id = id, .title = title};
  figure.caption = "Stored counts, the same grey levels in both.";
  const auto levels = grey_image(after).range;
  for (const ImagePart* part : {&before, &after}) {
    report::Image image = grey_image(*part);
    image.range = levels;
    image.bar = part == &after;
    report::Panel panel = image_panel(*part);
    panel.marks.emplace_back(std::move(image));
    panel.title = names[part == &before ? 0 : 1];
    panel.column = part == &before ? 0 : 1;
    figure.panels.push_back(std::move(panel));
  }
  return figure;
}

void add_average_signals(const signal::Signal& frames, const series::MeanImage& image, StepOutput& out) {
  const auto map = [&](const Buffer<float, 2>& values) {
    return map_signal(frames, values.extent(0), values.extent(1), 1, {values.data(), values.data() + values.size()});
  };
  Buffer<float, 2> sigma({image.variance.extent(0), image.variance.extent(1)});
  for (std::size_t i = 0; i < sigma.size(); ++i) {
    sigma.data()[i] = std::sqrt(image.variance.data()[i]);
  }
  out.signals["mean"] = map(image.mean);
  out.signals["sigma"] = map(sigma);
  out.signals["number"] = map(image.n_averaged);
}

signal::Signal part_signal(const signal::Signal& images, const ImagePart& part, Buffer<float, 2> data) {
  signal::Signal out = images;
  const std::array<std::size_t, 2> first{part.first_row, part.first_column};
  for (std::size_t i = 0; i < 2; ++i) {
    const signal::Axis& of = images.axes[i];
    out.axes[i] = {.name = of.name,
                   .size = part.counts.extent(i),
                   .offset = of.value(static_cast<double>(first[i])),
                   .scale = of.scale,
                   .unit = of.unit};
  }
  if (data.extent(0) != images.items()) {
    out.navigation.clear();
  }
  out.intensity_scale = 1.0;
  out.intensity_offset = 0.0;
  out.source = signal::memory_source(std::move(data));
  return out;
}

io::Table row_table(const std::vector<series::RowMotion>& motions, std::size_t first_frame, std::size_t first_row) {
  std::vector<double> frame, row, dx, sigma, dy, sigma_y;
  for (std::size_t f = 0; f < motions.size(); ++f) {
    for (std::size_t y = 0; y < motions[f].dx_px.size(); ++y) {
      frame.push_back(static_cast<double>(first_frame + f));
      row.push_back(static_cast<double>(first_row + y));
      dx.push_back(motions[f].dx_px[y]);
      sigma.push_back(motions[f].sigma_px[y]);
      if (!motions[f].dy_px.empty()) {
        dy.push_back(motions[f].dy_px[y]);
        sigma_y.push_back(motions[f].sigma_y_px[y]);
      }
    }
  }
  io::Table table;
  table.columns = {io::number_column("frame", "", frame), io::number_column("row", "", row),
                   io::number_column("dx", "px", dx), io::number_column("sigma", "px", sigma)};
  if (dy.size() == frame.size()) {
    table.columns.push_back(io::number_column("dy", "px", dy));
    table.columns.push_back(io::number_column("sigma_y", "px", sigma_y));
  }
  return table;
}

Result jitter_along_y(const std::vector<series::RowMotion>& motions) {
  std::vector<double> rms;
  for (const series::RowMotion& m : motions) {
    rms.push_back(m.rms_y_px);
  }
  return {.id = "jitter_y",
          .value = num::median(rms),
          .unit = "px",
          .method = "rms of the row shifts along y, their noise taken off; measured, not undone",
          .label = "Row jitter along y"};
}

report::Figure row_figure(const series::RowMotion& motion, std::size_t first_row) {
  report::Figure figure{.id = "rows", .title = "Shift of every row"};
  figure.caption = "Along the fast axis, towards larger x; band: one standard deviation.";
  report::Line line{.name = "shift", .y = motion.dx_px, .sigma = motion.sigma_px, .colour = report::Colour::blue};
  for (std::size_t y = 0; y < motion.dx_px.size(); ++y) {
    line.x.push_back(static_cast<double>(first_row + y));
  }
  report::Panel panel{.x = {.label = "Row"}, .y = {.label = "Shift", .unit = "px"}};
  panel.marks.emplace_back(std::move(line));
  figure.panels.push_back(std::move(panel));
  return figure;
}

}  // namespace hotstage::study::detail
