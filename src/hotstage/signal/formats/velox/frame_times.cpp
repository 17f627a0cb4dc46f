// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/formats/velox/frame_times.hpp"

#include "hotstage/signal/detail/stored_numbers.hpp"
#include "hotstage/signal/formats/velox/metadata.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace hotstage::signal::velox {

namespace {

constexpr double whole_seconds = 1.0;

}  // namespace

std::vector<double> frame_clock(const io::Hdf5File& file, const std::string& group, std::size_t frames, Run& run) {
  const std::string path = group + "/Metadata";
  if (frames < 2 || file.kind(path) != io::Hdf5Kind::dataset) {
    return {};
  }
  const io::Hdf5Dataset data = file.dataset(path);
  if (data.shape().size() != 2 || data.shape()[1] != frames) {
    return {};
  }
  for (const char* key :
       {"Acquisition/AcquisitionDatetime/DateTime", "Acquisition/AcquisitionStartDatetime/DateTime"}) {
    const auto seconds = [&](std::size_t frame) { return number(read_column(file, path, frame), key).value_or(0.0); };
    const double first = seconds(0);
    if (!(first > 0.0) || !(seconds(frames - 1) > first)) {
      continue;
    }
    std::vector<double> out;
    for (std::size_t f = 0; f < frames; ++f) {
      run.check_stop();
      const double at = seconds(f) - first;
      if (!(at >= (out.empty() ? 0.0 : out.back()))) {
        return {};
      }
      out.push_back(at);
    }
    return out;
  }
  return {};
}

Axis frame_axis(std::optional<double> step_s, std::span<const double> clock_s, std::size_t frames) {
  Axis stated{.name = "time", .size = frames};
  const bool known = step_s && *step_s > 0.0;
  if (known) {
    stated.scale = *step_s;
    stated.unit = "s";
  }
  if (clock_s.size() != frames || frames < 2) {
    return stated;
  }
  bool agrees = known;
  for (std::size_t f = 0; f < frames && agrees; ++f) {
    agrees = std::abs(clock_s[f] - static_cast<double>(f) * *step_s) <= whole_seconds;
  }
  if (agrees) {
    return stated;
  }
  Axis out = detail::axis_through(clock_s, whole_seconds);
  out.name = "time";
  out.unit = "s";
  if (out.is_uniform()) {
    return out;
  }
  for (std::size_t f = 1; f < frames; ++f) {
    const double after = out.points[f - 1] + (known ? *step_s : 0.0);
    // The clock cuts off the fraction of a second: less than one later is the same frame rate.
    out.points[f] = known && std::abs(clock_s[f] - after) <= whole_seconds ? after : std::max(after, clock_s[f]);
    if (!(out.points[f] > out.points[f - 1])) {
      return stated;
    }
  }
  return out;
}

}  // namespace hotstage::signal::velox
