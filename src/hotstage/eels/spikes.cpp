// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/spikes.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/num/statistics.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace hotstage::eels {
namespace {

constexpr std::size_t side = 4;                // channels of the surroundings on each side
constexpr double median_variance = 1.57 / 8;   // of the median of 8 normal values, in variances of one
constexpr double deviation_scale = 1.4826022;  // standard deviation over median absolute deviation
constexpr double least_mean = 0.5;             // counts; below it an empty surrounding says nothing

/// Median of the 8 channels around `i`, `gap` channels away; the nearest inside when the axis ends.
double surroundings(std::span<const float> counts, std::size_t i, std::size_t gap) {
  std::array<double, 2 * side> around{};
  const auto n = static_cast<std::ptrdiff_t>(counts.size());
  for (std::size_t k = 0; k < side; ++k) {
    const auto offset = static_cast<std::ptrdiff_t>(gap + k);
    const auto at = static_cast<std::ptrdiff_t>(i);
    // Beyond an end the same distance on the other side stands in twice.
    const std::ptrdiff_t left = at - offset >= 0 ? at - offset : std::min(at + offset, n - 1);
    const std::ptrdiff_t right = at + offset < n ? at + offset : std::max<std::ptrdiff_t>(at - offset, 0);
    around[2 * k] = static_cast<double>(counts[static_cast<std::size_t>(left)]);
    around[2 * k + 1] = static_cast<double>(counts[static_cast<std::size_t>(right)]);
  }
  std::nth_element(around.begin(), around.begin() + side, around.end());
  const double above = around[side];
  const double below = *std::max_element(around.begin(), around.begin() + side);
  return 0.5 * (above + below);
}

/// What a smooth peak through the channels `gap` and `gap + 1` away would be here (cubic, even part), and how much of
/// their variance it carries.
struct Smooth {
  double value = 0.0;
  double variance = 0.0;
};

Smooth smooth_peak(std::span<const float> counts, std::size_t i, std::size_t gap) {
  const std::size_t n = counts.size();
  if (i < gap + 1 || i + gap + 1 >= n) {
    return {};
  }
  const auto near = static_cast<double>(gap * gap);
  const auto far = static_cast<double>((gap + 1) * (gap + 1));
  const double a = far / (far - near);
  const double b = -near / (far - near);
  const auto at = [&](std::size_t c) { return static_cast<double>(counts[c]); };
  return {0.5 * (a * (at(i - gap) + at(i + gap)) + b * (at(i - gap - 1) + at(i + gap + 1))), 0.5 * (a * a + b * b)};
}

/// Signed root of twice the Poisson log-likelihood ratio of y counts against `mean`; both already in electrons.
double deviance(double y, double mean) {
  const double m = std::max(mean, least_mean);
  const double x = std::max(y, 0.0);
  const double ratio = 2.0 * ((x > 0.0 ? x * std::log(x / m) : 0.0) - (x - m));
  return std::copysign(std::sqrt(std::max(ratio, 0.0)), x - m);
}

/// Variance/mean of the counts from the median absolute deviation about the surroundings.
double measured_noise(std::span<const float> counts, std::span<const double> expected) {
  std::vector<double> scaled;
  scaled.reserve(counts.size());
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (expected[i] > 0.0) {
      scaled.push_back(std::abs(static_cast<double>(counts[i]) - expected[i]) /
                       std::sqrt(expected[i] * (1.0 + median_variance)));
    }
  }
  if (scaled.size() < 16) {
    return 1.0;
  }
  const auto middle = scaled.begin() + static_cast<std::ptrdiff_t>(scaled.size() / 2);
  std::nth_element(scaled.begin(), middle, scaled.end());
  const double sigma = deviation_scale * *middle;
  return std::max(sigma * sigma, 1e-6);
}

}  // namespace

std::vector<Spike> remove_spikes(std::span<float> counts, std::span<const std::span<const float>> neighbours,
                                 const SpikeOptions& options) {
  const std::size_t n = counts.size();
  std::vector<Spike> spikes;
  const std::size_t gap = options.width;
  if (n < 4 * (side + gap)) {
    return spikes;
  }
  std::vector<double> expected(n);
  for (std::size_t i = 0; i < n; ++i) {
    expected[i] = surroundings(counts, i, gap);
  }
  const double factor = options.noise_factor.value_or(measured_noise(counts, expected));
  const double limit = num::upper_normal_quantile(options.false_positives / static_cast<double>(n));
  const auto stands_out = [&](double y, double mean, double extra) {
    return deviance(y / factor, mean / factor) / std::sqrt(1.0 + extra);
  };
  const double own_sum = integrate(std::span<const float>(counts), {0, n});
  std::vector<char> marked(n, 0);
  for (std::size_t i = 0; i < n; ++i) {
    const auto y = static_cast<double>(counts[i]);
    const double own = stands_out(y, expected[i], median_variance);
    const Smooth smooth = smooth_peak(counts, i, gap);
    bool spike = own > limit && stands_out(y, std::max(smooth.value, expected[i]), smooth.variance) > limit;
    for (std::size_t k = 0; k < neighbours.size() && spike; ++k) {
      HOTSTAGE_EXPECTS(neighbours[k].size() == n);
      const double base = surroundings(neighbours[k], i, gap);
      const double sum = integrate(neighbours[k], {0, n});
      const double scale = std::max(base > 0.0 ? expected[i] / base : 1.0, sum > 0.0 ? own_sum / sum : 1.0);
      // A shift moves counts between adjacent channels: one may hold what two of the neighbour hold above the
      // surroundings.
      double allowed = base;
      for (std::size_t c = i > 0 ? i - 1 : 0; c + 1 < std::min(i + 2, n); ++c) {
        const double pair = static_cast<double>(neighbours[k][c]) + static_cast<double>(neighbours[k][c + 1]);
        allowed = std::max(allowed, pair - base);
      }
      spike = stands_out(y, std::max(scale * allowed, expected[i]), 2.0 * scale) > limit;
    }
    if (spike) {
      marked[i] = 1;
      spikes.push_back({.item = 0, .channel = i, .counts = y, .replacement = 0.0, .deviation = own});
    }
  }
  for (Spike& spike : spikes) {
    std::size_t left = spike.channel;
    std::size_t right = spike.channel;
    while (left > 0 && marked[left] != 0) {
      --left;
    }
    while (right + 1 < n && marked[right] != 0) {
      ++right;
    }
    const double a = marked[left] == 0 ? static_cast<double>(counts[left]) : expected[spike.channel];
    const double b = marked[right] == 0 ? static_cast<double>(counts[right]) : expected[spike.channel];
    const double share =
        right > left ? static_cast<double>(spike.channel - left) / static_cast<double>(right - left) : 0.5;
    spike.replacement = (1.0 - share) * a + share * b;
  }
  for (const Spike& spike : spikes) {
    counts[spike.channel] = static_cast<float>(spike.replacement);
  }
  return spikes;
}

std::vector<Spike> remove_spikes(View<float, 2> counts, std::size_t first_item, const SpikeOptions& options) {
  const std::size_t items = counts.extent(0);
  const std::size_t channels = counts.extent(1);
  Buffer<float, 2> recorded({items, channels});
  for (std::size_t i = 0; i < items; ++i) {
    std::copy(counts.row(i).begin(), counts.row(i).end(), recorded.row(i).begin());
  }
  std::vector<Spike> out;
  for (std::size_t i = 0; i < items; ++i) {
    std::vector<std::span<const float>> neighbours;
    if (i > 0) {
      neighbours.emplace_back(recorded.row(i - 1));
    }
    if (i + 1 < items) {
      neighbours.emplace_back(recorded.row(i + 1));
    }
    for (Spike spike : remove_spikes(counts.row(i), neighbours, options)) {
      spike.item = first_item + i;
      out.push_back(spike);
    }
  }
  return out;
}

}  // namespace hotstage::eels
