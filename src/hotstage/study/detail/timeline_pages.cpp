// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/timeline_pages.hpp"

#include "hotstage/num/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace hotstage::study::detail {

namespace {

using heater::FrameTemperature;
using heater::LogCover;

constexpr double not_covered = std::numeric_limits<double>::quiet_NaN();

double frame_length_s(const JoinedSeries& s) {
  return static_cast<double>(s.timeline.rows) * s.timeline.row_s;
}

std::string flags_of(const JoinedSeries& s, std::size_t f) {
  std::string out = signal::interval_text(s.intervals[f].flags);
  const LogCover cover = s.temperatures[f].cover;
  if (cover != LogCover::inside) {
    out += out.empty() ? "" : ", ";
    out += cover == LogCover::gap ? "gap in the log" : "outside the log";
  }
  return out.empty() ? "ok" : out;
}

/// Frame that was being recorded at a time of the frames' clock.
std::string frame_at(const JoinedSeries& s, double time_s) {
  const std::vector<double>& start = s.timeline.frame_start_s;
  const auto above = std::upper_bound(start.begin(), start.end(), time_s);
  if (above == start.begin()) {
    return "before the first";
  }
  const auto frame = static_cast<std::size_t>(above - start.begin()) - 1;
  if (time_s <= start[frame] + frame_length_s(s)) {
    return fmt::format("{}", frame);
  }
  return frame + 1 == start.size() ? "after the last" : fmt::format("between {} and {}", frame, frame + 1);
}

std::vector<heater::HeatResponse> responses(const io::Table& drift, std::size_t frames,
                                            std::initializer_list<const char*> columns) {
  std::vector<heater::HeatResponse> out;
  for (const char* column : columns) {
    out.push_back({column, drift.numbers(column)});
    if (out.back().value.size() != frames) {
      throw Error(Errc::bad_input, Location{.file = drift.file},
                  fmt::format("the drift table has {} rows, the series {} frames", drift.rows(), frames),
                  "Bind the drift table that series.register made of these frames");
    }
  }
  return out;
}

struct Shown {
  double from_s;
  double to_s;
};

/// The frames and a tenth of their span on either side.
Shown shown_span(const JoinedSeries& s) {
  const double first = s.timeline.frame_start_s.front();
  const double last = s.timeline.frame_start_s.back() + frame_length_s(s);
  const double margin = 0.1 * (last - first);
  return {first - margin, last + margin};
}

void shade(const JoinedSeries& s, report::Panel& panel) {
  for (std::size_t f = 1; f < s.intervals.size(); ++f) {
    if ((s.intervals[f].flags & (signal::interval_missing | signal::interval_pause)) != 0U) {
      panel.marks.emplace_back(report::Span{.label = signal::interval_text(s.intervals[f].flags),
                                            .first = s.timeline.frame_start_s[f - 1] + frame_length_s(s),
                                            .last = s.timeline.frame_start_s[f]});
    }
  }
  const Shown shown = shown_span(s);
  for (const heater::Gap& gap : heater::gaps(s.log)) {
    const double from = std::max(shown.from_s, gap.from_s - s.join.offset_s.value);
    const double to = std::min(shown.to_s, gap.to_s - s.join.offset_s.value);
    if (to > from) {
      panel.marks.emplace_back(
          report::Span{.label = "no log", .first = from, .last = to, .colour = report::Colour::yellow});
    }
  }
  for (const heater::LogNote& note : s.log.notes) {
    const double time = note.time_s - s.join.offset_s.value;
    if (time >= shown.from_s && time <= shown.to_s) {
      panel.marks.emplace_back(report::VerticalLine{.label = note.text, .value = time});
    }
  }
}

report::Figure timeline_figure(const JoinedSeries& s) {
  report::Figure figure{.id = "timeline", .title = "Frames on the holder's log"};
  figure.caption =
      "Reading of the chip over time on the frames' clock; every frame is a tick at its middle, as wide as it lasted. "
      "Grey: no frames were recorded; yellow: no rows in the log. Below: how far the temperature moves within a frame.";
  const report::AxisSpec time{.label = "Time of the frames", .unit = "s"};
  report::Panel above{.x = time, .y = {.label = "Temperature", .unit = "degC"}, .x_link = "t"};
  shade(s, above);
  report::Line log{.name = "log"};
  const Shown shown = shown_span(s);
  for (std::size_t i = 0; i < s.log.size(); ++i) {
    const double at = s.log.time_s[i] - s.join.offset_s.value;
    if (at >= shown.from_s && at <= shown.to_s) {
      log.x.push_back(at);
      log.y.push_back(s.log.temperature_degC[i]);
    }
  }
  report::Points ticks{.name = "frames", .symbol = report::Symbol::square, .colour = report::Colour::vermilion};
  report::Points within{.name = "last row − first row", .colour = report::Colour::blue};
  for (std::size_t f = 0; f < s.temperatures.size(); ++f) {
    const FrameTemperature& t = s.temperatures[f];
    if (t.cover == LogCover::outside) {
      continue;
    }
    ticks.x.push_back(s.timeline.frame_middle_s(f));
    ticks.y.push_back(t.middle_degC);
    ticks.sigma_x.push_back(0.5 * frame_length_s(s));
    ticks.sigma_y.push_back(t.budget.reading());
    within.x.push_back(s.timeline.frame_middle_s(f));
    within.y.push_back(t.last_degC - t.first_degC);
  }
  above.marks.emplace_back(std::move(log));
  above.marks.emplace_back(std::move(ticks));
  report::Panel below{.x = time, .y = {.label = "Within a frame", .unit = "K"}, .row = 1, .height = 0.5, .x_link = "t"};
  below.marks.emplace_back(std::move(within));
  figure.panels = {std::move(above), std::move(below)};
  return figure;
}

report::Figure fit_figure(const heater::ClockFit& fit) {
  report::Figure figure{.id = "clock", .title = "Offset of the clocks from the image", .width = report::Width::half};
  figure.caption = "How much worse the image follows the temperature at other offsets; 1 is one standard deviation.";
  report::Panel panel{.x = {.label = "Log − frames", .unit = "s"}, .y = {.label = "−2 ln L above its minimum"}};
  panel.marks.emplace_back(report::Line{.name = "−2 ln L", .x = fit.tried_s, .y = fit.chi2});
  panel.marks.emplace_back(report::HorizontalLine{.label = "1 σ", .value = 1.0});
  figure.panels.push_back(std::move(panel));
  return figure;
}

void add_checks(const JoinedSeries& s, StepOutput& out) {
  double missing = 0.0;
  std::size_t pauses = 0;
  std::size_t overlaps = 0;
  for (const signal::FrameInterval& interval : s.intervals) {
    missing += (interval.flags & signal::interval_missing) != 0U ? interval.missing : 0.0;
    pauses += (interval.flags & signal::interval_pause) != 0U ? 1 : 0;
    overlaps += (interval.flags & signal::interval_overlap) != 0U ? 1 : 0;
  }
  const bool even = missing == 0.0 && pauses == 0;
  out.checks.push_back({"Frames without a break", even ? CheckStatus::ok : CheckStatus::attention,
                        fmt::format("{} pauses, {:.0f} frames missing", pauses, missing), "none",
                        "An onset between two such frames is known only to lie there"});
  out.checks.push_back({"Frames do not overlap", overlaps == 0 ? CheckStatus::ok : CheckStatus::failed,
                        fmt::format("{} start before the one in front ended", overlaps), "none",
                        "The microscope's clock was set back, or the exposure is not the frame time"});
  const auto uncovered = [&](LogCover cover) {
    return std::ranges::count(s.temperatures, cover, [](const FrameTemperature& t) { return t.cover; });
  };
  const auto outside = uncovered(LogCover::outside);
  out.checks.push_back(
      {"The log covers the frames", outside == 0 ? CheckStatus::ok : CheckStatus::attention,
       fmt::format("{} of {} outside, {} in gaps", outside, s.temperatures.size(), uncovered(LogCover::gap)),
       "all inside", "Frames outside have no temperature; look at the offset of the clocks"});
  const auto steps = std::ranges::count(s.log.repairs, "clock step", [](const heater::Repair& r) { return r.kind; });
  out.checks.push_back({"The holder's clock ran on", steps == 0 ? CheckStatus::ok : CheckStatus::attention,
                        fmt::format("{} steps", steps), "none",
                        "The wall clock was set during the run; times of the experiment are used"});
  if (s.fit) {
    out.checks.push_back(
        {"Offset of the clocks from the image", s.fit->found ? CheckStatus::ok : CheckStatus::attention,
         s.fit->found ? fmt::format("{} s, −2 ln L falls by {:.0f}", text(s.fit->offset_s), s.fit->gain) : s.fit->why,
         "−2 ln L falls by 25 at one place",
         s.fit->found ? "Used; it contains the delay with which the image follows the heat"
                      : "Not used: the declared offset stands"});
  }
}

}  // namespace

std::vector<heater::HeatResponse> drift_responses(const io::Table& drift, std::size_t frames) {
  return responses(drift, frames, {"dy", "dx"});
}

std::vector<heater::HeatResponse> intensity_responses(const io::Table& drift, std::size_t frames) {
  return responses(drift, frames, {"mean"});
}

void finish_join(JoinedSeries& series) {
  series.intervals = signal::intervals_of(series.timeline);
  series.temperatures =
      heater::frame_temperatures(series.log, series.timeline, series.join, series.exposure, series.mounting);
}

io::Table frame_time_table(const JoinedSeries& s) {
  std::vector<double> frame, on_log, first, middle, last, rate, reading, total, gap;
  std::vector<std::string> flags;
  const std::vector<double> length(s.temperatures.size(), frame_length_s(s));
  for (std::size_t f = 0; f < s.temperatures.size(); ++f) {
    const FrameTemperature& t = s.temperatures[f];
    const auto known = [&](double value) { return t.cover == LogCover::outside ? not_covered : value; };
    frame.push_back(static_cast<double>(f));
    on_log.push_back(t.begin_s);
    first.push_back(known(t.first_degC));
    middle.push_back(known(t.middle_degC));
    last.push_back(known(t.last_degC));
    rate.push_back(known(t.rate_K_per_s));
    reading.push_back(known(t.budget.reading()));
    total.push_back(known(t.budget.total()));
    gap.push_back(s.intervals[f].gap_s);
    flags.push_back(flags_of(s, f));
  }
  io::Table table;
  table.columns = {io::number_column("frame", "", frame),
                   io::number_column("start", "s", s.timeline.frame_start_s),
                   io::number_column("log_time", "s", on_log),
                   io::number_column("exposure", "s", length),
                   io::number_column("gap", "s", gap),
                   io::number_column("first_row", "degC", first),
                   io::number_column("middle", "degC", middle),
                   io::number_column("last_row", "degC", last),
                   io::number_column("rate", "K/s", rate),
                   io::number_column("sigma_reading", "K", reading),
                   io::number_column("sigma_lamella", "K", total),
                   io::text_column("flags", flags)};
  return table;
}

io::Table note_table(const JoinedSeries& s) {
  std::vector<double> time, temperature;
  std::vector<std::string> frame, words;
  for (const heater::LogNote& note : s.log.notes) {
    time.push_back(note.time_s - s.join.offset_s.value);
    const bool inside = note.time_s >= s.log.time_s.front() && note.time_s <= s.log.time_s.back();
    temperature.push_back(inside ? heater::temperature_in(s.log, note.time_s) : not_covered);
    frame.push_back(frame_at(s, time.back()));
    words.push_back(note.text);
  }
  io::Table table;
  table.columns = {io::number_column("time", "s", time), io::number_column("temperature", "degC", temperature),
                   io::text_column("frame", frame), io::text_column("note", words)};
  return table;
}

io::Table spectrum_table(const JoinedSeries& s, const signal::Signal& spectra) {
  signal::Timeline timeline{.frame_start_s = signal::item_starts_s(spectra), .rows = 1};
  timeline.row_s = spectra.metadata.exposure.value_or(Time{}).in(units::s);
  const auto found = heater::frame_temperatures(s.log, timeline, s.join, heater::FrameExposure::whole, s.mounting);
  std::vector<double> item, temperature, sigma;
  std::vector<std::string> frame;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const bool known = found[i].cover != LogCover::outside;
    item.push_back(static_cast<double>(i));
    temperature.push_back(known ? found[i].middle_degC : not_covered);
    sigma.push_back(known ? found[i].budget.reading() : not_covered);
    frame.push_back(frame_at(s, timeline.frame_middle_s(i)));
  }
  io::Table table;
  table.columns = {io::number_column("item", "", item), io::number_column("start", "s", timeline.frame_start_s),
                   io::number_column("temperature", "degC", temperature),
                   io::number_column("sigma_reading", "K", sigma), io::text_column("frame", frame)};
  return table;
}

void add_timeline(const JoinedSeries& s, StepOutput& out) {
  std::vector<double> spans, sigmas, middles;
  for (const FrameTemperature& t : s.temperatures) {
    if (t.cover != LogCover::outside) {
      spans.push_back(std::abs(t.last_degC - t.first_degC));
      sigmas.push_back(t.budget.reading());
      middles.push_back(t.middle_degC);
    }
  }
  out.results.push_back({.id = "clock_offset",
                         .value = s.join.offset_s.value,
                         .sigma = s.join.offset_s.sigma,
                         .unit = "s",
                         .method = s.join.how,
                         .label = "Log's clock minus frames' clock",
                         .headline = true});
  if (!middles.empty()) {
    const std::string method = "log read at the frame's middle, linear between rows; chip reading, not the lamella";
    out.results.push_back({.id = "coldest_frame",
                           .value = *std::ranges::min_element(middles),
                           .sigma = num::median(sigmas),
                           .unit = "degC",
                           .method = method,
                           .label = "Coldest frame"});
    out.results.push_back({.id = "hottest_frame",
                           .value = *std::ranges::max_element(middles),
                           .sigma = num::median(sigmas),
                           .unit = "degC",
                           .method = method,
                           .label = "Hottest frame"});
    out.results.push_back({.id = "span_in_frame",
                           .value = *std::ranges::max_element(spans),
                           .unit = "K",
                           .method = s.exposure == heater::FrameExposure::rows
                                         ? "middle of the first row to middle of the last, largest of all frames"
                                         : "start to end of the exposure, largest of all frames",
                           .label = "Temperature span within one frame",
                           .headline = true});
  }
  add_checks(s, out);
  out.figures.push_back(timeline_figure(s));
  if (s.fit) {
    out.figures.push_back(fit_figure(*s.fit));
  }
  out.assumptions.push_back({"The log is the chip's thermometer",
                             "The lamella differs by a constant that no log contains; its spread is declared"});
}

}  // namespace hotstage::study::detail
