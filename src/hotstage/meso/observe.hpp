// SPDX-License-Identifier: GPL-3.0-or-later
// What a microscopist would note from a heating run: onsets, who starts first, the first apparent crossing.

#pragma once

#include "hotstage/meso/simulation.hpp"

#include <optional>
#include <span>
#include <vector>

namespace hotstage::meso {

/// Which cells of a sample.
enum class Zone { all, boundary, interior };

/// Temperature at which the transformed share of a zone has grown by `gain` since the first sample, linear between
/// samples; nothing when it never does.
[[nodiscard]] std::optional<double> find_onset(std::span<const Sample> samples, Zone zone, double gain);

/// Temperature at which the first grain without a core of its own, next to one that has, shows `share` of itself
/// transformed: how a crossing looks, whatever its cause. `watched` is false when no such grain exists.
struct Crossing {
  bool watched = false;
  std::optional<double> temperature_degC;
};

[[nodiscard]] Crossing first_crossing(const Polycrystal& crystal, const Outcome& outcome, double share);

/// Probability that a temperature read with a normal error lies in (low, high]; 0 for nothing.
[[nodiscard]] double probability_between(std::optional<double> degC, double low_degC, double high_degC, double sigma_K);

/// Quantile of weighted values: the smallest value whose share of the weight reaches p, linear between the middles of
/// the steps. 0 for no weight.
[[nodiscard]] double weighted_quantile(std::span<const double> values, std::span<const double> weights, double p);

}  // namespace hotstage::meso
