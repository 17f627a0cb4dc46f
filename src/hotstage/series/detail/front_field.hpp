// SPDX-License-Identifier: GPL-3.0-or-later
// What the blocks of each grain saw, gathered for the fits of fronts.

#pragma once

#include "hotstage/series/detail/front_sampler.hpp"

#include <map>

namespace hotstage::series::detail {

/// A grain, its pixels (thinned) and its rim inside the part that all frames show.
struct GrainFront {
  FrontField field;
  std::vector<FrontPoint> pixels;
  std::vector<FrontPoint> rim;
  std::size_t searched = 0;  ///< blocks
  std::size_t changed = 0;   ///< of these, dated by themselves
};

/// Blocks of which at least 0.6 belong to one grain. Without brightness (`grid.series` empty) a block counts by its
/// dated onset alone.
[[nodiscard]] std::map<int, GrainFront> gather_fronts(const EventInput& input, View<const std::int32_t, 2> labels);

}  // namespace hotstage::series::detail
