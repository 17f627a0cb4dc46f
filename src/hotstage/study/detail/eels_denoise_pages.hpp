// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers, tables and figures of a PCA: scree plot with its rule, components, residual test, survival of a feature.

#pragma once

#include "hotstage/eels/denoise.hpp"
#include "hotstage/study/step.hpp"

namespace hotstage::study::detail {

[[nodiscard]] StepOutput denoise_page(const signal::Signal& core, const eels::DenoiseResult& result,
                                      const eels::DenoiseOptions& options);

}  // namespace hotstage::study::detail
