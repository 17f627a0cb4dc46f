// SPDX-License-Identifier: GPL-3.0-or-later
// Coarse drift: frames made small without aliases, followed block by block, none kept.

#pragma once

#include "hotstage/core/array.hpp"
#include "hotstage/core/run.hpp"
#include "hotstage/series/detail/tracker.hpp"
#include "hotstage/series/frames.hpp"

#include <array>
#include <span>
#include <vector>

namespace hotstage::series::detail {

struct CoarsePosition {
  double dy = 0.0;  ///< px of the frames
  double dx = 0.0;
  bool found = true;
  std::vector<Choice> choices{};  ///< when another shift is nearly as likely: all of them, this one first
};

/// Every factor-th pixel of the low-passed image: flat to 0.3/factor cycles/px, at most 10⁻³ of what lies beyond
/// 0.7/factor, so that a lattice leaves no moiré behind. Edges are repeated; rest rows and columns are dropped.
[[nodiscard]] Buffer<float, 2> decimate(View<const float, 2> image, std::size_t factor);

/// Cuts rows × columns (the window's lengths) out of an image at an integer origin, takes the weighted mean off and
/// applies the window. Pixels beyond the image repeat its edge.
[[nodiscard]] Buffer<float, 2> windowed(View<const float, 2> image, std::array<long, 2> origin,
                                        std::span<const float> window_y, std::span<const float> window_x);

/// A rectangle that follows the specimen: origin of frame i is base + round(position).
struct Field {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<std::array<long, 2>> offset;  ///< rounded position per frame
  std::array<long, 2> base{};
  std::vector<char> clipped;  ///< the rectangle leaves the frame
};

/// The largest rectangle that stays inside all frames, at least half of them; sizes transform fast.
[[nodiscard]] Field common_field(std::span<const CoarsePosition> positions, std::size_t rows, std::size_t columns);

struct CoarsePass {
  std::vector<CoarsePosition> positions;  ///< against frame 0
  std::vector<double> mean;               ///< of each frame, stored counts
};

struct CoarseOptions {
  double taper = 0.12;
  double search = 0.25;  ///< largest shift looked for, fraction of the field
  double longest = 0.125;
  std::size_t block = 8;
};

/// Reads every frame once. `pause`: time since the frame before over the usual time.
[[nodiscard]] CoarsePass coarse_pass(const signal::Signal& series, const CoarseOptions& options,
                                     std::span<const double> pause, Run& run);

}  // namespace hotstage::series::detail
