// SPDX-License-Identifier: GPL-3.0-or-later
// A front fitted to the onset times of a grain: where it starts and when, how fast it runs, and how it came in.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/series/events.hpp"

#include <array>
#include <optional>
#include <span>
#include <vector>

namespace hotstage::series {

enum class FrontShape { plane, radial };

/// t(p) = t₀ + τ(|p − n|) with τ(r) = (√(1 + 2 g r/v) − 1)/g, the time of a front of speed v (1 + g τ) for r; a plane
/// counts r along its direction.
struct FrontModel {
  FrontShape shape = FrontShape::radial;
  double time_s = 0.0;  ///< t₀
  double y_px = 0.0;    ///< n, or a point of the plane at t₀
  double x_px = 0.0;
  double angle = 0.0;          ///< of a plane's direction, from +x to +y, rad
  double slowness_s_px = 0.0;  ///< 1/v
  double gain_per_s = 0.0;     ///< g

  [[nodiscard]] double at(double y, double x) const;
  /// ∂t/∂y, ∂t/∂x in s/px.
  [[nodiscard]] std::array<double, 2> gradient(double y, double x) const;
};

/// What one fit says about a grain.
struct FrontReading {
  double start_s = 0.0;  ///< earliest time of the model in the grain
  double y_px = 0.0;     ///< where
  double x_px = 0.0;
  double speed_px_s = 0.0;   ///< 1/median |∇t| over the grain
  double angle = 0.0;        ///< of the mean direction
  double directed = 0.0;     ///< length of the mean unit gradient: 1 plane, 0 from the middle to all sides
  double completed_s = 0.0;  ///< nine tenths of the grain are behind the front
};

struct FrontFit {
  int grain = 0;
  bool found = false;  ///< at least 12 blocks and 40 % of the grain changed, half of the blocks obey the fit
  FrontModel model;
  FrontReading best;
  std::vector<FrontModel> replicates;  ///< of the bootstrap
  std::vector<FrontReading> readings;  ///< one per replicate
  FrontReading model_variance;         ///< of other fits, by their likelihood, and of the outline: times, speed, angle
  std::size_t blocks = 0;              ///< that count
  std::size_t outliers = 0;            ///< of weight below a half
  double rms_s = 0.0;                  ///< of the residuals that count

  /// Standard deviations over the replicates and over the fits compared, in quadrature.
  [[nodiscard]] Estimate start_s() const;
  [[nodiscard]] Estimate speed_px_s() const;
  [[nodiscard]] Estimate completed_s() const;
  [[nodiscard]] Estimate gain_per_s() const;
  /// Degrees from +x to +y; nothing for a front that runs to all sides.
  [[nodiscard]] std::optional<Estimate> direction_deg() const;
};

/// Fits plane and radial fronts, with and without growth of the speed, to the times at which blocks are half changed
/// (Tukey's biweight, so that voids and particles that change a block by themselves do not count), and takes the one of
/// lowest BIC. σ: wild bootstrap, residuals keep their size and change sign together in tiles of 3 × 3 blocks, since
/// neighbours err alike. `labels` as filled_labels() gives them.
[[nodiscard]] std::vector<FrontFit> fit_fronts(const EventInput& input, View<const std::int32_t, 2> labels, Run& run);

enum class EntryVerdict { continuous, wall, independent, cannot_tell };

[[nodiscard]] const char* name(EntryVerdict verdict) noexcept;

/// How a front came into a grain. The three probabilities add up to 1.
struct EntryReading {
  int into = 0;
  int from = 0;  ///< the neighbour it came from, were it to have crossed; 0: none beside the start had changed
  EntryVerdict verdict = EntryVerdict::cannot_tell;
  double continuous = 0.0;
  double wall = 0.0;
  double independent = 0.0;
  double chance = 0.0;     ///< share of the rim at which an independent nucleus would look the same
  Estimate wait_s;         ///< start less arrival of the neighbour's front
  double arrival_s = 0.0;  ///< of the neighbour's front
  double start_s = 0.0;
};

struct EntryOptions {
  double near_px = 12.0;      ///< the start is at a boundary up to this distance
  double slack_frames = 2.5;  ///< a shorter wait is none
  double clear = 0.7;         ///< probability from which a verdict is given
};

/// Every replicate of a grain votes with the same replicate of its neighbours: its start lies beside a neighbour's
/// front that arrived just then (continuous), earlier (wall), or it does not (independent). The share of the rim where
/// chance would do the same, with even odds for nuclei, is taken from the first two.
[[nodiscard]] std::vector<EntryReading> read_entries(const EventInput& input, std::span<const FrontFit> fronts,
                                                     View<const std::int32_t, 2> labels, const EntryOptions& options);

}  // namespace hotstage::series
