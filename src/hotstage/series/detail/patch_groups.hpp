// SPDX-License-Identifier: GPL-3.0-or-later
// Collaborative filtering of frames that show the same place: stacks of patches, grouped, shrunk in a transform.

#pragma once

#include "hotstage/core/array.hpp"
#include "hotstage/core/run.hpp"

#include <array>
#include <cstddef>
#include <span>

namespace hotstage::series::detail {

/// Frames in work, of unit noise. A place p of the specimen lies at p + shift in its frame.
struct PatchFrame {
  View<const float, 2> noisy;
  std::array<long, 2> shift{};
  View<float, 2> sum;     ///< weighted estimates are added here
  View<float, 2> weight;  ///< and their weights here
};

struct PatchOptions {
  std::size_t group = 4;  ///< most stacks in a group, a power of two up to 16
  double threshold = 3.4;
};

inline constexpr std::size_t most_stack_frames = 16;

/// Adds two-pass estimates of all frames (1, 2, 4, 8 or 16 of one size) to their sums.
///
/// A stack is a patch of 8 × 8 px followed through the frames by whole pixels. Stacks that look alike in the mean of
/// the frames, up to 8 px away, make a group; its 2-D cosine, temporal Haar and group Haar transform is
/// hard-thresholded (first pass), then weighted like Wiener by the first estimate. Patches at the edge of a frame that
/// others do not cover are taken from inside. Bands of the field are worked on in two turns so that no two threads
/// touch a pixel: results do not depend on threads.
void filter_window(std::span<const PatchFrame> frames, const PatchOptions& options, const Run& run);

}  // namespace hotstage::series::detail
