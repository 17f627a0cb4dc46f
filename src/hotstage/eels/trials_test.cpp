// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/trials.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace hotstage::eels {
namespace {

std::vector<Trial> trials_of(Models models, std::size_t seeds, int threads) {
  hotstage::Run run;
  run.threads = threads;
  TrialOptions options;
  options.seeds = seeds;
  options.models = models;
  options.settings = trial_settings();
  return run_trials(options, run);
}

TEST(Trials, most_hidden_products_are_called_right_with_either_kind_of_models) {
  // 20 scans each: with a true share of 0.97, fewer than 17 right ones happen once in 500 times.
  constexpr double least = 17.0 / 20.0;
  for (const Models models : {Models::matched, Models::mismatched}) {
    const TrialSummary summary = summarise(trials_of(models, 20, 2));
    EXPECT_EQ(summary.trials, 20U);
    EXPECT_GE(summary.calls_right.value, least);
    EXPECT_GE(summary.measured, 15U);  // a hole through the foil holds neither Co nor O
  }
}

TEST(Trials, counting_alone_covers_matched_models_and_not_mismatched_ones) {
  const TrialSummary matched = summarise(trials_of(Models::matched, 24, 2));
  const TrialSummary mismatched = summarise(trials_of(Models::mismatched, 24, 2));
  constexpr double three_binomial_sigma = 0.29;
  EXPECT_NEAR(matched.coverage_counting.value, 0.68, three_binomial_sigma);
  EXPECT_NEAR(mismatched.coverage.value, 0.68, three_binomial_sigma);
  EXPECT_LT(mismatched.coverage_counting.value, matched.coverage_counting.value);
}

TEST(Trials, do_not_depend_on_threads) {
  const auto one = trials_of(Models::mismatched, 4, 1);
  const auto two = trials_of(Models::mismatched, 4, 2);
  for (std::size_t i = 0; i < one.size(); ++i) {
    EXPECT_EQ(one[i].fraction.value, two[i].fraction.value);
    EXPECT_EQ(one[i].probability, two[i].probability);
  }
}

TEST(Trials, the_axis_shift_and_the_pre_peak_come_back) {
  for (const Trial& trial : trials_of(Models::mismatched, 8, 2)) {
    constexpr double anchor_and_drawn_eV = 0.8;  // 3 × (0.2 of the anchor ⊕ 0.18 of the drawn L3)
    EXPECT_NEAR(trial.shift_eV, trial.true_shift_eV, anchor_and_drawn_eV) << trial.seed;
    EXPECT_NEAR(trial.pre_peak_eV.value, trial.true_pre_peak_eV, anchor_and_drawn_eV) << trial.seed;
  }
}

TEST(ReadProduct, a_scan_without_undamaged_material_or_too_thick_is_refused) {
  hotstage::Run run;
  const ScanSettings settings = trial_settings();
  const ScanModels models = draw_models(Models::matched, settings, 1);
  TrialScene thick = draw_trial_scene(Filling::none, 32, 1);
  for (std::size_t i = 0; i < 32; ++i) {
    thick.scene.thickness_nm.row(i)[0] *= 8.0;
  }
  SimulatedScan scan = simulate_scan(thick.scene, settings, models, run);
  EXPECT_EQ(read_product({.core = scan.core, .low = &scan.low}, {}, run).status, ReadingStatus::too_thick);
  ScanScene metal;
  metal.materials = {atoms::find_material("Co")};
  metal.thickness_nm = Buffer<double, 2>({32, 1});
  for (std::size_t i = 0; i < 32; ++i) {
    metal.position_nm.push_back(static_cast<double>(i));
    metal.thickness_nm.row(i)[0] = 40.0;
  }
  scan = simulate_scan(metal, settings, models, run);
  EXPECT_EQ(read_product({.core = scan.core, .low = &scan.low}, {}, run).status, ReadingStatus::too_noisy);
}

}  // namespace
}  // namespace hotstage::eels
