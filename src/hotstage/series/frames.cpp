// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/frames.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::series {

FrameShape shape_of(const signal::Signal& series, std::size_t fewest) {
  const Location where{.file = series.file};
  if (series.navigation.size() != 1 || series.axes.size() != 2) {
    throw Error(Errc::bad_input, where, fmt::format("a frame series is time | y, x; this is {}", series.shape_text()),
                "Give a stack of images with one navigation axis");
  }
  const FrameShape shape{series.items(), series.axes[0].size, series.axes[1].size};
  constexpr std::size_t smallest = 32;
  if (shape.frames < fewest || shape.rows < smallest || shape.columns < smallest) {
    throw Error(Errc::bad_input, where,
                fmt::format("{} frames of {} × {} px: too few, or too small", shape.frames, shape.rows, shape.columns),
                fmt::format("At least {} frames of {} × {} px are needed", fewest, smallest, smallest));
  }
  return shape;
}

Buffer<float, 2> read_frame(const signal::Signal& series, std::size_t frame) {
  Buffer<float, 2> out({series.axes[0].size, series.axes[1].size});
  signal::read(series, {frame, 1, 0, series.channels()}, View<float, 2>(out.data(), {1, out.size()}));
  return out;
}

Run run_that_fits(const Run& run, const signal::Signal& series, std::string_view what, std::size_t kept,
                  std::size_t per_thread) {
  if (kept + per_thread > run.memory) {
    throw Error(
        Errc::no_space, Location{.file = series.file},
        fmt::format("{} needs {} MiB, --memory allows {} MiB", what, ((kept + per_thread) >> 20) + 1, run.memory >> 20),
        "Raise --memory, or bin the frames");
  }
  Run out = run;
  const std::size_t threads = (run.memory - kept) / std::max<std::size_t>(1, per_thread);
  out.threads = static_cast<int>(std::min(threads, static_cast<std::size_t>(std::max(1, run.threads))));
  return out;
}

double pixel_nm(const signal::Signal& series) {
  const signal::Axis& axis = series.axes.back();
  const auto unit = find_unit(axis.unit);
  if (!unit || unit->dimension != Length::dimension) {
    throw Error(Errc::bad_input, Location{.file = series.file},
                fmt::format("the pixel size has no unit of length (\"{}\")", axis.unit),
                "State it with the data: [data.NAME] pixel = \"… nm\"");
  }
  return std::abs(axis.scale) * unit->factor;
}

}  // namespace hotstage::series
