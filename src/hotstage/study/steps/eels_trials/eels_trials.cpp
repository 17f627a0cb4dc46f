// SPDX-License-Identifier: GPL-3.0-or-later
// Step eels.trials: hidden products over many seeds, read blind, with matched and with mismatched models.

#include "hotstage/core/constants.hpp"
#include "hotstage/study/detail/eels_scan_pages.hpp"

#include <fmt/format.h>

namespace hotstage::study::eels_trials {

namespace {

constexpr double electrons_per_s = 100e-12 / constants::elementary_charge_C;

struct Options {
  int seeds = 200;
  int positions = 32;
  Time shortest = 0.1 * units::s;
  Time longest = 1.0 * units::s;
  int first_seed = 1;

  template <class V>
  void fields(V& v) {
    v("seeds", seeds, {.help = "scans with matched and as many with mismatched models", .min = 1, .max = 100000});
    v("positions", positions, {.help = "positions of a scan", .min = 24, .max = 1024});
    v("shortest", shortest, {.help = "shortest exposure drawn, at 100 pA", .unit = "s", .min = 1e-3});
    v("longest", longest, {.help = "longest exposure drawn", .unit = "s", .min = 1e-3});
    v("first_seed", first_seed, {.help = "seed of the first scan", .min = 0});
  }
};

std::vector<eels::Trial> run_kind(const Options& options, eels::Models models, Run& run) {
  eels::TrialOptions trial;
  trial.seeds = static_cast<std::size_t>(options.seeds);
  trial.positions = static_cast<std::size_t>(options.positions);
  trial.first_seed = static_cast<std::uint64_t>(options.first_seed);
  trial.models = models;
  trial.settings = eels::trial_settings();
  trial.core_electrons = {electrons_per_s * options.shortest.in(units::s),
                          electrons_per_s * options.longest.in(units::s)};
  run.progress(models == eels::Models::matched ? 0.0 : 0.5, "trials");
  return eels::run_trials(trial, run);
}

void add(const std::string& id, const std::string& label, const Estimate& share, const std::string& method,
         StepOutput& out) {
  out.results.push_back({.id = id,
                         .value = share.value,
                         .sigma = share.sigma,
                         .method = method + "; binomial σ",
                         .evidence = "twin",
                         .label = label,
                         .headline = id.ends_with("mismatched")});
}

void add_results(const eels::TrialSummary& s, const std::string& word, StepOutput& out) {
  const bool matched = word == "matched";
  const std::string of = fmt::format("{} of {} scans with {} models", s.measured, s.trials, word);
  add("coverage_" + word, "68 % interval of Co/(Co+O) holds the truth, " + word,
      matched ? s.coverage_counting : s.coverage,
      of + (matched ? ", counting σ (the models are the same)" : ", counting and model σ"), out);
  add("calls_right_" + word, "Right calls, " + word, s.calls_right,
      fmt::format("{} scans with {} models, refused ones count as wrong", s.trials, word), out);
  add("prepeak_within_" + word, "O K pre-peak within 0.3 eV of the truth, " + word, s.pre_peak_within, of, out);
  add("coverage_metal_" + word, "Metal thickness within its σ, " + word, s.coverage_metal, of, out);
  if (!matched) {
    add("coverage_counting_mismatched", "The same with counting σ alone, mismatched", s.coverage_counting, of, out);
  }
}

StepOutput run(const StepInputs&, const Value& table, Run& run) {
  const auto options = from_table<Options>(table);
  const auto matched = run_kind(options, eels::Models::matched, run);
  const auto mismatched = run_kind(options, eels::Models::mismatched, run);
  const eels::TrialSummary matched_summary = eels::summarise(matched);
  const eels::TrialSummary summary = eels::summarise(mismatched);
  StepOutput out;
  add_results(matched_summary, "matched", out);
  add_results(summary, "mismatched", out);
  out.tables["trials"] = detail::trial_table(matched, mismatched);
  out.tables["confusion"] = detail::confusion_table(matched_summary, summary);
  out.figures.push_back(detail::trial_figure(matched, mismatched));
  constexpr double low = 0.64;
  constexpr double high = 0.72;
  const bool covered = summary.coverage.value >= low && summary.coverage.value <= high;
  out.checks.push_back({"Coverage with mismatched models", covered ? CheckStatus::ok : CheckStatus::attention,
                        text(summary.coverage), "0.64 … 0.72",
                        "Above: the stated model errors are larger than those drawn; below: too small"});
  out.checks.push_back({"Refused", CheckStatus::ok,
                        fmt::format("{} matched, {} mismatched", matched_summary.refused, summary.refused), "",
                        "Scans without an undamaged stretch, too thick or too noisy"});
  for (const std::string& shared : eels::shared_assumptions(eels::Models::mismatched)) {
    out.assumptions.push_back({"Generator and analysis still share", shared});
  }
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "eels.trials",
    .version = 1,
    .title = "Trials with hidden products",
    .help =
        "Makes line scans with a hidden product in a void and reads them blind: coverage of the stated σ and share "
        "of right calls, with matched and with mismatched models",
    .example = "hotstage eels trials --seeds 20",
    .inputs = {},
    .outputs = {{"trials", Kind::table, "one row per scan"},
                {"confusion", Kind::table, "calls against what was put in"}},
    .role = Role::recovery,
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::eels_trials
