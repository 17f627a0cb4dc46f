// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/series_denoised.hpp"

#include "hotstage/series/denoise.hpp"

#include <fmt/format.h>

namespace hotstage::study::detail {

StepOutput said_denoised(const StepInputs& inputs, Run& run, StepOutput out) {
  std::string names;
  for (const auto& [name, signal] : inputs.signals) {
    if (series::is_denoised(signal)) {
      names += (names.empty() ? "" : ", ") + name;
    }
  }
  if (names.empty()) {
    return out;
  }
  constexpr const char* meaning =
      "Denoised images have no counting statistics and blur what changes over neighbouring frames: no σ here holds. "
      "Measure the images as recorded";
  out.checks.insert(out.checks.begin(),
                    {"Measured in counts as recorded", CheckStatus::attention, names + " denoised", "none", meaning});
  run.warn("denoised_input", fmt::format("{} denoised: {}", names, meaning));
  for (auto& [name, signal] : out.signals) {
    series::mark_denoised(signal, "made from denoised images");
  }
  return out;
}

}  // namespace hotstage::study::detail
