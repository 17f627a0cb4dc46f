// SPDX-License-Identifier: GPL-3.0-or-later
// Which parts of the specimen change first: at boundaries or inside, at damage or elsewhere; do boundaries hold fronts?

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/series/events.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace hotstage::series {

/// Onsets of blocks on a regular grid, as times or as temperatures; +∞: not changed by the end.
struct OnsetField {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::size_t block_px = 8;
  std::vector<int> grain;     ///< per block; 0: not looked at
  std::vector<double> value;  ///< per block, s or °C

  /// Middle of a block in pixels of frame 0.
  [[nodiscard]] double y_px(std::size_t block) const;
  [[nodiscard]] double x_px(std::size_t block) const;
};

/// Of a measured map; `value` is &BlockOnset::time_s or &BlockOnset::degC.
[[nodiscard]] OnsetField onset_field(const BlockGrid& grid, std::span<const BlockOnset> onsets,
                                     double BlockOnset::*value);

struct ZoneOptions {
  double near_px = 10.0;  ///< blocks whose middle is as near to a boundary are its zone
  double share = 0.02;    ///< of a zone's blocks that have changed: it has started
  std::size_t replicates = 400;
  std::size_t tile_blocks = 3;  ///< tiles of so many blocks a side are drawn together: neighbours err alike
  std::uint64_t seed = 1;
};

/// How much earlier the zone along grain boundaries starts than the interior, in the unit of the field.
struct BoundaryLead {
  bool found = false;       ///< both zones have blocks and start within the series
  Estimate lead;            ///< positive: boundaries first; σ: bootstrap over tiles
  double probability = 0.;  ///< share of replicates in which boundaries are first; a tie counts half
  double at_boundary = 0.0;
  double interior = 0.0;
};

/// `labels` as filled_labels() gives them; pixels per block as in the field.
[[nodiscard]] BoundaryLead boundary_lead(const OnsetField& field, View<const std::int32_t, 2> labels,
                                         const ZoneOptions& options);

/// A void, crack or core that was there before the heating, px.
struct DamageDisc {
  double y_px = 0.0;
  double x_px = 0.0;
  double radius_px = 0.0;
};

struct DamageOptions {
  double reach_px = 12.0;  ///< blocks as near to the edge of the damage are beside it
  std::size_t draws = 1999;
  std::uint64_t seed = 1;
};

/// Does the material beside damage change before its grain, and later with distance? Against discs of the same sizes at
/// random places of the same grains; p: Monte Carlo, one-sided.
struct DamageLead {
  std::size_t sites = 0;      ///< that lie in a grain with an onset
  double lead = 0.0;          ///< mean of (median onset of the grain − median beside the site), unit of the field
  double random_lead = 0.0;   ///< the same of random places
  double random_sigma = 0.0;  ///< standard deviation over random sets: what chance alone does to `lead`
  double p_lead = 1.0;
  double outward = 0.0;  ///< mean rank correlation (Spearman) of onset with distance from the site in its grain
  double random_outward = 0.0;
  double outward_sigma = 0.0;  ///< standard deviation over random sets
  double p_outward = 1.0;
};

[[nodiscard]] DamageLead damage_lead(const OnsetField& field, std::span<const DamageDisc> damage,
                                     const DamageOptions& options);

enum class HoldVerdict { held, no_wait, cannot_tell };

[[nodiscard]] const char* name(HoldVerdict verdict) noexcept;

/// Whether the earlier front waited at a boundary. No wait: it passed, or two fronts met by chance.
struct BoundaryHold {
  int a = 0;
  int b = 0;
  double y_px = 0.0;  ///< middle of the contact
  double x_px = 0.0;
  std::size_t places = 0;  ///< pieces of the contact with an onset on one side at least
  Estimate wait_s;         ///< median over places of |t_b − t_a| less the time for the way between the blocks
  double arrival_s = 0.0;  ///< median over places of the earlier side
  double until_s = 0.0;    ///< median of the later side; +∞: beyond the series
  double held = 0.0;       ///< share of bootstrap replicates whose wait exceeds the slack
  HoldVerdict verdict = HoldVerdict::cannot_tell;
};

struct HoldOptions {
  double near_px = 14.0;       ///< blocks of a side whose middles are as near to a piece of the contact count
  double piece_px = 8.0;       ///< length of a piece
  double slowness_s_px = 0.1;  ///< of a front in a grain
  double slack_s = 5.0;        ///< a shorter wait is none
  double clear = 0.7;
  std::size_t replicates = 400;
  std::uint64_t seed = 1;
};

/// Every pair of grains that touch along three pieces at least; `field` in s. A place whose later side never changes
/// counts as a wait to the end of the series, `end_s`.
[[nodiscard]] std::vector<BoundaryHold> boundary_holds(const OnsetField& field, View<const std::int32_t, 2> labels,
                                                       double end_s, const HoldOptions& options);

}  // namespace hotstage::series
