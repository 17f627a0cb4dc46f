// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/meso/observe.hpp"

#include "hotstage/core/error.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace hotstage::meso {

namespace {

double of_zone(const Sample& sample, Zone zone) {
  switch (zone) {
    case Zone::boundary:
      return sample.at_boundary;
    case Zone::interior:
      return sample.interior;
    case Zone::all:
      break;
  }
  return sample.transformed;
}

/// Temperature at which a quantity of the samples first reaches a level.
template <class Quantity>
std::optional<double> first_at(std::span<const Sample> samples, double level, Quantity quantity) {
  for (std::size_t i = 1; i < samples.size(); ++i) {
    const double now = quantity(samples[i]);
    if (now >= level) {
      const double before = quantity(samples[i - 1]);
      const double share = now > before ? std::clamp((level - before) / (now - before), 0.0, 1.0) : 1.0;
      return samples[i - 1].temperature_degC + share * (samples[i].temperature_degC - samples[i - 1].temperature_degC);
    }
  }
  return std::nullopt;
}

double normal_below(double z) {
  return 0.5 * std::erfc(-z / std::numbers::sqrt2);
}

}  // namespace

std::optional<double> find_onset(std::span<const Sample> samples, Zone zone, double gain) {
  HOTSTAGE_EXPECTS(!samples.empty());
  const double level = of_zone(samples.front(), zone) + gain;
  return first_at(samples, level, [zone](const Sample& sample) { return of_zone(sample, zone); });
}

Crossing first_crossing(const Polycrystal& crystal, const Outcome& outcome, double share) {
  std::vector<char> cored(crystal.grains(), 0);
  for (const Core& core : outcome.cores) {
    cored[static_cast<std::size_t>(core.grain - 1)] = 1;
  }
  Crossing out;
  for (std::size_t g = 0; g < crystal.grains(); ++g) {
    const auto& neighbours = crystal.neighbours[g];
    const bool beside = std::any_of(neighbours.begin(), neighbours.end(),
                                    [&](int other) { return cored[static_cast<std::size_t>(other - 1)] != 0; });
    if (cored[g] != 0 || !beside) {
      continue;
    }
    out.watched = true;
    const auto at = first_at(outcome.samples, share, [g](const Sample& sample) { return sample.grains[g]; });
    if (at && (!out.temperature_degC || *at < *out.temperature_degC)) {
      out.temperature_degC = at;
    }
  }
  return out;
}

double probability_between(std::optional<double> degC, double low_degC, double high_degC, double sigma_K) {
  if (!degC) {
    return 0.0;
  }
  return normal_below((high_degC - *degC) / sigma_K) - normal_below((low_degC - *degC) / sigma_K);
}

double weighted_quantile(std::span<const double> values, std::span<const double> weights, double p) {
  HOTSTAGE_EXPECTS(values.size() == weights.size());
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  if (!(total > 0.0)) {
    return 0.0;
  }
  double below = 0.0;
  double last_middle = 0.0;
  std::optional<double> last;
  for (const std::size_t i : order) {
    if (!(weights[i] > 0.0)) {
      continue;
    }
    const double middle = (below + 0.5 * weights[i]) / total;
    if (middle >= p) {
      return last ? *last + (values[i] - *last) * (p - last_middle) / (middle - last_middle) : values[i];
    }
    below += weights[i];
    last = values[i];
    last_middle = middle;
  }
  return last.value_or(0.0);
}

}  // namespace hotstage::meso
