// SPDX-License-Identifier: GPL-3.0-or-later
// Heated lamellae drawn from a seed, with the truth beside them: grains, fronts, voids, cracks, particles, drift.

#pragma once

#include "hotstage/core/array.hpp"
#include "hotstage/core/run.hpp"
#include "hotstage/series/blocks.hpp"
#include "hotstage/signal/signal.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hotstage::series {

/// What a drawn series looks like. Lengths in px (1 px = 1 nm), times in s.
struct SceneOptions {
  std::size_t rows = 256;
  std::size_t columns = 240;
  std::size_t frames = 100;
  double frame_s = 2.0;
  double start_degC = 300.0;
  double rate_K_per_s = 2.0;
  double drift_px = 0.3;   ///< random walk per frame and axis; the ramp is drawn up to half of it per frame
  double jitter_px = 0.0;  ///< rms displacement of a row along x
};

/// How a front came into a grain.
enum class Entry {
  none,         ///< the grain does not change
  continuous,   ///< a front of a neighbour goes on without a stop
  wall,         ///< the front of a neighbour was held at the boundary for a while
  independent,  ///< a nucleus of its own
};

[[nodiscard]] const char* name(Entry entry) noexcept;

struct TrueGrain {
  double y_px = 0.0;
  double x_px = 0.0;
  double level = 1.0;  ///< brightness over the mean
  Entry entry = Entry::none;
  int from = -1;         ///< neighbour whose front came in; index into the grains
  double change = 0.0;   ///< relative change of brightness behind the front
  double width_s = 0.5;  ///< of the logistic in time
  double wait_s = 0.0;   ///< of a wall
  double speed_px_s = 0.0;
  double gain_per_s = 0.0;                     ///< relative growth of the speed: v(τ) = v (1 + gain τ)
  std::array<double, 2> origin{};              ///< y, x where it started
  std::optional<std::array<double, 2>> along;  ///< unit vector of a plane front
  double start_s = 0.0;
};

/// A hole through part of the foil: radius r₀, r₀ + rate (t − begins) from then on, at most `most_px`.
struct TrueVoid {
  double y_px = 0.0;
  double x_px = 0.0;
  double first_px = 0.0;
  double begins_s = 0.0;
  double rate_px_s = 0.0;
  double most_px = 0.0;
  double depth = 0.7;  ///< missing share of the thickness
  bool hexagon = false;
  double angle = 0.0;  ///< of a corner

  [[nodiscard]] double radius_px(double time_s) const;  ///< of the circle of equal area
};

struct TrueCrack {
  std::array<double, 2> from{};  ///< y, x
  std::array<double, 2> to{};
  double width_px = 3.0;
  double depth = 0.8;

  [[nodiscard]] double length_px() const;
};

/// A bright sphere: brightness 1 + a(t) √(1 − d²/r²), a ∝ r, r = most √((t − begins)/(end − begins)).
struct TrueParticle {
  double y_px = 0.0;  ///< place at the time it appears
  double x_px = 0.0;
  double begins_s = 0.0;
  double most_px = 5.0;
  double brightness = 0.6;  ///< a at the end of the series
  double moves_s = 0.0;     ///< from then on it moves
  double vy_px_s = 0.0;
  double vx_px_s = 0.0;
  double stops_s = 1e300;
  int pair = 0;        ///< particles of one pair merge (positive) or have split (negative)
  double end_s = 0.0;  ///< of the series

  [[nodiscard]] double radius_px(double time_s) const;
  [[nodiscard]] std::array<double, 2> place(double time_s) const;
};

/// A dark or bright band that sweeps over the specimen.
struct TrueBend {
  double angle = 0.0;
  double offset_px = 0.0;
  double speed_px_s = 0.0;
  double width_px = 20.0;
  double depth = 0.05;
};

/// The truth of one series. Places in px of frame 0.
struct TrialScene {
  SceneOptions options;
  double margin_px = 40.0;  ///< the specimen goes on beyond the field
  std::vector<TrueGrain> grains;
  std::vector<TrueVoid> voids;
  std::vector<TrueCrack> cracks;
  std::vector<TrueParticle> particles;
  std::vector<TrueBend> bends;
  std::vector<std::array<double, 2>> drift;  ///< dy, dx per frame; the first is zero
  Buffer<float, 2> jitter;                   ///< frames × rows, px along x
  std::array<double, 2> wedge{};             ///< relative change of thickness per px
  double texture = 0.02;
  double gain = 1.0;
  double black = 0.0;
  Buffer<std::int32_t, 2> label;  ///< rows × columns, index of the grain
  Buffer<float, 2> front_s;       ///< specimen time of the front, finely sampled; huge: never
  Buffer<std::int32_t, 2> fine;   ///< grain of every fine sample

  static constexpr double step_px = 0.5;  ///< of the fine samples

  /// Time of the front at a place of the field; nothing where it never comes.
  [[nodiscard]] std::optional<double> front_at(double y_px, double x_px) const;
};

/// Draws a specimen. Neighbouring grains differ by at least 6 % in brightness; the other properties are independent.
[[nodiscard]] TrialScene draw_trial_scene(const SceneOptions& options, std::uint64_t seed);

/// Expected electrons per pixel over the mean dose, frame by frame: frames × (rows · columns).
[[nodiscard]] Buffer<float, 2> render_scene(const TrialScene& scene, Run& run);

/// Counts of a detector: Poisson of `electrons_per_px` times the expectation, gain and black level.
[[nodiscard]] signal::Signal expose_scene(const TrialScene& scene, const Buffer<float, 2>& expected,
                                          double electrons_per_px, std::uint64_t seed);

/// The log of the holder on the clock of the frames.
[[nodiscard]] TemperatureLog scene_log(const TrialScene& scene);

/// What generator and analysis have in common, for the report.
[[nodiscard]] std::vector<std::string> shared_assumptions();

}  // namespace hotstage::series
