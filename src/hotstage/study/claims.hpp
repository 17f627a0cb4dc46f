// SPDX-License-Identifier: GPL-3.0-or-later
// Claims of a publication against the results of a study: which tests decide, and what a kind of evidence may say.

#pragma once

#include "hotstage/core/fields.hpp"
#include "hotstage/report/html.hpp"
#include "hotstage/study/step.hpp"

#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace hotstage::study {

using report::Verdict;

[[nodiscard]] std::string_view name(Verdict verdict) noexcept;

/// How our side of a comparison came about.
enum class ClaimKind {
  input,      ///< given to the model
  measured,   ///< from real files
  computed,   ///< thermodynamics, own engine runs, arithmetic
  predicted,  ///< a model run with nothing tuned to this claim
  recovered,  ///< read blind from simulated files whose truth we chose
  fitted,     ///< a parameter was tuned to it
};

constexpr auto enum_names(ClaimKind) {
  return std::array{
      EnumName<ClaimKind>{ClaimKind::input, "input"},         EnumName<ClaimKind>{ClaimKind::measured, "measured"},
      EnumName<ClaimKind>{ClaimKind::computed, "computed"},   EnumName<ClaimKind>{ClaimKind::predicted, "predicted"},
      EnumName<ClaimKind>{ClaimKind::recovered, "recovered"}, EnumName<ClaimKind>{ClaimKind::fitted, "fitted"}};
}

[[nodiscard]] std::string_view name(ClaimKind kind) noexcept;

/// One comparison. A result with σ stands for its band value ± σ.
struct ClaimTest {
  std::string result;                           ///< "STEP.RESULT"
  std::optional<std::array<double, 2>> within;  ///< passes when the band meets the interval
  std::optional<double> max_sigma;              ///< a wider band could not have failed: no test
  std::optional<double> at_least;               ///< passes at or above
  std::optional<double> refuted_below;          ///< fails below; between the two nothing is decided (default: at_least)
  std::optional<double> at_most;                ///< passes at or below
  std::optional<double> refuted_above;          ///< fails above (default: at_most)

  template <class V>
  void fields(V& v) {
    v("result", result, {.help = "STEP.RESULT", .required = true});
    v("within", within, {.help = "interval the band of the result has to meet"});
    v("max_sigma", max_sigma, {.help = "σ above which the band is too wide to be a test", .min = 0.0});
    v("at_least", at_least, {.help = "passes at or above"});
    v("refuted_below", refuted_below, {.help = "fails below; undecided in between"});
    v("at_most", at_most, {.help = "passes at or below"});
    v("refuted_above", refuted_above, {.help = "fails above; undecided in between"});
  }
};

/// One [claim.ID] table.
struct ClaimEntry {
  std::string id;
  std::string statement;
  std::string paper;
  std::optional<std::array<double, 2>> paper_interval;
  ClaimKind kind = ClaimKind::computed;
  std::string ours;     ///< result shown beside the paper's value; the first test's when empty
  std::string verdict;  ///< without tests: out_of_reach or not_yet
  std::string note;     ///< what a reader must know to weigh the verdict
  std::vector<ClaimTest> tests;

  template <class V>
  void fields(V& v) {
    v("statement", statement, {.help = "what the publication says", .required = true});
    v("paper", paper, {.help = "its value, in words", .required = true});
    v("paper_interval", paper_interval, {.help = "its value as an interval, in the unit of ours"});
    v("kind", kind, {.help = "how our side comes about", .required = true});
    v("ours", ours, {.help = "result shown beside the paper's value (STEP.RESULT)"});
    v("verdict", verdict, {.help = "for a claim without tests: out_of_reach or not_yet"});
    v("note", note, {.help = "what a reader must know to weigh the verdict"});
  }
};

/// Reads claims.toml: [claim.ID] with [[claim.ID.test]]. Throws Error{bad_input} with line and column, also for a claim
/// without tests that says anything but out_of_reach or not_yet.
[[nodiscard]] std::vector<ClaimEntry> read_claims(const std::filesystem::path& file);

struct JudgedClaim {
  ClaimEntry entry;
  ClaimKind kind = ClaimKind::computed;  ///< what it is in truth; see judge()
  Verdict verdict = Verdict::not_yet;
  std::string evidence;  ///< of the results it stands on; empty without
  std::optional<double> ours;
  std::optional<double> sigma;
  std::string unit;
  std::string why;  ///< tests in words, then the note
};

/// What the study knows when claims are judged.
struct Evidence {
  std::map<std::string, Result> results;  ///< by "STEP.RESULT"
  std::set<std::string> fitted_to;        ///< ids of claims that a parameter record of the study was fitted to
};

/// The kind is never better than the evidence: a claim some parameter was fitted to is `fitted`, one that stands on a
/// simulated experiment is `recovered`, and `measured` needs real files throughout. `supported` and `not_supported`
/// remain to measured, computed and predicted claims only; the others end at `consistent`, or, when a test fails, at
/// `out_of_reach`: what was put in, or is not in a simulation, refutes nothing.
[[nodiscard]] JudgedClaim judge(const ClaimEntry& entry, const Evidence& evidence);

}  // namespace hotstage::study
