// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/anscombe.hpp"

#include <algorithm>
#include <cmath>

namespace hotstage::series {

float anscombe(double electrons) {
  constexpr double offset = 0.375;
  return static_cast<float>(2.0 * std::sqrt(std::max(0.0, electrons + offset)));
}

double inverse_anscombe(double value) {
  const double root = std::sqrt(1.5);
  const double least = root;  // of no electrons: 2 √(3/8)
  if (value <= least) {
    return 0.0;
  }
  const double r = 1.0 / value;
  return std::max(0.0, 0.25 * value * value - 0.125 + r * (0.25 * root + r * (-1.375 + r * 0.625 * root)));
}

}  // namespace hotstage::series
