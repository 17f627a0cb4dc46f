// SPDX-License-Identifier: GPL-3.0-or-later
// What is unusual about a frame: jumps, focus, intensity, and how sure the place of a lost one is.

#pragma once

#include "hotstage/series/registration.hpp"

#include <vector>

namespace hotstage::series::detail {

/// A lost frame holds the position of the one before: its error grows with what the specimen moves per frame.
void widen_lost(std::vector<FrameDrift>& frames);

/// Time since the frame before over the usual time, per frame.
[[nodiscard]] std::vector<double> pauses(const signal::Signal& series);

/// Frames whose correlation is below `share` of the median of the good ones are no longer good.
void drop_uncorrelated(const std::vector<FrameDrift>& frames, double share, std::vector<char>& good);

/// Sets frame_jump, frame_focus and frame_intensity.
void set_flags(std::vector<FrameDrift>& frames);

}  // namespace hotstage::series::detail
