// SPDX-License-Identifier: GPL-3.0-or-later
// Tables and figures of series.trials.

#pragma once

#include "hotstage/series/trials.hpp"
#include "hotstage/study/step.hpp"

#include <vector>

namespace hotstage::study::detail {

/// Results of the first condition, checks against the targets, and scores against dose, drift or jitter as figures.
void add_trial_summaries(const std::vector<series::TrialSummary>& summaries, StepOutput& out);

[[nodiscard]] io::Table score_table(const std::vector<series::TrialSummary>& summaries);
[[nodiscard]] io::Table trial_grain_table(const std::vector<series::Trial>& trials);
[[nodiscard]] io::Table confusion_of_entries(const std::vector<series::TrialSummary>& summaries);

}  // namespace hotstage::study::detail
