// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/num/quadrature.hpp"

#include "hotstage/core/error.hpp"

#include <cmath>
#include <numbers>

namespace hotstage::num {

Quadrature gauss_legendre(std::size_t n) {
  HOTSTAGE_EXPECTS(n >= 1);
  Quadrature rule{std::vector<double>(n), std::vector<double>(n)};
  const auto count = static_cast<double>(n);
  for (std::size_t i = 0; i < (n + 1) / 2; ++i) {
    // Tricomi's estimate of the i-th largest root, then Newton on the three-term recurrence.
    double x = std::cos(std::numbers::pi * (static_cast<double>(i) + 0.75) / (count + 0.5));
    double slope = 1.0;
    for (int iteration = 0; iteration < 20; ++iteration) {
      double previous = 1.0;
      double value = x;
      for (std::size_t k = 2; k <= n; ++k) {
        const auto degree = static_cast<double>(k);
        const double next = ((2.0 * degree - 1.0) * x * value - (degree - 1.0) * previous) / degree;
        previous = value;
        value = next;
      }
      slope = count * (x * value - previous) / (x * x - 1.0);
      const double step = value / slope;
      x -= step;
      if (std::abs(step) < 1e-16) {
        break;
      }
    }
    const double weight = 2.0 / ((1.0 - x * x) * slope * slope);
    rule.nodes[i] = -x;
    rule.nodes[n - 1 - i] = x;
    rule.weights[i] = weight;
    rule.weights[n - 1 - i] = weight;
  }
  if (n % 2 == 1) {
    rule.nodes[n / 2] = 0.0;
  }
  return rule;
}

double integrate(const Quadrature& rule, double a, double b, const std::function<double(double)>& f) {
  const double middle = 0.5 * (a + b);
  const double half = 0.5 * (b - a);
  double sum = 0.0;
  for (std::size_t i = 0; i < rule.nodes.size(); ++i) {
    sum += rule.weights[i] * f(middle + half * rule.nodes[i]);
  }
  return half * sum;
}

}  // namespace hotstage::num
