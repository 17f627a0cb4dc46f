// SPDX-License-Identifier: GPL-3.0-or-later
// Step series.timeline: one clock for frames, rows, spectra and notes; temperature of every frame with its σ.

#include "hotstage/heater/format.hpp"
#include "hotstage/signal/clock.hpp"
#include "hotstage/study/detail/timeline_pages.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>

namespace hotstage::study::series_timeline {

namespace {

/// From what of the image the offset of the clocks is fitted.
enum class FitTo { nothing, drift, intensity };

constexpr auto enum_names(FitTo) {
  return std::array{EnumName<FitTo>{FitTo::nothing, "nothing"}, EnumName<FitTo>{FitTo::drift, "drift"},
                    EnumName<FitTo>{FitTo::intensity, "intensity"}};
}

struct Options {
  heater::ReadOptions read;
  signal::ScanTiming scan;
  heater::ClockZero zero = heater::ClockZero::ramp;
  heater::Mounting mounting;
  heater::FrameExposure exposure = heater::FrameExposure::rows;
  FitTo fit = FitTo::nothing;
  Time search = 30.0 * units::s;

  template <class V>
  void fields(V& v) {
    v("on_backstep", read.on_backstep, {.help = "what to do with rows whose time runs backwards"});
    v("columns", read.columns, {.help = "of a log that no format knows: which column of the table is what"});
    scan.fields(v);
    v("zero", zero,
      {.help = "what time 0 of the frames is: the start of the log's ramp, its first row, or a date of a wall clock"});
    mounting.fields(v);
    v("exposure", exposure, {.help = "rows one after the other (scan), or the whole frame at once (camera)"});
    v("fit_to", fit, {.help = "what of the image follows the heat and tells the offset of the clocks"});
    v("search", search, {.help = "farthest from the declared offset to look", .unit = "s", .min = 0.01, .max = 3600.0});
  }
};

/// Frames stamped one by one carry the step of that clock.
void add_stamp_step(detail::JoinedSeries& series) {
  if (const auto step = signal::clock_step_s(series.timeline)) {
    series.join.offset_s.sigma = std::hypot(series.join.offset_s.sigma, *step / std::sqrt(12.0));
    series.join.how += fmt::format("; frames stamped in steps of {:.3g} s", *step);
  }
}

void fit_offset(const Options& options, const StepInputs& inputs, detail::JoinedSeries& series) {
  const auto table = inputs.tables.find("drift");
  if (table == inputs.tables.end()) {
    throw Error(Errc::bad_input, "to fit the offset of the clocks the step needs the drift table",
                "Bind drift to the drift of series.register, or leave fit_to at \"nothing\"");
  }
  const std::size_t frames = series.timeline.frame_start_s.size();
  const auto responses = options.fit == FitTo::drift ? detail::drift_responses(table->second, frames)
                                                     : detail::intensity_responses(table->second, frames);
  series.fit = heater::fit_clock(series.log, series.timeline, responses, series.join, options.search.in(units::s));
  if (series.fit->found) {
    series.join = {
        series.fit->offset_s,
        fmt::format("fitted: {} of the frames follows the temperature; σ where −2 ln L has risen by 1, against "
                    "white noise and a random walk; contains the delay of the response",
                    options.fit == FitTo::drift ? "drift" : "intensity")};
  }
}

StepOutput run(const StepInputs& inputs, const Value& table, Run&) {
  const auto options = from_table<Options>(table);
  const signal::Signal& frames = inputs.signal("frames");
  const heater::HeaterLog log = heater::read_log(inputs.files.at("log"), options.read);
  detail::JoinedSeries series{.frames = frames,
                              .log = log,
                              .timeline = signal::timeline_of(frames, options.scan),
                              .join = {},
                              .exposure = options.exposure,
                              .mounting = options.mounting};
  series.join =
      heater::join_clocks(log, series.timeline, signal::acquisition_clock(frames), options.zero, options.mounting);
  if (options.fit != FitTo::nothing) {
    fit_offset(options, inputs, series);
  }
  add_stamp_step(series);
  detail::finish_join(series);
  StepOutput out;
  out.tables["timeline"] = detail::frame_time_table(series);
  out.tables["notes"] = detail::note_table(series);
  if (const signal::Signal* spectra = inputs.find_signal("spectra")) {
    out.tables["spectra"] = detail::spectrum_table(series, *spectra);
  }
  detail::add_timeline(series, out);
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "series.timeline",
    .version = 1,
    .title = "One clock for frames and log",
    .help =
        "Joins a frame series to the holder's log: temperature of the first row, middle and last row of every frame "
        "with its uncertainty, heating rate, pauses, missing frames, gaps and steps of either clock; the offset of the "
        "clocks is declared, taken from wall clocks, or fitted to drift or intensity",
    .example = "hotstage series timeline --frames series.emd --log heater.dens --clock_offset \"3 s\"",
    .inputs = {{"frames", Kind::signal, true, "frame series {time | y, x}"},
               {"log", Kind::raw, true, "log of the heating holder"},
               {"drift", Kind::table, false, "drift table of series.register, to fit the offset of the clocks"},
               {"spectra", Kind::signal, false, "spectra with a time axis on the frames' clock"}},
    .outputs = {{"timeline", Kind::table, "start, temperatures, rate, uncertainties, gap and flags of every frame"},
                {"notes", Kind::table, "what the operator wrote into the log, on the frames' clock"},
                {"spectra", Kind::table, "temperature of every spectrum"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::series_timeline
