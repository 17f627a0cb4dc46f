// SPDX-License-Identifier: GPL-3.0-or-later
// Gauss–Legendre quadrature.

#pragma once

#include <cstddef>
#include <functional>
#include <vector>

namespace hotstage::num {

struct Quadrature {
  std::vector<double> nodes;    ///< ascending, on [−1, 1]
  std::vector<double> weights;  ///< sum 2
};

/// n-point Gauss–Legendre rule: exact for polynomials of degree 2n − 1. n ≥ 1.
[[nodiscard]] Quadrature gauss_legendre(std::size_t n);

/// ∫_a^b f with the rule mapped to [a, b].
[[nodiscard]] double integrate(const Quadrature& rule, double a, double b, const std::function<double(double)>& f);

}  // namespace hotstage::num
