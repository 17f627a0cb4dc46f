// SPDX-License-Identifier: GPL-3.0-or-later
// When the frames of a series began: every frame has metadata of its own, with the date in whole seconds.

#pragma once

#include "hotstage/core/run.hpp"
#include "hotstage/io/hdf5.hpp"
#include "hotstage/signal/signal.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace hotstage::signal::velox {

/// Seconds after the first frame, from AcquisitionDatetime or else AcquisitionStartDatetime in the metadata of every
/// frame. Empty when frames have no metadata of their own, one gives no date, all give the same, or they run backwards.
[[nodiscard]] std::vector<double> frame_clock(const io::Hdf5File& file, const std::string& group, std::size_t frames,
                                              Run& run);

/// Time axis from the frame time that the file states (s) and the clock of whole seconds. Where both agree within the
/// second, the stated time counts; where the clock is even but of another period, the clock's; where frames come later
/// than the stated time allows, the axis has points: every frame begins a frame time after the one before it, or when
/// the clock says, whatever is later. Without either the axis has no unit.
[[nodiscard]] Axis frame_axis(std::optional<double> step_s, std::span<const double> clock_s, std::size_t frames);

}  // namespace hotstage::signal::velox
