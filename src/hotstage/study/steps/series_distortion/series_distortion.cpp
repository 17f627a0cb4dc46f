// SPDX-License-Identifier: GPL-3.0-or-later
// Step series.distortion: magnification, rotation, stretch, shear and slow scan distortion of every frame.

#include "hotstage/num/statistics.hpp"
#include "hotstage/study/detail/series_denoised.hpp"
#include "hotstage/study/detail/series_distortion_pages.hpp"
#include "hotstage/study/detail/series_results.hpp"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

namespace hotstage::study::series_distortion {

namespace {

struct Term {
  const char* id;
  const char* label;
  const char* unit;
  double factor;
};

constexpr double degrees = 180.0 / std::numbers::pi;
constexpr std::array<Term, 4> terms{{{"magnification", "Magnification change", "%", 100.0},
                                     {"rotation", "Rotation", "deg", degrees},
                                     {"stretch", "Stretch, x over y", "%", 100.0},
                                     {"shear", "Shear", "%", 100.0}}};

struct Options {
  series::DistortionOptions distortion;
  heater::ColumnMap columns;
  heater::Mounting mounting;

  template <class V>
  void fields(V& v) {
    distortion.fields(v);
    v("columns", columns, {.help = "of a log that no format knows: which column of the table is what"});
    mounting.fields(v);
  }
};

void add_results(const series::SeriesDistortion& d, StepOutput& out) {
  for (std::size_t k = 0; k < terms.size(); ++k) {
    const series::TermVerdict& v = d.verdict[k];
    std::vector<double> sigma;
    for (const series::FrameDistortion& frame : d.measured) {
      if (frame.measured) {
        sigma.push_back(frame.sigma[series::FrameDistortion::magnification + k]);
      }
    }
    out.results.push_back(
        {.id = std::string(terms[k].id) + "_rms",
         .value = v.found ? v.rms * terms[k].factor : 0.0,
         .unit = terms[k].unit,
         .method = v.found ? fmt::format("rms of the frames about their mean, noise taken off; {}",
                                         v.smoothed ? "smoothed over time" : "frame by frame")
                           : "none: the frames agree within their uncertainty and follow no slope in time",
         .label = terms[k].label,
         .headline = k == 0});
    out.results.push_back({.id = std::string(terms[k].id) + "_sigma",
                           .value = num::median(sigma) * terms[k].factor,
                           .unit = terms[k].unit,
                           .method = "of one frame: scatter of the differences in its tiles, median of frames",
                           .label = std::string(terms[k].label) + ", uncertainty of a frame"});
    out.checks.push_back(
        {fmt::format("{}: needed?", terms[k].label), CheckStatus::ok,
         fmt::format("scatter {:+.1f}, slope {:+.1f} σ: {}", v.scatter_z, v.trend, v.found ? "found" : "none"),
         "found above 3.5 and 4", "χ² of the frames as a normal deviate; slope in time over its σ"});
  }
  if (d.knots_z != 0.0) {
    out.results.push_back({.id = "scan_rms",
                           .value = d.knots_rms_px,
                           .unit = "px",
                           .method = d.knots_found ? "rms of the spline over rows and frames, per axis, noise taken off"
                                                   : "none: the spline is not needed",
                           .label = "Slow scan distortion"});
    out.checks.push_back({"Slow scan distortion: needed?",
                          d.knots_seen && !d.knots_found ? CheckStatus::attention : CheckStatus::ok,
                          fmt::format("{:+.1f} σ, a spline is known to {:.2g} px: {}", d.knots_z, d.knots_sigma_px,
                                      d.knots_found  ? "found"
                                      : d.knots_seen ? "seen, too uncertain to undo"
                                                     : "none"),
                          "found above 3.5 when known to 0.3 px",
                          "χ² of the coefficients of all frames as a normal deviate; fewer knots are known better"});
  }
  out.checks.push_back({"Tiles follow the model", d.dispersion < 1.5 ? CheckStatus::ok : CheckStatus::attention,
                        fmt::format("χ²/dof {:.2f}", d.dispersion), "below 1.5",
                        "Above: parts of the specimen move by themselves, or change; σ are widened by its root"});
}

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<Options>(table);
  const signal::Signal& frames = inputs.signal("frames");
  const signal::Timeline timeline = signal::timeline_of(frames);
  const auto given = inputs.tables.find("drift");
  const std::vector<series::FrameDrift> drift = given != inputs.tables.end()
                                                    ? detail::read_drift(given->second, frames).drift
                                                    : series::register_series(frames, {}, run).frames;
  detail::FrameAxis axis{.value = timeline.frame_start_s};
  if (const auto log = inputs.files.find("log"); log != inputs.files.end()) {
    const detail::LogReading reading = detail::read_temperatures(log->second, options.mounting, options.columns);
    axis = {.value = {}, .label = "Temperature", .unit = "degC"};
    for (std::size_t f = 0; f < timeline.frame_start_s.size(); ++f) {
      axis.value.push_back(reading.log.at(timeline.frame_middle_s(f)));
    }
  }
  const series::SeriesDistortion d = series::measure_distortion(frames, drift, options.distortion, run);
  StepOutput out;
  add_results(d, out);
  const std::size_t rows = frames.axes[0].size;
  out.tables["affine"] = detail::affine_table(d, timeline, axis);
  out.tables["scan"] = detail::scan_table(d, rows);
  out.tables["residuals"] = detail::residual_table(d);
  out.figures.push_back(detail::terms_figure(d, axis));
  if (d.knots_found) {
    out.figures.push_back(detail::scan_figure(d, rows));
  }
  out.figures.push_back(detail::residual_figure(d, rows, frames.axes[1].size));
  out.assumptions.push_back(
      {"What all frames share cannot be seen", "the mean of the series is the undistorted frame"});
  out.assumptions.push_back({"Drift at constant speed during a frame looks like stretch and shear",
                             "along y it stretches, along x it shears and rotates by the same amount"});
  return detail::said_denoised(inputs, run, std::move(out));
}

}  // namespace

extern const Step step;
const Step step{
    .id = "series.distortion",
    .version = 1,
    .title = "Distortion of frames",
    .help =
        "Measures how far magnification, rotation, stretch and shear of every frame differ from the mean of the "
        "series, "
        "and how it was distorted while it was scanned; says whether any of it is there at all. series.average uses it",
    .example = "hotstage series distortion --frames series.dm4 --drift drift.csv",
    .inputs = {{"frames", Kind::signal, true, "frame series {time | y, x}"},
               {"drift", Kind::table, false, "drift table of series.register; without it the frames are registered"},
               {"log", Kind::raw, false, "log of the heating holder: draws the terms over temperature"}},
    .outputs = {{"affine", Kind::table, "terms of every frame as measured with σ, and as series.average applies them"},
                {"scan", Kind::table, "spline of the row at its knots, frame by frame; empty when not needed"},
                {"residuals", Kind::table, "local shifts the model leaves, late against early frames"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::series_distortion
