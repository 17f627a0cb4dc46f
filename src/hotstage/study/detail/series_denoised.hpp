// SPDX-License-Identifier: GPL-3.0-or-later
// What a step over images says when it is fed denoised ones.

#pragma once

#include "hotstage/study/step.hpp"

namespace hotstage::study::detail {

/// `out` with a check and a warning when one of the signals is denoised (or was made from such), and with the tag on
/// all signals that it gives back; untouched otherwise. Every step that measures in images returns through this.
[[nodiscard]] StepOutput said_denoised(const StepInputs& inputs, Run& run, StepOutput out);

}  // namespace hotstage::study::detail
