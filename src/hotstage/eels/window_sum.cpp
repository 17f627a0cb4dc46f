// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/window_sum.hpp"

#include "hotstage/core/error.hpp"

#include <algorithm>
#include <cmath>

namespace hotstage::eels {
namespace {

double weighted(std::span<const double> a, std::span<const double> b, std::span<const float> counts) {
  HOTSTAGE_EXPECTS(a.size() == counts.size() && b.size() == counts.size());
  double sum = 0.0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    sum += a[i] * b[i] * std::max(static_cast<double>(counts[i]), 0.0);
  }
  return sum;
}

}  // namespace

WindowSum WindowSum::plus(double factor, const WindowSum& other) const {
  HOTSTAGE_EXPECTS(response.size() == other.response.size());
  WindowSum out = *this;
  out.value += factor * other.value;
  for (std::size_t i = 0; i < response.size(); ++i) {
    out.response[i] += factor * other.response[i];
  }
  out.low_response.resize(std::max(low_response.size(), other.low_response.size()), 0.0);
  for (std::size_t i = 0; i < other.low_response.size(); ++i) {
    out.low_response[i] += factor * other.low_response[i];
  }
  return out;
}

double covariance(const WindowSum& a, const WindowSum& b, const SpectrumNoise& noise) {
  return noise.noise_factor * weighted(a.response, b.response, noise.counts) + low_covariance(a, b, noise);
}

double low_covariance(const WindowSum& a, const WindowSum& b, const SpectrumNoise& noise) {
  if (a.low_response.empty() || b.low_response.empty()) {
    return 0.0;
  }
  return noise.low_noise_factor * weighted(a.low_response, b.low_response, noise.low);
}

Estimate estimate(const WindowSum& a, const SpectrumNoise& noise) {
  return {a.value, std::sqrt(covariance(a, a, noise))};
}

Estimate ratio(const WindowSum& a, const WindowSum& b, const SpectrumNoise& noise) {
  if (b.value == 0.0) {
    return {};
  }
  const double value = a.value / b.value;
  const double variance =
      covariance(a, a, noise) - 2.0 * value * covariance(a, b, noise) + value * value * covariance(b, b, noise);
  return {value, std::sqrt(std::max(variance, 0.0)) / std::abs(b.value)};
}

}  // namespace hotstage::eels
