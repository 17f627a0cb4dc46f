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

Timeline timeline_of(const Signal& frames) {
  if (frames.navigation.size() != 1 || frames.axes.size() != 2) {
    throw Error(Errc::bad_input, Location{.file = frames.file},
                fmt::format("not a series of frames {{time | y, x}}: its shape is {}", frames.shape_text()),
                "Give a stack of images with one time axis");
  }
  const Axis& axis = frames.navigation.front();
  const std::optional<double> unit = seconds_per(axis);
  if (!unit) {
    throw Error(Errc::bad_input, Location{.file = frames.file},
                fmt::format("the frame axis \"{}\" has the unit \"{}\", not a time", axis.name, axis.unit),
                "Set its unit to s (hotstage data: navigation axis \"time\")");
  }
  if (!frames.metadata.exposure || frames.metadata.exposure->base() <= 0.0) {
    throw Error(Errc::bad_input, Location{.file = frames.file}, "the series does not say how long a frame takes",
                "Set the exposure (the frame time, flyback included) in its metadata");
  }
  Timeline out;
  out.rows = frames.axes.front().size;
  out.row_s = frames.metadata.exposure->in(units::s) / static_cast<double>(std::max<std::size_t>(out.rows, 1));
  out.frame_start_s.reserve(axis.size);
  for (std::size_t i = 0; i < axis.size; ++i) {
    const double start = axis.value(static_cast<double>(i)) * *unit;
    if (!std::isfinite(start) || (i > 0 && start < out.frame_start_s.back())) {
      throw Error(Errc::bad_input, Location{.file = frames.file},
                  fmt::format("frame {} starts at {:.6g} s, before the frame in front of it", i, start),
                  "Sort the frames by time or correct the axis");
    }
    out.frame_start_s.push_back(start);
  }
  return out;
}

}  // namespace hotstage::signal
