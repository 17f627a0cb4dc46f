// SPDX-License-Identifier: GPL-3.0-or-later
// Do damage sites lie at grain boundaries, and on one side of them? Monte-Carlo tests against random sites.

#pragma once

#include "hotstage/core/array.hpp"
#include "hotstage/core/rng.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace hotstage::series {

struct Site {
  double y_px = 0.0;
  double x_px = 0.0;
};

struct SiteTest {
  std::size_t sites = 0;            ///< inside the labelled area
  double distance_px = 0.0;         ///< mean distance to the nearest boundary
  double random_distance_px = 0.0;  ///< the same of uniformly random sites
  double p_boundary = 1.0;          ///< share of random sets of sites that lie as close: exact, one-sided
  double junction_distance_px = 0.0;
  double p_junction = 1.0;  ///< the same for places where three grains meet
  std::size_t beside = 0;   ///< sites within `near_px` of a boundary
  double p_one_side = 1.0;  ///< chance that sites of one boundary crowd on a side as they do
};

struct SiteTestOptions {
  std::size_t draws = 9999;
  double near_px = 12.0;
  std::uint64_t seed = 1;
};

/// `labels` as filled_labels() gives them (0: no specimen). With fewer than two sites, or without any boundary, all p
/// are 1.
[[nodiscard]] SiteTest test_sites(View<const std::int32_t, 2> labels, std::span<const Site> sites,
                                  const SiteTestOptions& options);

}  // namespace hotstage::series
