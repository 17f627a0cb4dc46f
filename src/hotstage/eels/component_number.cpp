// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/component_number.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace hotstage::eels {
namespace {

constexpr double tracy_widom_99 = 2.0234;   // upper 1 % of the law for real matrices
constexpr double correlation_error = 0.05;  // of the edge: what a measured correlation leaves uncertain

double items_of(const NoiseMatrix& noise) {
  return static_cast<double>(noise.items);
}

double channels_of(const NoiseMatrix& noise) {
  return static_cast<double>(noise.channels);
}

double white_edge(const NoiseMatrix& noise) {
  return std::pow(std::sqrt(items_of(noise)) + std::sqrt(channels_of(noise)), 2);
}

/// Eigenvalues of the channel correlation matrix: its symbol, sampled.
std::vector<double> population(const std::vector<double>& correlation) {
  constexpr std::size_t samples = 512;
  constexpr double least = 0.01;  // a truncated autocorrelation may dip below 0
  std::vector<double> tau(samples);
  for (std::size_t i = 0; i < samples; ++i) {
    const double omega = std::numbers::pi * (static_cast<double>(i) + 0.5) / static_cast<double>(samples);
    double sum = 1.0;
    for (std::size_t lag = 0; lag < correlation.size(); ++lag) {
      sum += 2.0 * correlation[lag] * std::cos(static_cast<double>(lag + 1) * omega);
    }
    tau[i] = std::max(sum, least);
  }
  return tau;
}

double correlated_edge(const NoiseMatrix& noise) {
  const std::vector<double> tau = population(noise.correlation);
  const double top = *std::ranges::max_element(tau);
  const auto value = [&](double log_gap) {
    const double alpha = top + std::exp(log_gap);
    double mean = 0.0;
    for (const double t : tau) {
      mean += t / (alpha - t) / static_cast<double>(tau.size());
    }
    return alpha * (items_of(noise) + channels_of(noise) * mean);
  };
  // One minimum: golden section over the logarithm of the distance from the largest τ.
  constexpr double share = 0.6180339887498949;
  double low = std::log(top) - 12.0;
  double high = std::log(top) + 12.0;
  for (int i = 0; i < 80; ++i) {
    const double left = high - share * (high - low);
    const double right = low + share * (high - low);
    (value(left) < value(right) ? high : low) = value(left) < value(right) ? right : left;
  }
  return value(0.5 * (low + high));
}

/// Variance of white noise with the same edge.
double white_variance(const NoiseMatrix& noise) {
  return noise_edge(noise) / white_edge(noise);
}

}  // namespace

double noise_edge(const NoiseMatrix& noise) {
  return noise.variance * (noise.correlation.empty() ? white_edge(noise) : correlated_edge(noise));
}

double detection_limit(const NoiseMatrix& noise) {
  const double n = std::sqrt(std::max(items_of(noise) - 0.5, 0.5));
  const double e = std::sqrt(std::max(channels_of(noise) - 0.5, 0.5));
  const double relative_width = std::cbrt(1.0 / n + 1.0 / e) / (n + e);
  const double margin = noise.correlation.empty() ? 0.0 : correlation_error;
  return noise_edge(noise) * (1.0 + tracy_widom_99 * relative_width + margin);
}

double optimal_hard_threshold(const NoiseMatrix& noise) {
  const double large = std::max(items_of(noise), channels_of(noise));
  const double beta = std::min(items_of(noise), channels_of(noise)) / large;
  const double square = 2.0 * (beta + 1.0) + 8.0 * beta / ((beta + 1.0) + std::sqrt(beta * beta + 14.0 * beta + 1.0));
  return white_variance(noise) * square * large;
}

ComponentStrength strength_of(double eigenvalue, const NoiseMatrix& noise) {
  const double n = items_of(noise);
  const double e = channels_of(noise);
  const double unit = white_variance(noise);
  const double excess = eigenvalue / unit - n - e;
  const double root = excess * excess - 4.0 * n * e;
  if (excess <= 0.0 || root <= 0.0) {
    return {};
  }
  const double signal = 0.5 * (excess + std::sqrt(root));
  const double above = signal * signal - n * e;
  return {signal * unit, above / (signal * (signal + e)), above / (signal * (signal + n))};
}

double surviving_share(double signal, const NoiseMatrix& noise) {
  const double theta = signal / white_variance(noise);
  const double threshold = items_of(noise) * channels_of(noise);
  return theta * theta > threshold ? 1.0 - threshold / (theta * theta) : 0.0;
}

double noise_variance(std::span<const double> eigenvalues, std::size_t components, NoiseMatrix noise) {
  const std::size_t taken = std::min(components, eigenvalues.size());
  // From the smallest: the first component is larger than the rest by orders of magnitude.
  const double rest =
      std::accumulate(eigenvalues.rbegin(), eigenvalues.rend() - static_cast<std::ptrdiff_t>(taken), 0.0);
  const double entries = items_of(noise) * channels_of(noise);
  double variance = rest / entries;
  constexpr int rounds = 8;
  for (int round = 0; round < rounds; ++round) {
    double sum = rest;
    noise.variance = variance;
    for (std::size_t k = 0; k < taken; ++k) {
      sum += eigenvalues[k] - strength_of(eigenvalues[k], noise).signal;
    }
    variance = sum / entries;
  }
  return variance;
}

std::size_t count_above(std::span<const double> eigenvalues, double limit) {
  std::size_t count = 0;
  while (count < eigenvalues.size() && eigenvalues[count] > limit) {
    ++count;
  }
  return count;
}

}  // namespace hotstage::eels
