// SPDX-License-Identifier: GPL-3.0-or-later
// What a simulated frame series shows in the report: a strip of frames, mean counts against temperature, assumptions.

#pragma once

#include "hotstage/stem/frames.hpp"
#include "hotstage/study/step.hpp"

namespace hotstage::study::detail {

void add_frames(const stem::FrameSeries& series, const stem::Scene& scene, StepOutput& out);

}  // namespace hotstage::study::detail
