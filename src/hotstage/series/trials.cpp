// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/trials.hpp"

#include "hotstage/core/parallel.hpp"
#include "hotstage/series/detail/trial_score.hpp"
#include "hotstage/series/events_front.hpp"
#include "hotstage/series/voids.hpp"
#include "hotstage/signal/timeline.hpp"

#include <algorithm>
#include <cmath>

namespace hotstage::series {

namespace {

constexpr std::size_t first_frames = 33;  // averaged for the segmentation; fronts start later
constexpr double window_s = 42.0;

MeanImage mean_in_electrons(const signal::Signal& frames, const Registration& registration, Run& run) {
  MeanImage mean =
      drift_corrected_mean(frames, registration.frames, 0, std::min(first_frames, frames.items() / 3), run);
  for (std::size_t i = 0; i < mean.mean.size(); ++i) {
    float& v = mean.mean.data()[i];
    v = static_cast<float>(registration.detector.electrons(static_cast<double>(v)));
  }
  return mean;
}

void read_blind(const TrialOptions& options, const TrialScene& truth, const signal::Signal& frames, Run& run,
                Trial& out) {
  const Registration registration = register_series(frames, options.registration, run);
  const MeanImage mean = mean_in_electrons(frames, registration, run);
  const Segmentation segmentation = segment({mean.mean.view(), mean.n_averaged.view()}, options.segment);
  const auto tracks = track_voids(frames, registration.frames, segmentation.spots, registration.detector, run);
  const signal::Timeline timeline = signal::timeline_of(frames);
  ChangeOptions change = options.change;
  change.window = std::max(6, static_cast<int>(window_s / options.scene.frame_s));
  constexpr std::size_t block_px = 8;
  const BlockGrid grid =
      make_blocks({frames, registration.frames, registration.detector, segmentation.labels.view(), block_px}, run);
  const ChangeMap changes = find_changes(grid, registration.frames, change, run);
  const TemperatureLog log = scene_log(truth);
  const Thermometry thermometry{timeline, log, 0.0, 0.0, 0.0};
  const EventInput input{grid, changes, registration.frames, thermometry, change.onset, 1.0, 1};
  const auto onsets = grain_onsets(input);
  const Buffer<std::int32_t, 2> whole = filled_labels(segmentation.labels.view());
  const auto fronts = fit_fronts(input, whole.view(), run);
  const auto entries = read_entries(input, fronts, whole.view(), {});
  const auto windows = find_spots(frames, registration.frames, whole.view(), registration.detector, options.spots, run);
  detail::score_tracks(truth, windows, link_spots(windows, options.tracks), out);
  out.drift_error_px = detail::drift_error(truth, registration.frames);
  detail::score_spots(truth, segmentation.spots, std::min(first_frames, frames.items() / 3), out);
  detail::score_radii(truth, segmentation.spots, tracks, out);
  detail::score_grains(truth,
                       {segmentation.labels.view(), onsets, fronts, entries, log,
                        options.scene.frame_s * static_cast<double>(options.scene.frames)},
                       out);
}

}  // namespace

const char* name(EntryCall call) noexcept {
  switch (call) {
    case EntryCall::continuous:
      return "continuous";
    case EntryCall::wall:
      return "wall";
    case EntryCall::independent:
      return "independent";
    case EntryCall::cannot_tell:
      return "cannot tell";
    case EntryCall::not_found:
      break;
  }
  return "not found";
}

std::vector<Trial> run_trial(const TrialOptions& options, double drift_px, double jitter_px, std::uint64_t seed,
                             Run& run) {
  SceneOptions scene_options = options.scene;
  scene_options.drift_px = drift_px;
  scene_options.jitter_px = jitter_px;
  const TrialScene scene = draw_trial_scene(scene_options, seed);
  const Buffer<float, 2> expected = render_scene(scene, run);
  std::vector<Trial> out;
  for (const double electrons : options.electrons) {
    Trial trial{.seed = seed, .electrons = electrons, .drift_px = drift_px, .jitter_px = jitter_px};
    const signal::Signal frames = expose_scene(scene, expected, electrons, seed);
    try {
      read_blind(options, scene, frames, run, trial);
    } catch (const Error& error) {
      if (error.code() == Errc::stopped) {
        throw;
      }
      trial.failed = error.what();
    }
    out.push_back(std::move(trial));
  }
  return out;
}

std::vector<Trial> run_trials(const TrialOptions& options, Run& run) {
  std::vector<std::vector<Trial>> parts(options.drift_px.size() * options.jitter_px.size() * options.seeds);
  parallel_chunks(run, parts.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const std::size_t condition = i / options.seeds;
      Run own;  // warnings of a drawn series are no warnings of this run
      own.stop = run.stop;
      parts[i] = run_trial(options, options.drift_px[condition / options.jitter_px.size()],
                           options.jitter_px[condition % options.jitter_px.size()],
                           options.first_seed + i % options.seeds, own);
    }
  });
  std::vector<Trial> out;
  for (std::size_t condition = 0; condition < options.drift_px.size() * options.jitter_px.size(); ++condition) {
    for (std::size_t dose = 0; dose < options.electrons.size(); ++dose) {
      for (std::size_t s = 0; s < options.seeds; ++s) {
        out.push_back(std::move(parts[condition * options.seeds + s][dose]));
      }
    }
  }
  return out;
}

}  // namespace hotstage::series
