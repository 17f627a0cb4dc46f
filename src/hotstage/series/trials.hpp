// SPDX-License-Identifier: GPL-3.0-or-later
// Series with hidden truth read blind over many seeds: what is found, how far off is it, is the stated σ true?

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/series/change_point.hpp"
#include "hotstage/series/registration.hpp"
#include "hotstage/series/segment.hpp"
#include "hotstage/series/tracks.hpp"
#include "hotstage/series/trials_scene.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hotstage::series {

struct TrialOptions {
  std::uint64_t first_seed = 1;
  std::size_t seeds = 4;
  std::vector<double> electrons{20.0};  ///< per pixel and frame
  std::vector<double> drift_px{0.3};    ///< random walk per frame
  std::vector<double> jitter_px{0.0};   ///< rms of a row
  SceneOptions scene;
  RegistrationOptions registration;
  SegmentOptions segment;
  SpotOptions spots;
  TrackOptions tracks;
  ChangeOptions change{.onset = OnsetDefinition::half};  ///< the truth is the middle of the change
};

/// Truth and measurement of one number; no measurement: not found.
struct Pair {
  double truth = 0.0;
  std::optional<Estimate> read;
};

/// What is said about how a front came into a grain.
enum class EntryCall { continuous, wall, independent, cannot_tell, not_found };

constexpr std::size_t entry_calls = 5;

[[nodiscard]] const char* name(EntryCall call) noexcept;

struct GrainScore {
  int grain = 0;
  Entry truth = Entry::none;
  EntryCall call = EntryCall::not_found;
  double entry_p = 0.0;  ///< stated probability of the likeliest entry
  bool likeliest_right = false;
  bool from_right = false;  ///< the neighbour named is the true one
  bool segmented = false;   ///< a region overlaps it by more than half of their union
  Pair onset_degC;          ///< of the fitted front
  Pair onset_blocks_degC;   ///< of the first hundredth of the blocks
  Pair speed_px_s;          ///< of the fitted front
  Pair speed_blocks_px_s;   ///< median 1/|∇t₀| over the blocks
  Pair gain_per_s;
  Pair direction_deg;  ///< only where the true front has one
  Pair completed_degC;
  bool completed_in_time = false;  ///< the series sees nine tenths of it change
  Pair wait_s;
};

/// Found and missed things of one kind.
struct Detections {
  std::size_t truth = 0;
  std::size_t hits = 0;
  std::size_t invented = 0;
};

struct Trial {
  std::uint64_t seed = 0;
  double electrons = 0.0;
  double drift_px = 0.0;
  double jitter_px = 0.0;
  std::string failed;           ///< why nothing was measured
  double drift_error_px = 0.0;  ///< rms per axis
  std::vector<GrainScore> grains;
  Detections voids;  ///< of the first frames, radius ≥ 4 px
  std::vector<Pair> void_radius_px;
  Detections cracks;
  std::vector<Pair> crack_length_px;
  std::vector<Pair> crack_width_px;
  Detections hole_spots;      ///< voids of r ≥ 4 px in every window of the tracks
  Detections particle_spots;  ///< particles of r ≥ 4 px, in a pair only while they are apart
  std::vector<Pair> hole_radius_px;
  std::vector<Pair> particle_radius_px;
  std::size_t followed = 0;  ///< voids and particles seen in two windows at least
  std::size_t whole = 0;     ///< of these, kept by one track from the first to the last
  Detections merges;
  Detections splits;
  std::vector<Pair> nucleation_frame;  ///< voids and particles that appear: when they are first seen
};

/// One series, exposed at every dose of the options, for one drift and jitter.
[[nodiscard]] std::vector<Trial> run_trial(const TrialOptions& options, double drift_px, double jitter_px,
                                           std::uint64_t seed, Run& run);

/// All drifts × jitters × seeds × doses, in parallel over seeds; the same for any number of threads.
[[nodiscard]] std::vector<Trial> run_trials(const TrialOptions& options, Run& run);

/// One number over the trials of one condition.
struct TrialScore {
  std::string id;
  std::string label;
  std::string unit;
  Estimate value;     ///< shares with binomial σ, means with their standard error
  std::size_t n = 0;  ///< things it rests on
  std::optional<double> target;
  bool at_least = true;  ///< the target is a lower bound; otherwise an upper one of |value|
};

struct TrialSummary {
  double electrons = 0.0;
  double drift_px = 0.0;
  double jitter_px = 0.0;
  std::size_t trials = 0;
  std::size_t failed = 0;
  std::vector<TrialScore> scores;
  std::array<std::array<std::size_t, entry_calls>, 3> confusion{};  ///< continuous, wall, independent × call
};

/// One summary per condition, in the order of the trials.
[[nodiscard]] std::vector<TrialSummary> summarise(const std::vector<Trial>& trials);

}  // namespace hotstage::series
