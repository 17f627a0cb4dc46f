// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/series_pages.hpp"

#include "hotstage/num/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace hotstage::study::detail {

namespace {

constexpr std::size_t shown_pixels = 256;  // edge of an image in the report
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Outer edges of an image that covers the axis from element 0 on, in the unit of the axis.
std::array<double, 2> edges(const signal::Axis& axis, std::size_t elements, std::size_t step) {
  return {axis.value(-0.5), axis.value(static_cast<double>(elements * step) - 0.5)};
}

/// Block means of an image of rows × columns.
report::Grid shrink(const signal::Signal& frames, View<const float, 2> image) {
  const std::size_t longest = std::max(image.extent(0), image.extent(1));
  const std::size_t block = std::max<std::size_t>(1, (longest + shown_pixels - 1) / shown_pixels);
  report::Grid grid{.rows = image.extent(0) / block, .columns = image.extent(1) / block};
  grid.values.assign(grid.rows * grid.columns, 0.0);
  for (std::size_t y = 0; y < grid.rows * block; ++y) {
    for (std::size_t x = 0; x < grid.columns * block; ++x) {
      grid.values[y / block * grid.columns + x / block] +=
          static_cast<double>(image(y, x)) / static_cast<double>(block * block);
    }
  }
  grid.y = edges(frames.axes[0], grid.rows, block);
  grid.x = edges(frames.axes[1], grid.columns, block);
  return grid;
}

std::array<double, 2> grey_range(const report::Grid& grid) {
  return {num::quantile(grid.values, 0.005), num::quantile(grid.values, 0.995)};
}

enum class EdgeKind { upright, level };

/// Pixel edges between two labels as one line with gaps; edges in a row are one piece.
report::Line boundary_line(const signal::Signal& frames, View<const std::int32_t, 2> labels, report::Colour colour) {
  report::Line line{.name = "grain boundaries", .colour = colour};
  const auto piece = [&](std::array<double, 2> from, std::array<double, 2> to) {
    for (const std::array<double, 2>& p : {from, to}) {
      line.y.push_back(frames.axes[0].value(p[0] - 0.5));
      line.x.push_back(frames.axes[1].value(p[1] - 0.5));
    }
    line.y.push_back(nan);
    line.x.push_back(nan);
  };
  const auto walk = [&](std::size_t across, std::size_t along, EdgeKind kind) {
    const bool upright = kind == EdgeKind::upright;
    const auto at = [&](std::size_t i, std::size_t k) { return upright ? labels(k, i) : labels(i, k); };
    for (std::size_t i = 1; i < across; ++i) {
      std::size_t k = 0;
      while (k < along) {
        const std::size_t start = k;
        while (k < along && at(i, k) != at(i - 1, k)) {
          ++k;
        }
        if (k > start) {
          const auto c = static_cast<double>(i);
          const std::array<double, 2> ends{static_cast<double>(start), static_cast<double>(k)};
          upright ? piece({ends[0], c}, {ends[1], c}) : piece({c, ends[0]}, {c, ends[1]});
        }
        ++k;
      }
    }
  };
  walk(labels.extent(1), labels.extent(0), EdgeKind::upright);
  walk(labels.extent(0), labels.extent(1), EdgeKind::level);
  return line;
}

report::Panel image_panel(const signal::Signal& frames, report::Image image) {
  report::Panel panel{.x = {.label = "x", .unit = frames.axes[1].unit},
                      .y = {.label = "y", .unit = frames.axes[0].unit}};
  panel.marks.emplace_back(std::move(image));
  return panel;
}

std::vector<double> frame_numbers(std::size_t n) {
  std::vector<double> out(n);
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = static_cast<double>(i);
  }
  return out;
}

template <class T>
std::vector<double> collect(const std::vector<series::FrameDrift>& frames, T series::FrameDrift::*member) {
  std::vector<double> out;
  for (const series::FrameDrift& frame : frames) {
    out.push_back(static_cast<double>(frame.*member));
  }
  return out;
}

}  // namespace

io::Table drift_table(const series::Registration& registration, const signal::Timeline& timeline) {
  const std::vector<series::FrameDrift>& frames = registration.frames;
  std::vector<std::string> state;
  for (const series::FrameDrift& frame : frames) {
    const std::string text = series::flags_text(frame.flags);
    state.push_back(text.empty() ? "ok" : text);
  }
  const std::vector<double> gain(frames.size(), registration.detector.gain.value);
  const std::vector<double> black(frames.size(), registration.detector.black.value);
  using F = series::FrameDrift;
  io::Table table;
  table.columns = {io::number_column("frame", "", frame_numbers(frames.size())),
                   io::number_column("time", "s", timeline.frame_start_s),
                   io::number_column("dy", "px", collect(frames, &F::dy_px)),
                   io::number_column("dx", "px", collect(frames, &F::dx_px)),
                   io::number_column("sigma_y", "px", collect(frames, &F::sigma_y_px)),
                   io::number_column("sigma_x", "px", collect(frames, &F::sigma_x_px)),
                   io::number_column("scan_y", "px", collect(frames, &F::scan_y_px)),
                   io::number_column("scan_x", "px", collect(frames, &F::scan_x_px)),
                   io::number_column("correlation", "", collect(frames, &F::correlation)),
                   io::number_column("focus", "", collect(frames, &F::focus)),
                   io::number_column("mean", "counts", collect(frames, &F::mean)),
                   io::number_column("flags", "", collect(frames, &F::flags)),
                   io::text_column("state", state),
                   io::number_column("gain", "counts", gain),
                   io::number_column("black", "counts", black)};
  return table;
}

SeriesState read_drift(const io::Table& table, const signal::Signal& frames) {
  if (table.rows() != frames.items()) {
    throw Error(Errc::bad_input, Location{.file = table.file},
                fmt::format("the drift table has {} rows, the series {} frames", table.rows(), frames.items()),
                "Bind the drift table that series.register made of these frames");
  }
  SeriesState out;
  out.drift.resize(table.rows());
  const auto fill = [&](const char* column, double series::FrameDrift::*member) {
    const std::vector<double>& values = table.numbers(column);
    for (std::size_t i = 0; i < values.size(); ++i) {
      out.drift[i].*member = values[i];
    }
  };
  fill("dy", &series::FrameDrift::dy_px);
  fill("dx", &series::FrameDrift::dx_px);
  fill("sigma_y", &series::FrameDrift::sigma_y_px);
  fill("sigma_x", &series::FrameDrift::sigma_x_px);
  fill("scan_y", &series::FrameDrift::scan_y_px);
  fill("scan_x", &series::FrameDrift::scan_x_px);
  fill("focus", &series::FrameDrift::focus);
  fill("mean", &series::FrameDrift::mean);
  const std::vector<double>& flags = table.numbers("flags");
  for (std::size_t i = 0; i < flags.size(); ++i) {
    out.drift[i].flags = static_cast<std::uint32_t>(flags[i]);
  }
  out.detector = {
      .gain = {table.numbers("gain").front(), 0.0}, .black = {table.numbers("black").front(), 0.0}, .found = true};
  return out;
}

signal::Signal map_signal(const signal::Signal& frames, std::size_t rows, std::size_t columns, std::size_t step,
                          std::vector<float> values) {
  HOTSTAGE_EXPECTS(values.size() == rows * columns);
  const auto axis = [&](const signal::Axis& of, std::size_t size) {
    return signal::Axis{.name = of.name,
                        .size = size,
                        .offset = of.value(0.5 * (static_cast<double>(step) - 1.0)),
                        .scale = of.scale * static_cast<double>(step),
                        .unit = of.unit};
  };
  signal::Signal out;
  out.axes = {axis(frames.axes[0], rows), axis(frames.axes[1], columns)};
  Buffer<float, 2> data({1, rows * columns});
  std::copy(values.begin(), values.end(), data.data());
  out.source = signal::memory_source(std::move(data));
  return out;
}

Buffer<std::int32_t, 2> read_labels(const signal::Signal& labels, const signal::Signal& frames) {
  const std::size_t rows = frames.axes[0].size;
  const std::size_t columns = frames.axes[1].size;
  const Buffer<float, 2> values = signal::read_all(labels);
  if (values.size() != rows * columns) {
    throw Error(Errc::bad_input, Location{.file = labels.file},
                fmt::format("the label map is {}, the frames are {} × {} px", labels.shape_text(), rows, columns),
                "Bind the labels that series.segment made of these frames");
  }
  Buffer<std::int32_t, 2> out({rows, columns});
  for (std::size_t i = 0; i < values.size(); ++i) {
    out.data()[i] = static_cast<std::int32_t>(std::lround(values.data()[i]));
  }
  return out;
}

report::Figure drift_figure(const series::Registration& registration, const signal::Timeline& timeline) {
  using F = series::FrameDrift;
  const std::vector<series::FrameDrift>& frames = registration.frames;
  report::Figure figure{.id = "drift", .title = "Drift of the specimen"};
  figure.caption =
      "Position of the specimen against frame 0; the band is one standard deviation, too narrow to see where it is a "
      "few hundredths of a pixel. Below: sharpness (power in the upper over the lower part of the band).";
  report::Panel path{.x = {.label = "Time", .unit = "s"}, .y = {.label = "Displacement", .unit = "px"}, .x_link = "t"};
  path.marks.emplace_back(report::Line{.name = "y",
                                       .x = timeline.frame_start_s,
                                       .y = collect(frames, &F::dy_px),
                                       .sigma = collect(frames, &F::sigma_y_px),
                                       .colour = report::Colour::blue});
  path.marks.emplace_back(report::Line{.name = "x",
                                       .x = timeline.frame_start_s,
                                       .y = collect(frames, &F::dx_px),
                                       .sigma = collect(frames, &F::sigma_x_px),
                                       .colour = report::Colour::orange});
  report::Points flagged{.name = "flagged", .symbol = report::Symbol::diamond, .colour = report::Colour::vermilion};
  report::Panel focus{
      .x = {.label = "Time", .unit = "s"}, .y = {.label = "Sharpness"}, .row = 1, .height = 0.6, .x_link = "t"};
  focus.marks.emplace_back(report::Line{.name = "sharpness",
                                        .x = timeline.frame_start_s,
                                        .y = collect(frames, &F::focus),
                                        .colour = report::Colour::green});
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (frames[i].flags != 0) {
      flagged.x.push_back(timeline.frame_start_s[i]);
      flagged.y.push_back(frames[i].dy_px);
    }
  }
  if (!flagged.x.empty()) {
    path.marks.emplace_back(std::move(flagged));
  }
  figure.panels = {std::move(path), std::move(focus)};
  return figure;
}

report::Figure grain_figure(const signal::Signal& frames, const series::MeanImage& mean,
                            const series::Segmentation& segmentation) {
  report::Figure figure{.id = "grains", .title = "Grains, boundaries, voids and cracks", .width = report::Width::half};
  figure.caption = "Mean of the first frames after drift correction, in the coordinates of frame 0.";
  report::Image image{.name = "mean",
                      .grid = shrink(frames, mean.mean.view()),
                      .colour_map = report::ColourMap::grey,
                      .bar_label = "Mean",
                      .bar_unit = "e/px"};
  image.range = grey_range(image.grid);
  report::Panel panel = image_panel(frames, std::move(image));
  panel.marks.emplace_back(
      boundary_line(frames, series::filled_labels(segmentation.labels.view()).view(), report::Colour::yellow));
  report::Points round{.name = "voids", .symbol = report::Symbol::circle, .colour = report::Colour::sky};
  report::Points cracks{.name = "cracks", .symbol = report::Symbol::triangle, .colour = report::Colour::vermilion};
  for (const series::DarkSpot& spot : segmentation.spots) {
    report::Points& to = spot.kind == series::DarkKind::round ? round : cracks;
    to.x.push_back(frames.axes[1].value(spot.x_px));
    to.y.push_back(frames.axes[0].value(spot.y_px));
  }
  for (report::Points& points : {std::ref(round), std::ref(cracks)}) {
    if (!points.x.empty()) {
      panel.marks.emplace_back(points);
    }
  }
  figure.panels.push_back(std::move(panel));
  return figure;
}

report::Figure void_figure(const std::vector<series::VoidTrack>& tracks, const signal::Timeline& timeline,
                           double pixel_nm) {
  report::Figure figure{.id = "voids", .title = "Radius of voids over the series"};
  figure.caption =
      "Radius of a void of unchanged depth with the same missing signal; mean of five frames, band: counting.";
  report::Panel panel{.x = {.label = "Time", .unit = "s"}, .y = {.label = "Radius", .unit = "nm"}};
  constexpr std::size_t most = 8;
  for (std::size_t i = 0; i < std::min(most, tracks.size()); ++i) {
    report::Line line{.name = fmt::format("void {}", tracks[i].spot + 1), .x = timeline.frame_start_s};
    for (std::size_t f = 0; f < tracks[i].radius_px.size(); ++f) {
      line.y.push_back(tracks[i].radius_px[f] * pixel_nm);
      line.sigma.push_back(tracks[i].sigma_px[f] * pixel_nm);
    }
    panel.marks.emplace_back(std::move(line));
  }
  figure.panels.push_back(std::move(panel));
  return figure;
}

report::Figure onset_figure(const signal::Signal& frames, const series::BlockGrid& grid,
                            const std::vector<series::BlockOnset>& onsets, View<const std::int32_t, 2> labels) {
  report::Figure figure{.id = "onset", .title = "Where and when the specimen changes", .width = report::Width::half};
  figure.caption = "Temperature of the onset in each block; white: no change found. Lines: grain boundaries.";
  report::Image image{.name = "onset", .bar_label = "Onset", .bar_unit = "°C"};
  image.grid = {.rows = grid.rows,
                .columns = grid.columns,
                .x = edges(frames.axes[1], grid.columns, grid.block_px),
                .y = edges(frames.axes[0], grid.rows, grid.block_px)};
  for (const series::BlockOnset& onset : onsets) {
    image.grid.values.push_back(onset.found ? onset.degC : nan);
  }
  report::Panel panel = image_panel(frames, std::move(image));
  panel.marks.emplace_back(boundary_line(frames, series::filled_labels(labels).view(), report::Colour::ink));
  figure.panels.push_back(std::move(panel));
  return figure;
}

report::Figure grain_bars(const std::vector<series::GrainOnset>& onsets) {
  report::Figure figure{.id = "grain-onsets", .title = "Onset of each grain"};
  figure.caption =
      "Bars: onset temperature; error bars: all parts of the uncertainty, the chip's (common to all) among them.";
  report::Bars bars{.name = "onset", .colour = report::Colour::blue};
  for (const series::GrainOnset& onset : onsets) {
    if (onset.found) {
      bars.labels.push_back(fmt::format("grain {}", onset.grain));
      bars.values.push_back(onset.degC);
      bars.sigma.push_back(onset.sigma.total_K());
    }
  }
  report::Panel panel{.y = {.label = "Onset", .unit = "°C"}};
  if (!bars.values.empty()) {
    const double least = *std::min_element(bars.values.begin(), bars.values.end());
    const double most = *std::max_element(bars.values.begin(), bars.values.end());
    panel.y.range = std::array<double, 2>{std::max(0.0, least - 60.0), most + 40.0};
    panel.marks.emplace_back(std::move(bars));
  }
  figure.panels.push_back(std::move(panel));
  return figure;
}

}  // namespace hotstage::study::detail
