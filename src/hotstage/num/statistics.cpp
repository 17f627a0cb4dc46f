// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/num/statistics.hpp"

#include "hotstage/core/error.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace hotstage::num {
namespace {

Estimate combined(double value, double variance) {
  return {value, std::sqrt(std::max(variance, 0.0))};
}

}  // namespace

double mean(std::span<const double> values) {
  if (values.empty()) {
    return 0.0;
  }
  double sum = 0.0;
  for (const double value : values) {
    sum += value;
  }
  return sum / static_cast<double>(values.size());
}

double standard_deviation(std::span<const double> values) {
  if (values.size() < 2) {
    return 0.0;
  }
  const double middle = mean(values);
  double squares = 0.0;
  for (const double value : values) {
    squares += (value - middle) * (value - middle);
  }
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

double standard_error(std::span<const double> values) {
  return values.empty() ? 0.0 : standard_deviation(values) / std::sqrt(static_cast<double>(values.size()));
}

double upper_normal_quantile(double p) {
  double low = 0.0;
  double high = 40.0;
  for (int i = 0; i < 80; ++i) {
    const double middle = 0.5 * (low + high);
    (0.5 * std::erfc(middle / 1.4142135623730951) > p ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

double quantile(std::span<const double> values, double p) {
  HOTSTAGE_EXPECTS(p >= 0.0 && p <= 1.0);
  if (values.empty()) {
    return 0.0;
  }
  std::vector<double> sorted(values.begin(), values.end());
  const double position = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const auto at = sorted.begin() + static_cast<std::ptrdiff_t>(below);
  std::nth_element(sorted.begin(), at, sorted.end());
  const double next = below + 1 < sorted.size() ? *std::min_element(at + 1, sorted.end()) : *at;
  const double fraction = position - static_cast<double>(below);
  return *at + fraction * (next - *at);
}

double median(std::span<const double> values) {
  return quantile(values, 0.5);
}

double median_deviation(std::span<const double> values) {
  constexpr double normal_consistency = 1.482602218505602;  // 1/Φ⁻¹(3/4)
  const double middle = median(values);
  std::vector<double> distances;
  distances.reserve(values.size());
  for (const double value : values) {
    distances.push_back(std::abs(value - middle));
  }
  return normal_consistency * median(distances);
}

Estimate weighted_mean(std::span<const Estimate> values) {
  double weight_sum = 0.0;
  double sum = 0.0;
  for (const Estimate& estimate : values) {
    if (estimate.sigma > 0.0) {
      const double weight = 1.0 / (estimate.sigma * estimate.sigma);
      weight_sum += weight;
      sum += weight * estimate.value;
    }
  }
  return weight_sum > 0.0 ? Estimate{sum / weight_sum, 1.0 / std::sqrt(weight_sum)} : Estimate{};
}

Estimate ratio(const Estimate& a, const Estimate& b, double covariance) {
  if (b.value == 0.0) {
    return {};
  }
  const double value = a.value / b.value;
  const double variance = a.sigma * a.sigma + value * value * b.sigma * b.sigma - 2.0 * value * covariance;
  return combined(value, variance / (b.value * b.value));
}

Estimate product(const Estimate& a, const Estimate& b, double covariance) {
  return combined(a.value * b.value, b.value * b.value * a.sigma * a.sigma + a.value * a.value * b.sigma * b.sigma +
                                         2.0 * a.value * b.value * covariance);
}

Estimate sum(const Estimate& a, const Estimate& b, double covariance) {
  return combined(a.value + b.value, a.sigma * a.sigma + b.sigma * b.sigma + 2.0 * covariance);
}

Estimate difference(const Estimate& a, const Estimate& b, double covariance) {
  return combined(a.value - b.value, a.sigma * a.sigma + b.sigma * b.sigma - 2.0 * covariance);
}

KolmogorovSmirnov kolmogorov_smirnov(std::span<const double> probabilities) {
  if (probabilities.empty()) {
    return {};
  }
  std::vector<double> sorted(probabilities.begin(), probabilities.end());
  std::sort(sorted.begin(), sorted.end());
  const auto n = static_cast<double>(sorted.size());
  double distance = 0.0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const auto below = static_cast<double>(i);
    distance = std::max({distance, sorted[i] - below / n, (below + 1.0) / n - sorted[i]});
  }
  const double root = std::sqrt(n);
  const double lambda = (root + 0.12 + 0.11 / root) * distance;
  constexpr double surely_one = 0.2;  // below it p differs from 1 by less than 1e-12 and the series converges slowly
  if (lambda < surely_one) {
    return {distance, 1.0};
  }
  double p = 0.0;
  double sign = 1.0;
  for (int j = 1; j <= 100; ++j, sign = -sign) {
    const double term = std::exp(-2.0 * j * j * lambda * lambda);
    p += 2.0 * sign * term;
    if (term < 1e-17) {
      break;
    }
  }
  return {distance, std::clamp(p, 0.0, 1.0)};
}

}  // namespace hotstage::num
