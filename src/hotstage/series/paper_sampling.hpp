// SPDX-License-Identifier: GPL-3.0-or-later
// What a reader of a few published frames can say: onsets and crossings as temperature intervals.

#pragma once

#include "hotstage/series/blocks.hpp"

#include <array>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace hotstage::series {

struct PaperOptions {
  std::vector<double> temperatures_degC{500.0, 550.0, 600.0, 650.0};
  double sigma_k = 4.0;
  double contrast = 0.06;
  double share = 0.02;
};

/// (low, high]: unchanged in the frame at `low`, changed in the one at `high`.
struct Interval {
  double low_degC = 0.0;
  double high_degC = 0.0;
};

struct PaperGrain {
  int grain = 0;
  std::optional<Interval> onset;      ///< nothing: no change between any two of the frames
  std::vector<double> changed_share;  ///< of its blocks, one per step from frame to frame
};

struct PaperReading {
  std::vector<std::size_t> frames;        ///< nearest usable frame to each temperature
  std::vector<double> temperatures_degC;  ///< at the middle of these
  std::vector<PaperGrain> grains;
  std::optional<Interval> onset;     ///< of the first grain
  std::optional<Interval> crossing;  ///< a grain changed after a neighbour had: first apparent crossing
};

/// Compares each chosen frame with the one before it, nothing else. Blocks are averaged 3 × 3 within their grain, the
/// median change of those that changed by less than `contrast` (lattice vibration, beam current) is taken off; a block
/// has changed when what is left exceeds both sigma_k standard deviations of counting and `contrast`, a grain when
/// `share` of its blocks (and at least three) have. What happened before the first frame is not seen.
[[nodiscard]] PaperReading read_as_paper(const BlockGrid& grid, std::span<const FrameDrift> drift,
                                         std::span<const double> frame_temperature_degC,
                                         std::span<const std::pair<int, int>> neighbours, const PaperOptions& options);

}  // namespace hotstage::series
