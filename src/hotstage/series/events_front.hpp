// SPDX-License-Identifier: GPL-3.0-or-later
// A front fitted to the onset times of a grain: where it starts and when, how fast it runs, and how it came in.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/series/events.hpp"

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace hotstage::series {

/// A relay is handed on by a neighbour: every place of the common boundary sends it on when the neighbour's front has
/// been there and a wait is over (Huygens).
enum class FrontShape { plane, radial, relay };

[[nodiscard]] const char* name(FrontShape shape) noexcept;

/// A place of the boundary, and when the neighbour's front was there.
struct FrontSource {
  double y_px = 0.0;
  double x_px = 0.0;
  double time_s = 0.0;
};

/// t(p) = t₀ + τ(|p − n|) with τ(r) = (√(1 + 2 g r/v) − 1)/g, the time of a front of speed v (1 + g τ) for r; a plane
/// counts r along its direction, all behind `held_px` with it at once; a relay takes the earliest source, t₀ is its
/// wait.
struct FrontModel {
  FrontShape shape = FrontShape::radial;
  double time_s = 0.0;  ///< t₀
  double y_px = 0.0;    ///< n, or a point of the plane at t₀
  double x_px = 0.0;
  double angle = 0.0;                                       ///< of a plane's direction, from +x to +y, rad
  double slowness_s_px = 0.0;                               ///< 1/v
  double gain_per_s = 0.0;                                  ///< g
  double held_px = -1e9;                                    ///< of a plane: r there and behind
  int from = 0;                                             ///< of a relay: the neighbour
  std::shared_ptr<const std::vector<FrontSource>> sources;  ///< of a relay

  /// τ of a distance in px.
  [[nodiscard]] double travel_s(double distance_px) const;
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
  FrontModel model;    ///< the likeliest
  FrontReading best;   ///< medians over the replicates; place and direction of the model
  std::vector<FrontModel> replicates;  ///< drawn from the posterior of all shapes
  std::vector<FrontReading> readings;  ///< one per replicate
  FrontReading model_variance;         ///< of the outline of the grain
  std::size_t blocks = 0;              ///< that count
  std::size_t outliers = 0;            ///< that changed for a reason of their own
  double rms_s = 0.0;                  ///< of the dated blocks that count
  double misfit = 1.0;                 ///< log L was divided by it

  /// Standard deviations over the replicates and of the outline, in quadrature.
  [[nodiscard]] Estimate start_s() const;
  [[nodiscard]] Estimate speed_px_s() const;
  [[nodiscard]] Estimate completed_s() const;
  [[nodiscard]] Estimate gain_per_s() const;
  /// Degrees from +x to +y; nothing for a front that runs to all sides.
  [[nodiscard]] std::optional<Estimate> direction_deg() const;
};

/// Draws plane and radial fronts, and those handed on by a neighbour, with and without growth of the speed, from their
/// posterior given the brightness of all blocks (log-likelihood of a step of the grain's own height at every time; a
/// block may also change for a reason of its own, or not before the end). Shapes count by their evidence. Log L is
/// divided by the misfit of the best shape. `labels` as filled_labels() gives them.
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
  double arrival_degC = 0.0;
  double start_degC = 0.0;
  Estimate wait_K;  ///< how much hotter it was when the boundary let the front through
};

struct EntryOptions {
  double near_px = 12.0;      ///< the start is at a boundary up to this distance
  double slack_frames = 2.5;  ///< a shorter wait is none
  double clear = 0.6;         ///< probability from which a verdict is given
};

/// Every replicate of a grain votes with the same replicate of its neighbours: its start lies beside a neighbour's
/// front that arrived just then (continuous), earlier (wall), or it does not (independent). The share of the rim where
/// chance would do the same, with even odds for nuclei, is taken from the first two.
[[nodiscard]] std::vector<EntryReading> read_entries(const EventInput& input, std::span<const FrontFit> fronts,
                                                     View<const std::int32_t, 2> labels, const EntryOptions& options);

}  // namespace hotstage::series
