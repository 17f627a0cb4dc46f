// SPDX-License-Identifier: GPL-3.0-or-later
// Table, verdicts and figures of a comparison before and after an exposure.

#pragma once

#include "hotstage/eels/damage.hpp"
#include "hotstage/study/step.hpp"

namespace hotstage::study::detail {

[[nodiscard]] StepOutput damage_page(const eels::DamageInput& input, const eels::DamageResult& result,
                                     const eels::DamageOptions& options, Run& run);

}  // namespace hotstage::study::detail
