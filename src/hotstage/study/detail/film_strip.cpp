// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/film_strip.hpp"

#include <fmt/format.h>

#include <limits>

namespace hotstage::study::detail {

namespace {

report::Colour colour_of(OutlineKind kind) {
  switch (kind) {
    case OutlineKind::boundary:
      return report::Colour::yellow;
    case OutlineKind::void_edge:
      return report::Colour::sky;
    case OutlineKind::front:
      break;
  }
  return report::Colour::vermilion;
}

/// All outlines of a kind as one line with gaps.
report::Line outline_line(const FilmFrame& frame, const signal::Signal& series, OutlineKind kind) {
  constexpr double gap = std::numeric_limits<double>::quiet_NaN();
  report::Line line{.colour = colour_of(kind)};
  for (const Outline& outline : frame.outlines) {
    if (outline.kind == kind) {
      for (const auto& [y, x] : outline.points) {
        line.y.push_back(y * series.axes[0].scale);
        line.x.push_back(x * series.axes[1].scale);
      }
      line.y.push_back(gap);
      line.x.push_back(gap);
    }
  }
  return line;
}

}  // namespace

report::Panel strip_panel(const Film& film, const FilmFrame& frame, std::array<double, 2> range) {
  const signal::Signal& series = film.signal();
  const double height = series.axes[0].scale;
  const double width = series.axes[1].scale;
  report::Image image{.name = fmt::format("frame {}", frame.frame), .colour_map = report::ColourMap::grey};
  image.grid = {.rows = film.rows(), .columns = film.columns()};
  image.grid.values.assign(frame.image.data(), frame.image.data() + frame.image.size());
  image.grid.x = {-0.5 * width, (static_cast<double>(film.columns()) - 0.5) * width};
  image.grid.y = {-0.5 * height, (static_cast<double>(film.rows()) - 0.5) * height};
  image.range = range;
  image.bar_label = "Signal";
  image.bar_unit = series.intensity_unit.empty() ? "counts" : series.intensity_unit;
  image.scale_bar = film.scale_bar();
  report::Panel panel{.x = {.unit = series.axes[1].unit, .range = image.grid.x},
                      .y = {.unit = series.axes[0].unit, .range = std::array{image.grid.y[1], image.grid.y[0]}}};
  panel.title = frame.degC ? fmt::format("{:.0f} °C, {:.0f} s", *frame.degC, frame.time_s)
                           : fmt::format("{:.4g} s", frame.time_s);
  panel.marks.emplace_back(std::move(image));
  for (const auto kind : {OutlineKind::boundary, OutlineKind::void_edge, OutlineKind::front}) {
    if (report::Line line = outline_line(frame, series, kind); !line.x.empty()) {
      panel.marks.emplace_back(std::move(line));
    }
  }
  return panel;
}

}  // namespace hotstage::study::detail
