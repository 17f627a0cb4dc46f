// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/series_distortion_pages.hpp"

#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace hotstage::study::detail {

namespace {

using D = series::FrameDistortion;

struct TermUnit {
  const char* name;
  const char* unit;
  double factor;  ///< from what FrameDistortion holds
};

constexpr double per_cent = 100.0;
constexpr double degrees = 180.0 / std::numbers::pi;
constexpr std::array<TermUnit, D::terms> units_of_terms{{{"shift_y", "px", 1.0},
                                                         {"shift_x", "px", 1.0},
                                                         {"magnification", "%", per_cent},
                                                         {"rotation", "deg", degrees},
                                                         {"stretch", "%", per_cent},
                                                         {"shear", "%", per_cent}}};

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

std::vector<double> of_term(const std::vector<D>& frames, std::size_t term, std::array<double, D::terms> D::*member) {
  std::vector<double> out;
  for (const D& frame : frames) {
    out.push_back((frame.*member)[term] * units_of_terms[term].factor);
  }
  return out;
}

/// The frames that were measured.
std::vector<double> where_measured(const std::vector<D>& frames, const std::vector<double>& values) {
  std::vector<double> out;
  for (std::size_t f = 0; f < frames.size(); ++f) {
    if (frames[f].measured) {
      out.push_back(values[f]);
    }
  }
  return out;
}

}  // namespace

io::Table affine_table(const series::SeriesDistortion& distortion, const signal::Timeline& timeline,
                       const FrameAxis& axis) {
  std::vector<double> frame, measured, applied;
  for (std::size_t f = 0; f < distortion.measured.size(); ++f) {
    frame.push_back(static_cast<double>(f));
    measured.push_back(distortion.measured[f].measured ? 1.0 : 0.0);
    applied.push_back(distortion.applied[f].measured ? 1.0 : 0.0);
  }
  io::Table table;
  table.columns = {io::number_column("frame", "", frame), io::number_column("time", "s", timeline.frame_start_s)};
  if (axis.unit != "s") {
    table.columns.push_back(io::number_column("temperature", axis.unit, axis.value));
  }
  table.columns.push_back(io::number_column("measured", "", measured));
  for (std::size_t k = 0; k < D::terms; ++k) {
    const auto [name, unit, factor] = units_of_terms[k];
    table.columns.push_back(io::number_column(name, unit, of_term(distortion.measured, k, &D::value)));
    table.columns.push_back(
        io::number_column(std::string("sigma_") + name, unit, of_term(distortion.measured, k, &D::sigma)));
  }
  table.columns.push_back(io::number_column("applied", "", applied));
  for (std::size_t k = 0; k < D::terms; ++k) {
    const auto [name, unit, factor] = units_of_terms[k];
    table.columns.push_back(
        io::number_column(std::string("applied_") + name, unit, of_term(distortion.applied, k, &D::value)));
    table.columns.push_back(
        io::number_column(std::string("applied_sigma_") + name, unit, of_term(distortion.applied, k, &D::sigma)));
  }
  return table;
}

io::Table scan_table(const series::SeriesDistortion& distortion, std::size_t rows) {
  std::vector<double> frame, row, dy, dx, sigma_y, sigma_x;
  for (std::size_t f = 0; f < distortion.applied.size(); ++f) {
    const D& d = distortion.applied[f];
    for (std::size_t k = 0; k < d.knot_y_px.size(); ++k) {
      frame.push_back(static_cast<double>(f));
      row.push_back(static_cast<double>(k) * static_cast<double>(rows - 1) /
                    static_cast<double>(d.knot_y_px.size() - 1));
      dy.push_back(d.knot_y_px[k]);
      dx.push_back(d.knot_x_px[k]);
      sigma_y.push_back(d.knot_sigma_y_px[k]);
      sigma_x.push_back(d.knot_sigma_x_px[k]);
    }
  }
  io::Table table;
  table.columns = {io::number_column("frame", "", frame),       io::number_column("row", "px", row),
                   io::number_column("dy", "px", dy),           io::number_column("dx", "px", dx),
                   io::number_column("sigma_y", "px", sigma_y), io::number_column("sigma_x", "px", sigma_x)};
  return table;
}

io::Table residual_table(const series::SeriesDistortion& distortion) {
  using R = series::ResidualVector;
  const auto column = [&](const char* name, double R::*member) {
    std::vector<double> values;
    for (const R& r : distortion.residuals) {
      values.push_back(r.*member);
    }
    return io::number_column(name, "px", values);
  };
  io::Table table;
  table.columns = {column("y", &R::y),
                   column("x", &R::x),
                   column("dy", &R::dy_px),
                   column("dx", &R::dx_px),
                   column("sigma_y", &R::sigma_y_px),
                   column("sigma_x", &R::sigma_x_px)};
  return table;
}

std::vector<D> read_distortion(const io::Table& affine, const io::Table* scan, const signal::Signal& frames) {
  if (affine.rows() != frames.items()) {
    throw Error(
        Errc::bad_input, Location{.file = affine.file},
        fmt::format("the table of distortions has {} rows, the series {} frames", affine.rows(), frames.items()),
        "Bind the table \"affine\" that series.distortion made of these frames");
  }
  std::vector<D> out(affine.rows());
  const std::vector<double>& applied = affine.numbers("applied");
  for (std::size_t k = 0; k < D::terms; ++k) {
    const auto [name, unit, factor] = units_of_terms[k];
    const std::vector<double>& value = affine.numbers(std::string("applied_") + name);
    const std::vector<double>& sigma = affine.numbers(std::string("applied_sigma_") + name);
    for (std::size_t f = 0; f < out.size(); ++f) {
      out[f].measured = applied[f] > 0.0;
      out[f].value[k] = value[f] / factor;
      out[f].sigma[k] = sigma[f] / factor;
    }
  }
  if (scan == nullptr || scan->rows() == 0) {
    return out;
  }
  const std::vector<double>& frame = scan->numbers("frame");
  for (std::size_t i = 0; i < frame.size(); ++i) {
    if (!(frame[i] >= 0.0) || frame[i] >= static_cast<double>(out.size())) {
      throw Error(Errc::bad_input, Location{.file = scan->file},
                  fmt::format("frame {} of a series of {}", frame[i], out.size()),
                  "Bind the table \"scan\" that series.distortion made of these frames");
    }
    D& d = out[static_cast<std::size_t>(frame[i])];
    d.knot_y_px.push_back(scan->numbers("dy")[i]);
    d.knot_x_px.push_back(scan->numbers("dx")[i]);
    d.knot_sigma_y_px.push_back(scan->numbers("sigma_y")[i]);
    d.knot_sigma_x_px.push_back(scan->numbers("sigma_x")[i]);
  }
  const std::size_t rows = frames.axes[0].size;
  for (const D& d : out) {
    if (!d.knot_y_px.empty() && (d.knot_y_px.size() < 3 || d.knot_y_px.size() >= rows)) {
      throw Error(Errc::bad_input, Location{.file = scan->file},
                  fmt::format("{} knots for frames of {} rows", d.knot_y_px.size(), rows),
                  "A frame has no knots or at least three, fewer than rows");
    }
  }
  return out;
}

std::vector<D> distortion_to_undo(const StepInputs& inputs, const std::optional<series::DistortionTerms>& wanted,
                                  const std::vector<series::FrameDrift>& drift, Run& run) {
  const signal::Signal& frames = inputs.signal("frames");
  const auto affine = inputs.tables.find("affine");
  const auto scan = inputs.tables.find("scan");
  if (affine != inputs.tables.end()) {
    return read_distortion(affine->second, scan != inputs.tables.end() ? &scan->second : nullptr, frames);
  }
  if (scan != inputs.tables.end()) {
    throw Error(Errc::bad_input, Location{.file = scan->second.file}, "a table \"scan\" without its table \"affine\"",
                "Bind both tables of series.distortion");
  }
  return wanted ? series::measure_distortion(frames, drift, {.terms = *wanted}, run).applied : std::vector<D>{};
}

Check undone_check(const std::vector<D>& distortion) {
  const auto undone = std::count_if(distortion.begin(), distortion.end(), [](const D& d) { return d.measured; });
  return {"Distortion", CheckStatus::ok,
          undone > 0 ? fmt::format("undone in {} of {} frames", undone, distortion.size())
                     : "none found: frames are only moved",
          "found or none", "series.distortion gives the terms with their uncertainty"};
}

report::Figure terms_figure(const series::SeriesDistortion& distortion, const FrameAxis& axis) {
  report::Figure figure{.id = "distortion", .title = "Distortion of the frames"};
  figure.caption =
      "Against the mean of the series, about the centre of the frame; points: every frame with one standard deviation; "
      "lines: what the data ask for, where a term was found. Rotation turns x towards y; stretch: half the excess of x "
      "over y.";
  const std::vector<double> x = where_measured(distortion.measured, axis.value);
  for (std::size_t k = D::magnification; k < D::terms; ++k) {
    const std::size_t at = k - D::magnification;
    const auto [name, unit, factor] = units_of_terms[k];
    std::string label = name;
    label.front() = static_cast<char>(std::toupper(label.front()));
    report::Panel panel{.x = {.label = axis.label, .unit = axis.unit}, .y = {.label = label, .unit = unit}};
    panel.row = at / 2;
    panel.column = at % 2;
    panel.x_link = "frames";
    panel.marks.emplace_back(
        report::Points{.name = at == 0 ? "frames" : "",
                       .x = x,
                       .y = where_measured(distortion.measured, of_term(distortion.measured, k, &D::value)),
                       .sigma_y = where_measured(distortion.measured, of_term(distortion.measured, k, &D::sigma)),
                       .colour = report::Colour::grey});
    if (distortion.verdict[at].found) {
      panel.marks.emplace_back(
          report::Line{.name = at == 0 ? "applied" : "",
                       .x = x,
                       .y = where_measured(distortion.measured, of_term(distortion.applied, k, &D::value)),
                       .sigma = where_measured(distortion.measured, of_term(distortion.applied, k, &D::sigma)),
                       .colour = report::Colour::blue});
    }
    figure.panels.push_back(std::move(panel));
  }
  return figure;
}

report::Figure scan_figure(const series::SeriesDistortion& distortion, std::size_t rows) {
  const auto power = [](const D& d) {
    double sum = 0.0;
    for (std::size_t k = 0; k < d.knot_y_px.size(); ++k) {
      sum += d.knot_y_px[k] * d.knot_y_px[k] + d.knot_x_px[k] * d.knot_x_px[k];
    }
    return sum;
  };
  const auto worst = std::max_element(distortion.applied.begin(), distortion.applied.end(),
                                      [&](const D& a, const D& b) { return power(a) < power(b); });
  report::Figure figure{.id = "scan", .title = "Slow scan distortion"};
  figure.caption = fmt::format(
      "Shift of the rows of frame {}, where it is largest; points: knots with one standard deviation. Constant and "
      "linear parts stand in drift, stretch, shear and rotation.",
      worst - distortion.applied.begin());
  report::Panel panel{.x = {.label = "Row", .unit = "px"}, .y = {.label = "Shift", .unit = "px"}};
  for (const bool along_y : {true, false}) {
    const std::vector<double>& knots = along_y ? worst->knot_y_px : worst->knot_x_px;
    report::Line line{.name = along_y ? "y" : "x",
                      .y = series::natural_spline(knots, rows),
                      .colour = along_y ? report::Colour::blue : report::Colour::orange};
    for (std::size_t y = 0; y < rows; ++y) {
      line.x.push_back(static_cast<double>(y));
    }
    report::Points points{
        .y = knots, .sigma_y = along_y ? worst->knot_sigma_y_px : worst->knot_sigma_x_px, .colour = line.colour};
    for (std::size_t k = 0; k < knots.size(); ++k) {
      points.x.push_back(static_cast<double>(k) * static_cast<double>(rows - 1) /
                         static_cast<double>(knots.size() - 1));
    }
    panel.marks.emplace_back(std::move(line));
    panel.marks.emplace_back(std::move(points));
  }
  figure.panels.push_back(std::move(panel));
  return figure;
}

report::Figure residual_figure(const series::SeriesDistortion& distortion, std::size_t rows, std::size_t columns) {
  double longest = 0.0;
  for (const series::ResidualVector& r : distortion.residuals) {
    longest = std::max(longest, std::hypot(r.dy_px, r.dx_px));
  }
  // 1, 2 or 5 times a power of ten, so that the longest is about a tile.
  const double wanted = longest > 0.0 ? 0.08 * static_cast<double>(std::min(rows, columns)) / longest : 1.0;
  const double decade = std::pow(10.0, std::floor(std::log10(wanted)));
  const double factor = decade * (wanted >= 5.0 * decade ? 5.0 : wanted >= 2.0 * decade ? 2.0 : 1.0);
  report::Figure figure{.id = "residuals", .title = "What the model leaves", .width = report::Width::half};
  figure.caption = fmt::format(
      "Local shifts of the late half of the frames against the early half, after the model, drawn {:g} times longer; "
      "vermilion: beyond 4 standard deviations. A head shows where it points.",
      factor);
  report::Panel panel{.x = {.label = "x", .unit = "px", .range = {{0.0, static_cast<double>(columns)}}},
                      .y = {.label = "y", .unit = "px", .range = {{static_cast<double>(rows), 0.0}}}};
  report::Line usual{.colour = report::Colour::blue}, clear{.colour = report::Colour::vermilion};
  for (const series::ResidualVector& r : distortion.residuals) {
    constexpr double far = 16.0;
    const double distance = std::pow(r.dy_px / r.sigma_y_px, 2) + std::pow(r.dx_px / r.sigma_x_px, 2);
    report::Line& line = distance > far ? clear : usual;
    const double dy = factor * r.dy_px, dx = factor * r.dx_px;
    // There, and back along both sides of the head.
    constexpr double head = 0.3, half_width = 0.15;
    const double ty = r.y + dy, tx = r.x + dx;
    line.x.insert(line.x.end(),
                  {r.x, tx, tx - head * dx - half_width * dy, nan, tx, tx - head * dx + half_width * dy, nan});
    line.y.insert(line.y.end(),
                  {r.y, ty, ty - head * dy + half_width * dx, nan, ty, ty - head * dy - half_width * dx, nan});
  }
  for (report::Line* line : {&usual, &clear}) {
    if (!line->x.empty()) {
      panel.marks.emplace_back(std::move(*line));
    }
  }
  figure.panels.push_back(std::move(panel));
  return figure;
}

}  // namespace hotstage::study::detail
