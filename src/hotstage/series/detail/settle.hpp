// SPDX-License-Identifier: GPL-3.0-or-later
// Lattice vectors decided again with more frames: runs of frames between two doubts hang together, and the mean of a
// run tells more than its first frame alone.

#pragma once

#include "hotstage/series/detail/matcher.hpp"
#include "hotstage/series/detail/tracker.hpp"

#include <array>
#include <span>
#include <vector>

namespace hotstage::series::detail {

/// A frame whose neighbours in time stand beside it.
struct SettledFrame {
  const Spectrum* spectrum = nullptr;  ///< moved back by what is known
  std::array<double, 2> window{};      ///< by which it was moved back, px
  std::array<double, 2> place{};       ///< of the specimen, px of frame 0
  double pause = 1.0;                  ///< since the frame before, usual times
  bool good = true;
  bool doubtful = false;  ///< may stand elsewhere than the frame before says
  bool final = false;     ///< must stay where it is
};

struct Settled {
  std::vector<std::array<double, 2>> shift;  ///< of every frame, px: by how much it stands further
  std::vector<std::vector<Choice>> choices;  ///< of every frame, from the position found, when a doubt remains
  bool changed = false;
};

struct SettleOptions {
  double lowest = 0.0;  ///< as for Matcher
  double taper = 0.0;
  double search_y_px = 32.0;
  double search_x_px = 32.0;
  double jump_px = 4.0;
  double apart_px = 2.0;
};

/// Runs are decided in order of their length (those with a final frame first) against the mean of all runs decided so
/// far: log-likelihood of the shifts that fit (Matcher::weigh) and how surprising the steps to the nearest decided
/// frames on both sides are.
[[nodiscard]] Settled settle(const Band& band, const Spectra& spectra, std::span<const SettledFrame> frames,
                             const SettleOptions& options);

}  // namespace hotstage::series::detail
