// SPDX-License-Identifier: GPL-3.0-or-later
// Runs a study: every step once, from the store when nothing changed, then results, tables, figures and report.

#pragma once

#include "hotstage/study/plan.hpp"
#include "hotstage/study/step.hpp"
#include "hotstage/study/study_file.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace hotstage::study {

enum class Reuse { resume, fresh };

struct StudyOptions {
  std::filesystem::path out;
  Reuse reuse = Reuse::resume;
  /// Passes of a step write down what they have done this often, so that a killed run loses no more.
  std::chrono::milliseconds journal_interval{2000};
};

struct FinishedStep {
  PlannedStep plan;
  StepOutput output;
  std::string key;
  double seconds = 0.0;
  bool from_store = false;
};

struct StudyOutcome {
  std::vector<FinishedStep> steps;
  std::vector<JudgedClaim> claims;  ///< in the order of the claims file
  Value results;                    ///< what stands in results.json
  std::filesystem::path report;
};

/// Throws Error; steps finished before the failure stay in the store and are reused by the next run.
[[nodiscard]] StudyOutcome run_study(const StudyFile& study, const StudyOptions& options, Run& run);

}  // namespace hotstage::study
