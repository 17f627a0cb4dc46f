// SPDX-License-Identifier: GPL-3.0-or-later
// When a block changes: likelihood-ratio search for a lasting step in a drifting, noisy brightness.

#pragma once

#include "hotstage/core/fields.hpp"
#include "hotstage/core/run.hpp"
#include "hotstage/series/blocks.hpp"
#include "hotstage/series/registration.hpp"

#include <array>
#include <span>
#include <vector>

namespace hotstage::series {

/// What "onset" means.
enum class OnsetDefinition {
  first_sigma,  ///< a cumulative sum of deviations from the extrapolated baseline passes k σ
  ten_percent,  ///< a tenth of the change is done
  half          ///< half of the change is done
};

constexpr auto enum_names(OnsetDefinition) {
  return std::array<EnumName<OnsetDefinition>, 3>{
      EnumName<OnsetDefinition>{OnsetDefinition::first_sigma, "first_sigma"},
      EnumName<OnsetDefinition>{OnsetDefinition::ten_percent, "ten_percent"},
      EnumName<OnsetDefinition>{OnsetDefinition::half, "half"}};
}

struct ChangeOptions {
  OnsetDefinition onset = OnsetDefinition::ten_percent;
  int window = 20;  ///< frames before and after a step that are looked at; the step sets it from a time
  double false_alarms = 0.5;
  double sigma_k = 5.0;

  template <class V>
  void fields(V& v) {
    v("onset", onset, {.help = "which moment of the change is called its onset"});
    v("false_alarms", false_alarms,
      {.help = "steps expected by chance in the whole map of an unchanging specimen", .min = 1e-6, .max = 1000.0});
    v("sigma_k", sigma_k, {.help = "k of onset = first_sigma", .min = 1.0, .max = 50.0});
  }
};

/// Which frames may date a change: the usable ones, and a lost tail (README.md, "Limits").
[[nodiscard]] std::vector<char> usable_frames(std::span<const FrameDrift> drift);

/// The step found in one series. Times are frame numbers (fractional, 0 = first frame).
struct ChangePoint {
  bool found = false;
  double score = 0.0;             ///< σ of the step that explains most; its sign is that of the change
  double before = 0.0;            ///< level before, unit of the series
  double change = 0.0;            ///< level after − before
  double width = 0.0;             ///< of the logistic step, frames
  std::array<double, 3> at{};     ///< frame by OnsetDefinition
  std::array<double, 3> sigma{};  ///< standard deviation of each, frames
  double completed = 0.0;         ///< frame at which nine tenths are done
};

/// Search for steps in series of one length. Model within ± window frames of the step: a + b t + c t² + A/(1 + exp(−(t
/// − t₀)/w)), w from 0.3 to 4 frames; the score of (t₀, w) is the normalised projection of the data on the step freed
/// of the parabola. Slow changes (lattice vibration, bend contours) are parabolas over the window, fast ones are steps.
class StepSearch {
 public:
  /// `usable` per frame: frames of weight 0 do not count. Thresholds are set by simulated noise, so that
  /// options.false_alarms steps are found by chance in `series_searched` unchanging series. The noise is simulated on
  /// the threads of `run` (null: one).
  StepSearch(std::vector<char> usable, std::size_t series_searched, const ChangeOptions& options,
             const Run* run = nullptr);

  /// `noise` is the standard deviation of one value.
  [[nodiscard]] ChangePoint find(std::span<const float> values, double noise) const;

  [[nodiscard]] double threshold() const { return threshold_; }

 private:
  /// Weights over frames: unit norm, free of a parabola. Steps whose windows are alike share them.
  struct Shape {
    double width = 0.0;  ///< frames
    std::vector<float> weights;
    double amplitude = 0.0;  ///< change per unit of the projection
  };

  struct Template {
    double at = 0.0;        ///< t₀, frames
    std::size_t first = 0;  ///< frame of the first weight
    std::size_t shape = 0;  ///< index into shapes_
  };

  /// Templates i, i + count, i + 2 count, … differ by one frame and share their shapes.
  struct Stretch {
    std::size_t first = 0;  ///< template
    std::size_t count = 0;  ///< shapes of a step
    std::size_t steps = 0;
  };

  [[nodiscard]] std::vector<Shape> shapes_of(std::size_t step, std::size_t first, std::size_t last) const;
  void set_threshold(double allowed, const Run& run);
  [[nodiscard]] std::vector<double> scores(std::span<const float> values, double noise) const;
  /// Level before the step, and where a cumulative sum leaves it.
  void set_first_deviation(std::span<const float> values, double noise, ChangePoint& out) const;
  void measure(std::span<const float> values, double noise, const std::vector<double>& z, ChangePoint& out) const;

  std::vector<char> usable_;
  ChangeOptions options_;
  std::vector<Shape> shapes_;
  std::vector<Template> templates_;
  std::vector<Stretch> stretches_;
  double threshold_ = 5.0;
};

/// The map of changes of a block grid.
struct ChangeMap {
  std::vector<ChangePoint> points;  ///< one per block
  std::vector<char> pooled;         ///< found only after averaging with the neighbours of the same grain
  std::vector<double> noise;        ///< standard deviation of one value per block, electrons per pixel
  double threshold = 0.0;
  double excess = 1.0;       ///< variance of the blocks over that of counting
  std::size_t isolated = 0;  ///< steps dropped because no neighbour changed at about the same time
};

/// Searches every covered block of a grain; blocks without a step are searched again averaged over 3 × 3 blocks of
/// their grain. A step that no neighbour shares (within 3σ + 12 frames) is dropped. Works on tiles of blocks, each with
/// all its frames, that fit run.memory. Throws Error{no_space|io}.
[[nodiscard]] ChangeMap find_changes(const BlockGrid& grid, std::span<const FrameDrift> drift,
                                     const ChangeOptions& options, Run& run);

}  // namespace hotstage::series
