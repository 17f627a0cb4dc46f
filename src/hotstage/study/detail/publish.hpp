// SPDX-License-Identifier: GPL-3.0-or-later
// Everything a run leaves for people and programs: results.json, provenance.json, tables, figures, report.html.

#pragma once

#include "hotstage/jobs/store.hpp"
#include "hotstage/study/run_study.hpp"

namespace hotstage::study::detail {

/// Every claim of the study against its results.
[[nodiscard]] std::vector<JudgedClaim> judge_claims(const StudyFile& study, const StudyOutcome& outcome);

/// Fills `outcome.claims`, `outcome.results` and `outcome.report` and writes the files into `options.out`, each by
/// rename.
void publish(const StudyFile& study, const StudyOptions& options, const jobs::Store& store, StudyOutcome& outcome,
             Run& run);

/// The content of results.json: no time, path, host or thread count, so that two runs give the same bytes.
[[nodiscard]] Value results_document(const StudyFile& study, const StudyOutcome& outcome);

/// The report as one self-contained HTML page.
[[nodiscard]] std::string report_page(const StudyFile& study, const StudyOutcome& outcome, const Value& provenance);

}  // namespace hotstage::study::detail
