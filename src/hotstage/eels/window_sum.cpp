// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/window_sum.hpp"

#include "hotstage/core/error.hpp"

#include <algorithm>
#include <cmath>

namespace hotstage::eels {

WindowSum WindowSum::plus(double factor, const WindowSum& other) const {
  HOTSTAGE_EXPECTS(response.size() == other.response.size());
  WindowSum out = *this;
  out.value += factor * other.value;
  for (std::size_t i = 0; i < response.size(); ++i) {
    out.response[i] += factor * other.response[i];
  }
  return out;
}

double covariance(const WindowSum& a, const WindowSum& b, const SpectrumNoise& noise) {
  HOTSTAGE_EXPECTS(a.response.size() == noise.counts.size() && b.response.size() == noise.counts.size());
  double sum = 0.0;
  for (std::size_t i = 0; i < noise.counts.size(); ++i) {
    sum += a.response[i] * b.response[i] * std::max(static_cast<double>(noise.counts[i]), 0.0);
  }
  return noise.noise_factor * sum;
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
