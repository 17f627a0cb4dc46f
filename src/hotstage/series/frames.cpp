// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/frames.hpp"

#include <fmt/format.h>

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
