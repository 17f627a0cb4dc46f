// SPDX-License-Identifier: GPL-3.0-or-later
// Line scans with a hidden product, made and read blind over many seeds: is the stated σ true, are the calls right?

#pragma once

#include "hotstage/eels/product.hpp"
#include "hotstage/eels/scene_forward.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace hotstage::eels {

/// A drawn specimen: a wedge-shaped foil of LiCoO2 (40–90 nm) with a void (missing 35–100 % of the foil over a fifth to
/// two fifths of the line), walls reduced to Co3O4 in place, and a grain boundary with a reduced zone.
struct TrialScene {
  ScanScene scene;
  LineVoid hole;
  VoidFilling filling;
};

[[nodiscard]] TrialScene draw_trial_scene(Filling wanted, std::size_t positions, std::uint64_t seed);

struct TrialOptions {
  std::size_t seeds = 200;
  std::size_t positions = 32;
  Models models = Models::mismatched;
  Filling filling = Filling::hidden;
  std::uint64_t first_seed = 1;
  std::array<double, 2> core_electrons{6.2e7, 6.2e8};  ///< drawn per seed, log-uniform: 100 pA for 0.1 to 1 s
  ScanSettings settings;
  ProductOptions analysis;
};

/// Smaller spectra than those of a study, so that hundreds of scans take seconds: 0.5 eV per channel.
[[nodiscard]] ScanSettings trial_settings();

/// One seed: truth of the positions that the analysis took for the void, and what it says.
struct Trial {
  std::uint64_t seed = 0;
  Filling truth = Filling::none;
  Product call = Product::none;
  double probability = 0.0;  ///< of the call
  ReadingStatus status = ReadingStatus::ok;
  bool measured = false;       ///< a void with O or Co in the beam was found: the numbers below hold
  double true_fraction = 0.0;  ///< Co/(Co + O) atoms in the core positions
  Estimate fraction;
  double counting = 0.0;    ///< σ of the fraction from counting alone
  double true_metal = 0.0;  ///< metal over foil thickness, mean of the core positions
  Estimate metal;
  double true_shift_eV = 0.0;
  double shift_eV = 0.0;
  double true_pre_peak_eV = 0.0;
  Estimate pre_peak_eV;

  [[nodiscard]] bool right() const;
};

/// Which call is right for a filling.
[[nodiscard]] Product expected_call(Filling truth);

/// Trials in parallel, results by seed; the same for any number of threads.
[[nodiscard]] std::vector<Trial> run_trials(const TrialOptions& options, Run& run);

/// Shares with binomial σ √(p(1−p)/n).
struct TrialSummary {
  std::size_t trials = 0;
  std::size_t refused = 0;
  std::size_t measured = 0;
  Estimate coverage;           ///< of the 68 % interval of Co/(Co + O), total σ
  Estimate coverage_counting;  ///< the same with counting σ alone
  Estimate coverage_metal;     ///< of value ± σ of the metal thickness
  Estimate calls_right;        ///< of all trials, refused ones count as wrong
  Estimate pre_peak_within;    ///< pre-peak position within 0.3 eV of the truth
  std::array<std::array<std::size_t, product_count + 1>, product_count> confusion{};  ///< truth × call, last: refused
};

[[nodiscard]] TrialSummary summarise(const std::vector<Trial>& trials);

/// What generator and analysis still have in common, in words for the report.
[[nodiscard]] std::vector<std::string> shared_assumptions(Models models);

}  // namespace hotstage::eels
