// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/detail/onset.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace hotstage::eels::detail {

namespace {

std::vector<double> smoothed(std::span<const double> values, double sigma_channels) {
  const auto reach = static_cast<std::ptrdiff_t>(std::ceil(3.0 * sigma_channels));
  std::vector<double> out(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    double sum = 0.0;
    double weight = 0.0;
    for (std::ptrdiff_t d = -reach; d <= reach; ++d) {
      const auto j = static_cast<std::ptrdiff_t>(i) + d;
      if (j >= 0 && j < static_cast<std::ptrdiff_t>(values.size())) {
        const double w = std::exp(-0.5 * static_cast<double>(d * d) / (sigma_channels * sigma_channels));
        sum += w * values[static_cast<std::size_t>(j)];
        weight += w;
      }
    }
    out[i] = sum / weight;
  }
  return out;
}

struct Trend {
  double intercept = 0.0;
  double slope = 0.0;
  bool valid = false;

  [[nodiscard]] double at(double energy) const { return std::exp(intercept + slope * std::log(energy)); }
};

Trend log_trend(std::span<const double> counts, const EnergyAxis& axis, const ChannelRange& range) {
  double sx = 0.0;
  double sy = 0.0;
  double sxx = 0.0;
  double sxy = 0.0;
  for (std::size_t i = range.first; i < range.last; ++i) {
    if (counts[i] <= 0.0) {
      return {};
    }
    const double x = std::log(axis.value(static_cast<double>(i)));
    const double y = std::log(counts[i]);
    sx += x;
    sy += y;
    sxx += x * x;
    sxy += x * y;
  }
  const auto n = static_cast<double>(range.size());
  const double slope = (n * sxy - sx * sy) / (n * sxx - sx * sx);
  return {(sy - slope * sx) / n, slope, true};
}

}  // namespace

std::optional<double> observe_onset(std::span<const double> counts, const EnergyAxis& axis, double expected_eV,
                                    double range_eV) {
  constexpr double fraction = 0.2;
  constexpr double significant = 5.0;
  constexpr double behind_eV = 8.0;
  constexpr double before_eV = 25.0;
  constexpr double smoothing_eV = 0.42;  // σ of a 1 eV wide Gaussian
  const ChannelRange region = channels_in(axis, {expected_eV - range_eV, expected_eV + range_eV + behind_eV});
  const ChannelRange front = channels_in(axis, {expected_eV - range_eV - before_eV, expected_eV - range_eV});
  if (region.size() < 8 || front.size() < 8 || axis.value(static_cast<double>(front.first)) <= 0.0) {
    return std::nullopt;
  }
  const Trend trend = log_trend(counts, axis, front);
  if (!trend.valid) {
    return std::nullopt;
  }
  std::vector<double> net(region.last - front.first);
  for (std::size_t i = 0; i < net.size(); ++i) {
    net[i] = counts[front.first + i] - trend.at(axis.value(static_cast<double>(front.first + i)));
  }
  net = smoothed(net, std::max(smoothing_eV / axis.step_eV, 0.5));
  double residual = 0.0;
  for (std::size_t i = 0; i < front.size(); ++i) {
    residual += net[i] * net[i] / static_cast<double>(front.size());
  }
  const std::size_t first = region.first - front.first;
  const double top = *std::max_element(net.begin() + static_cast<std::ptrdiff_t>(first), net.end());
  if (top <= significant * std::sqrt(residual) || net[first] >= fraction * top) {
    return std::nullopt;
  }
  std::size_t i = first + 1;
  while (net[i] < fraction * top) {
    ++i;
  }
  const double part = (fraction * top - net[i - 1]) / (net[i] - net[i - 1]);
  const double onset = axis.value(static_cast<double>(front.first + i) - 1.0 + part);
  return onset < expected_eV + range_eV ? std::optional(onset) : std::nullopt;
}

}  // namespace hotstage::eels::detail
