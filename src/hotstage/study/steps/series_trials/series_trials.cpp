// SPDX-License-Identifier: GPL-3.0-or-later
// Step series.trials: heated lamellae with hidden truth over many seeds, registered, segmented and tracked blind.

#include "hotstage/study/detail/series_trial_pages.hpp"

#include <fmt/format.h>

namespace hotstage::study::series_trials {

namespace {

struct Options {
  std::vector<double> counts{20.0};
  std::vector<double> drift{0.3};
  std::vector<double> jitter{0.0};
  int seeds = 4;
  int first_seed = 1;

  template <class V>
  void fields(V& v) {
    v("counts", counts, {.help = "mean electrons per pixel and frame; every series is exposed at each", .min = 0.5});
    v("drift", drift,
      {.help = "random walk per frame and axis in px; a ramp up to half of it comes on top", .min = 0.0});
    v("jitter", jitter, {.help = "rms displacement of a scan row in px", .min = 0.0});
    v("seeds", seeds, {.help = "series per condition", .min = 1, .max = 10000});
    v("first_seed", first_seed, {.help = "seed of the first series", .min = 0});
  }
};

StepOutput run(const StepInputs&, const Value& table, Run& run) {
  const auto options = from_table<Options>(table);
  series::TrialOptions trial;
  trial.first_seed = static_cast<std::uint64_t>(options.first_seed);
  trial.seeds = static_cast<std::size_t>(options.seeds);
  trial.electrons = options.counts;
  trial.drift_px = options.drift;
  trial.jitter_px = options.jitter;
  const std::vector<series::Trial> trials = series::run_trials(trial, run);
  const std::vector<series::TrialSummary> summaries = series::summarise(trials);
  StepOutput out;
  detail::add_trial_summaries(summaries, out);
  out.tables["scores"] = detail::score_table(summaries);
  out.tables["grains"] = detail::trial_grain_table(trials);
  out.tables["confusion"] = detail::confusion_of_entries(summaries);
  for (const std::string& shared : series::shared_assumptions()) {
    out.assumptions.push_back({"Generator and analysis share", shared});
  }
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "series.trials",
    .version = 2,
    .title = "Trials with drawn series",
    .help =
        "Draws heated lamellae with known grains, fronts, voids, cracks and particles, registers, segments and tracks "
        "them blind, and scores what was found by dose, drift and row jitter",
    .example = "hotstage series trials --counts 20 --seeds 20",
    .inputs = {},
    .outputs = {{"scores", Kind::table, "one row per score and condition"},
                {"grains", Kind::table, "one row per grain: truth beside what was read"},
                {"confusion", Kind::table, "how fronts entered grains against how it was called"}},
    .role = Role::recovery,
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::series_trials
