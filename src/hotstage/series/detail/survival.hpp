// SPDX-License-Identifier: GPL-3.0-or-later
// Tail probabilities of χ² and F for small whole numbers of degrees of freedom.

#pragma once

#include <cmath>
#include <numbers>

namespace hotstage::series::detail {

/// P(χ²_dof > x), dof ≥ 1 (Abramowitz & Stegun 26.4.4, 26.4.5).
[[nodiscard]] inline double chi2_survival(double x, int dof) {
  if (x <= 0.0) {
    return 1.0;
  }
  const bool odd = dof % 2 == 1;
  double term = odd ? std::sqrt(2.0 * x / std::numbers::pi) * std::exp(-0.5 * x) : std::exp(-0.5 * x);
  double sum = odd ? std::erfc(std::sqrt(0.5 * x)) : term;
  if (odd && dof >= 3) {
    sum += term;
  }
  for (int k = odd ? 3 : 2; k + 2 <= dof; k += 2) {
    term *= x / k;
    sum += term;
  }
  return sum > 1.0 ? 1.0 : sum;
}

/// P(F_{k,n} > f) for real n, through Paulson's normal approximation (doi:10.1214/aoms/1177731608); exact for k = 2.
[[nodiscard]] inline double f_survival(double f, int k, double n) {
  if (f <= 0.0) {
    return 1.0;
  }
  if (k == 2) {
    return std::pow(1.0 + 2.0 * f / n, -0.5 * n);
  }
  const double a = 2.0 / (9.0 * k);
  const double b = 2.0 / (9.0 * n);
  const double root = std::cbrt(f);
  const double z = ((1.0 - b) * root - (1.0 - a)) / std::sqrt(b * root * root + a);
  return 0.5 * std::erfc(z / std::numbers::sqrt2);
}

}  // namespace hotstage::series::detail
