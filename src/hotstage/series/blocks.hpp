// SPDX-License-Identifier: GPL-3.0-or-later
// Time series of blocks of the specimen: mean electrons per pixel in boxes that follow the drift.

#pragma once

#include "hotstage/core/run.hpp"
#include "hotstage/series/block_series.hpp"
#include "hotstage/series/registration.hpp"
#include "hotstage/signal/timeline.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace hotstage::series {

/// A regular grid of boxes in the coordinates of frame 0.
struct BlockGrid {
  std::size_t rows = 0;     ///< boxes along y
  std::size_t columns = 0;  ///< boxes along x
  std::size_t block_px = 8;
  std::size_t frames = 0;
  BlockSeries series;          ///< (rows · columns) × frames: mean electrons per pixel
  std::vector<char> covered;   ///< per block: inside all usable frames
  std::vector<int> grain;      ///< per block: the grain of most of its pixels; 0: void, crack or not labelled
  std::vector<double> purity;  ///< share of the pixels of that grain

  [[nodiscard]] std::size_t blocks() const { return rows * columns; }

  /// Middle of a block in pixels of frame 0.
  [[nodiscard]] double y_px(std::size_t block) const {
    return (static_cast<double>(block / columns) + 0.5) * static_cast<double>(block_px) - 0.5;
  }

  [[nodiscard]] double x_px(std::size_t block) const {
    return (static_cast<double>(block % columns) + 0.5) * static_cast<double>(block_px) - 0.5;
  }
};

struct BlockInput {
  const signal::Signal& series;
  std::span<const FrameDrift> drift;
  const DetectorResponse& detector;
  View<const std::int32_t, 2> labels;  ///< in the coordinates of frame 0; empty: none
  std::size_t block_px = 8;
};

/// Sums each box over every frame with exact shares of the pixels at its edges (summed-area table): no resampling, so
/// counting noise stays what it is. Every frame is read once; numbers that do not fit run.memory lie on the disk
/// (BlockSeries). Throws Error{no_space|io}.
[[nodiscard]] BlockGrid make_blocks(const BlockInput& input, Run& run);

/// Temperature against time, as a heater log gives it.
struct TemperatureLog {
  std::vector<double> time_s;  ///< microscope clock, ascending
  std::vector<double> temperature_degC;

  /// Linear between entries, the end values outside.
  [[nodiscard]] double at(double time_s_value) const;
  /// K/s around a time, over ± 5 s.
  [[nodiscard]] double rate_K_per_s(double time_s_value) const;
};

/// Time on the microscope clock when a block's middle row was scanned at a fractional frame number: rows of one frame
/// differ by up to the frame time.
[[nodiscard]] double block_time_s(const signal::Timeline& timeline, std::span<const FrameDrift> drift, double y_px,
                                  double frame);

}  // namespace hotstage::series
