// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/timeline.hpp"

#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace hotstage::signal {

namespace {

/// Seconds per unit of a time axis; nothing when it is not a time.
std::optional<double> seconds_per(const Axis& axis) {
  const std::optional<Unit> unit = find_unit(axis.unit);
  return unit && unit->dimension == Dimension{.s = 1} ? std::optional(unit->factor) : std::nullopt;
}

}  // namespace

std::vector<double> item_starts_s(const Signal& series) {
  if (series.navigation.size() != 1) {
    throw Error(Errc::bad_input, Location{.file = series.file},
                fmt::format("not a series in time: its shape is {}", series.shape_text()),
                "Give a signal with one navigation axis in a unit of time");
  }
  const Axis& axis = series.navigation.front();
  const std::optional<double> unit = seconds_per(axis);
  if (!unit) {
    throw Error(Errc::bad_input, Location{.file = series.file},
                fmt::format("the frame axis \"{}\" has the unit \"{}\", not a time", axis.name, axis.unit),
                "Set its unit to s (hotstage data: navigation axis \"time\")");
  }
  std::vector<double> out;
  out.reserve(axis.size);
  for (std::size_t i = 0; i < axis.size; ++i) {
    const double start = axis.value(static_cast<double>(i)) * *unit;
    if (!std::isfinite(start) || (i > 0 && start < out.back())) {
      throw Error(Errc::bad_input, Location{.file = series.file},
                  fmt::format("frame {} starts at {:.6g} s, before the frame in front of it", i, start),
                  "Sort the frames by time or correct the axis");
    }
    out.push_back(start);
  }
  return out;
}

Timeline timeline_of(const Signal& frames) {
  if (frames.navigation.size() != 1 || frames.axes.size() != 2) {
    throw Error(Errc::bad_input, Location{.file = frames.file},
                fmt::format("not a series of frames {{time | y, x}}: its shape is {}", frames.shape_text()),
                "Give a stack of images with one time axis");
  }
  std::vector<double> starts = item_starts_s(frames);
  if (!frames.metadata.exposure || frames.metadata.exposure->base() <= 0.0) {
    throw Error(Errc::bad_input, Location{.file = frames.file}, "the series does not say how long a frame takes",
                "Set the exposure (the frame time, flyback included) in its metadata");
  }
  Timeline out;
  out.rows = frames.axes.front().size;
  out.row_s = frames.metadata.exposure->in(units::s) / static_cast<double>(std::max<std::size_t>(out.rows, 1));
  out.frame_start_s = std::move(starts);
  return out;
}

Timeline timeline_of(const Signal& frames, const ScanTiming& scan) {
  Timeline out = timeline_of(frames);
  if (scan.flyback && !scan.dwell) {
    throw Error(Errc::bad_input, Location{.file = frames.file}, "a flyback without the time per pixel",
                "Give dwell too; without both, rows share the frame time equally");
  }
  if (scan.dwell) {
    out.row_s = static_cast<double>(frames.axes.back().size) * scan.dwell->in(units::s) +
                scan.flyback.value_or(Time{}).in(units::s);
  }
  return out;
}

std::string interval_text(std::uint32_t flags) {
  std::string out;
  for (const auto& [flag, text] : {std::pair{interval_missing, "missing frames"}, std::pair{interval_pause, "pause"},
                                   std::pair{interval_overlap, "overlap"}}) {
    if ((flags & flag) != 0) {
      out += fmt::format("{}{}", out.empty() ? "" : ", ", text);
    }
  }
  return out;
}

std::vector<FrameInterval> intervals_of(const Timeline& timeline) {
  const std::vector<double>& start = timeline.frame_start_s;
  const double length = static_cast<double>(timeline.rows) * timeline.row_s;
  std::vector<FrameInterval> out(start.size());
  std::vector<double> steps;
  for (std::size_t i = 1; i < start.size(); ++i) {
    out[i].since_last_s = start[i] - start[i - 1];
    out[i].gap_s = out[i].since_last_s - length;
    steps.push_back(out[i].since_last_s);
  }
  if (steps.empty()) {
    return out;
  }
  std::ranges::nth_element(steps, steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2));
  const double period = steps[steps.size() / 2];
  constexpr double longer = 1.5;
  constexpr double whole = 0.1;
  constexpr double shorter = 0.99;  // exposures are rounded by those who write them
  for (FrameInterval& interval : out) {
    const double periods = period > 0.0 ? interval.since_last_s / period : 0.0;
    if (periods > longer) {
      const bool multiple = std::abs(periods - std::round(periods)) < whole;
      interval.missing = std::round(periods) - 1.0;
      interval.flags |= multiple ? interval_missing : interval_pause;
    }
    if (&interval != &out.front() && interval.since_last_s < shorter * length) {
      interval.flags |= interval_overlap;
    }
  }
  return out;
}

std::optional<double> clock_step_s(const Timeline& timeline) {
  const std::vector<double>& start = timeline.frame_start_s;
  bool even = true;
  for (std::size_t i = 2; i < start.size(); ++i) {
    constexpr double rounding = 1e-6;
    even = even && std::abs(start[i] - 2.0 * start[i - 1] + start[i - 2]) < rounding;
  }
  if (even) {
    return std::nullopt;
  }
  for (const double step : {1.0, 0.1, 0.01, 0.001}) {
    constexpr double rounding = 1e-4;
    if (std::ranges::all_of(start, [&](double s) {
          const double steps = (s - start.front()) / step;
          return std::abs(steps - std::round(steps)) < rounding;
        })) {
      return step;
    }
  }
  return std::nullopt;
}

}  // namespace hotstage::signal
