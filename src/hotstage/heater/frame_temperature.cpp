// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/heater/frame_temperature.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/heater/programme_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace hotstage::heater {

namespace {

constexpr double day_s = 86400.0;

/// Frames count in whole seconds on most wall clocks: a uniform distribution of 1 s.
constexpr double wall_sigma_s = 0.2886751345948129;

/// Seconds that lie between the frames' span and the log's; 0 when they overlap.
double apart_s(const HeaterLog& log, const signal::Timeline& timeline, double offset_s) {
  const double begin = timeline.frame_start_s.front() + offset_s;
  const double end = timeline.frame_start_s.back() + offset_s;
  return std::max({0.0, log.time_s.front() - end, begin - log.time_s.back()});
}

std::optional<long long> day_of(const std::string& date, signal::DayOrder order) {
  if (date.empty()) {
    return std::nullopt;
  }
  for (const std::string& text : {date, date + " 00:00:00"}) {
    if (const auto reading = signal::read_clock(text, order); reading && reading->day) {
      return reading->day;
    }
  }
  return std::nullopt;
}

ClockJoin join_walls(const HeaterLog& log, const signal::Timeline& timeline, const std::string& first_frame) {
  if (log.wall_s.empty()) {
    throw Error(Errc::refused, Location{.file = log.file}, "the log has no wall clock to join the frames by",
                "Use zero = \"log\" or \"ramp\" with clock_offset, or name the wall_column of the log");
  }
  std::optional<ClockJoin> best;
  for (const signal::DayOrder frames_order : {signal::DayOrder::month_first, signal::DayOrder::day_first}) {
    const auto frame = signal::read_clock(first_frame, frames_order);
    if (!frame) {
      continue;
    }
    for (const signal::DayOrder log_order : {signal::DayOrder::day_first, signal::DayOrder::month_first}) {
      const auto log_day = day_of(log.date, log_order);
      const bool dated = frame->day && log_day;
      // wall_s counts from the midnight before the first row.
      double offset = frame->second - log.wall_s.front() + log.time_s.front() - timeline.frame_start_s.front();
      if (dated) {
        offset += static_cast<double>(*frame->day - *log_day) * day_s;
      } else {
        const double before = apart_s(log, timeline, offset - day_s);
        const double after = apart_s(log, timeline, offset + day_s);
        const double here = apart_s(log, timeline, offset);
        offset += before < std::min(here, after) ? -day_s : (after < here ? day_s : 0.0);
      }
      if (!best || apart_s(log, timeline, offset) < apart_s(log, timeline, best->offset_s.value)) {
        best = ClockJoin{{offset, wall_sigma_s},
                         dated ? "date and time of day of the first frame and of the log"
                               : "times of day of the first frame and of the log; the nearer day, one has no date"};
      }
    }
  }
  if (!best) {
    throw Error(Errc::refused,
                first_frame.empty() ? "the frames do not say when they were acquired"
                                    : fmt::format("the frames' date \"{}\" cannot be read", first_frame),
                "Use zero = \"log\" or \"ramp\" with clock_offset, or add `acquired` to the sidecar");
  }
  return *best;
}

ClockJoin join_ramp(const HeaterLog& log) {
  const std::optional<ProgrammeFit> fit = programme_of(log);
  if (!fit) {
    throw Error(Errc::refused, Location{.file = log.file}, "the log shows no ramp from which frames could count",
                "Use zero = \"log\" with clock_offset, or zero = \"wall\"");
  }
  return {{fit->ramp_start_s, fit->ramp_start_sigma_s}, "time 0 of the frames is the start of the log's ramp"};
}

/// Rows of the log around a time.
struct Between {
  std::size_t left = 0;
  double share = 0.0;  ///< of the way to the next row
};

Between between(const HeaterLog& log, double log_s) {
  HOTSTAGE_EXPECTS(!log.time_s.empty() && log_s >= log.time_s.front() && log_s <= log.time_s.back());
  const auto above = std::upper_bound(log.time_s.begin(), log.time_s.end(), log_s);
  const auto left = static_cast<std::size_t>(above - log.time_s.begin()) - 1;
  if (left + 1 == log.size()) {
    return {left, 0.0};
  }
  return {left, (log_s - log.time_s[left]) / (log.time_s[left + 1] - log.time_s[left])};
}

bool within(const HeaterLog& log, double from_s, double to_s) {
  return log.size() > 0 && from_s >= log.time_s.front() && to_s <= log.time_s.back();
}

double slope(const HeaterLog& log, double from_s, double to_s) {
  constexpr int points = 32;  // of the interpolated log: rows at uneven distances count by the time they stand for
  const double low = std::max(from_s, log.time_s.front());
  const double high = std::min(to_s, log.time_s.back());
  if (!(high > low)) {
    return 0.0;
  }
  double sum = 0.0;
  double weight = 0.0;
  for (int i = 0; i < points; ++i) {
    const double t = (i + 0.5) / points - 0.5;
    sum += t * temperature_in(log, 0.5 * (low + high) + t * (high - low));
    weight += t * t;
  }
  return sum / weight / (high - low);
}

}  // namespace

ClockJoin join_clocks(const HeaterLog& log, const signal::Timeline& timeline, const std::string& first_frame,
                      ClockZero zero, const Mounting& mounting) {
  HOTSTAGE_EXPECTS(log.size() > 0 && !timeline.frame_start_s.empty());
  ClockJoin out;
  switch (zero) {
    case ClockZero::ramp:
      out = join_ramp(log);
      break;
    case ClockZero::log:
      out = {{log.time_s.front(), 0.0}, "time 0 of the frames is the first row of the log"};
      break;
    case ClockZero::wall:
      out = join_walls(log, timeline, first_frame);
      break;
  }
  out.offset_s.value += mounting.clock_offset.in(units::s);
  out.offset_s.sigma = std::hypot(out.offset_s.sigma, mounting.clock_sigma.in(units::s));
  return out;
}

double temperature_in(const HeaterLog& log, double log_s) {
  const Between at = between(log, log_s);
  const double left = log.temperature_degC[at.left];
  return at.share > 0.0 ? left + at.share * (log.temperature_degC[at.left + 1] - left) : left;
}

double reading_sigma(const HeaterLog& log) {
  std::vector<double> sorted = log.temperature_degC;
  std::ranges::sort(sorted);
  double step = 0.0;
  for (std::size_t i = 1; i < sorted.size(); ++i) {
    constexpr double rounding = 1e-9;
    const double difference = sorted[i] - sorted[i - 1];
    if (difference > rounding && (step == 0.0 || difference < step)) {
      step = difference;
    }
  }
  return std::hypot(reading_noise(log), step / std::sqrt(12.0));
}

std::vector<FrameTemperature> frame_temperatures(const HeaterLog& log, const signal::Timeline& timeline,
                                                 const ClockJoin& join, FrameExposure exposure,
                                                 const Mounting& mounting) {
  const double noise = reading_sigma(log);
  const double sampling = sampling_s(log);
  const std::vector<Gap> holes = gaps(log);
  const double length = static_cast<double>(timeline.rows) * timeline.row_s;
  const double inset = exposure == FrameExposure::rows ? 0.5 * timeline.row_s : 0.0;
  std::vector<FrameTemperature> out(timeline.frame_start_s.size());
  for (std::size_t f = 0; f < out.size(); ++f) {
    FrameTemperature& t = out[f];
    t.begin_s = timeline.frame_start_s[f] + join.offset_s.value;
    if (!within(log, t.begin_s, t.begin_s + length)) {
      continue;
    }
    const double middle = t.begin_s + 0.5 * length;
    t.cover = LogCover::inside;
    t.first_degC = temperature_in(log, t.begin_s + inset);
    t.middle_degC = temperature_in(log, middle);
    t.last_degC = temperature_in(log, t.begin_s + length - inset);
    const double window = std::max(length, 3.0 * sampling);
    t.rate_K_per_s = slope(log, middle - 0.5 * window, middle + 0.5 * window);
    t.budget = {.log = noise,
                .clock = std::abs(t.rate_K_per_s) * join.offset_s.sigma,
                .frame = exposure == FrameExposure::whole ? std::abs(t.rate_K_per_s) * length / std::sqrt(12.0) : 0.0,
                .chip = mounting.chip.base(),
                .weld = mounting.weld.base(),
                .position = mounting.position.base()};
    for (const Gap& hole : holes) {
      if (t.begin_s < hole.to_s && t.begin_s + length > hole.from_s) {
        t.cover = LogCover::gap;
        t.budget.log = std::hypot(
            noise, std::abs(temperature_in(log, hole.to_s) - temperature_in(log, hole.from_s)) / std::sqrt(12.0));
      }
    }
  }
  return out;
}

std::optional<double> row_temperature(const HeaterLog& log, const signal::Timeline& timeline, const ClockJoin& join,
                                      std::size_t frame, std::size_t row) {
  HOTSTAGE_EXPECTS(frame < timeline.frame_start_s.size() && row < timeline.rows);
  const double log_s = timeline.row_start_s(frame, row) + 0.5 * timeline.row_s + join.offset_s.value;
  return within(log, log_s, log_s) ? std::optional(temperature_in(log, log_s)) : std::nullopt;
}

}  // namespace hotstage::heater
