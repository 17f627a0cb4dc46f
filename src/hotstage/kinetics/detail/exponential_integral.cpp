// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/kinetics/detail/exponential_integral.hpp"

#include "hotstage/core/error.hpp"

#include <cmath>
#include <limits>
#include <numbers>

namespace hotstage::kinetics::detail {

namespace {

/// E₁(u) = −γ − ln u − Σ (−u)^k/(k k!).
double series_1(double u) {
  constexpr int max_terms = 40;
  double sum = -std::numbers::egamma - std::log(u);
  double power = 1.0;
  for (int k = 1; k < max_terms; ++k) {
    power *= -u / k;
    sum -= power / k;
    if (std::abs(power) < std::numeric_limits<double>::epsilon() * std::abs(sum)) {
      break;
    }
  }
  return sum;
}

/// Modified Lentz evaluation.
double fraction_2(double u) {
  constexpr int max_terms = 400;
  constexpr double tiny = 1e-300;
  constexpr double n = 2.0;
  double b = u + n;
  double c = 1.0 / tiny;
  double d = 1.0 / b;
  double h = d;
  for (int i = 1; i < max_terms; ++i) {
    const double a = -i * (n - 1.0 + i);
    b += 2.0;
    d = 1.0 / (a * d + b);
    c = b + a / c;
    const double factor = c * d;
    h *= factor;
    if (std::abs(factor - 1.0) < std::numeric_limits<double>::epsilon()) {
      break;
    }
  }
  return h * std::exp(-u);
}

}  // namespace

double exponential_integral_2(double u) {
  HOTSTAGE_EXPECTS(u >= 0.0);
  if (u == 0.0) {
    return 1.0;
  }
  return u < 1.0 ? std::exp(-u) - u * series_1(u) : fraction_2(u);
}

}  // namespace hotstage::kinetics::detail
