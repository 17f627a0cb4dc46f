// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/num/roots.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace hotstage::num {

// Brent, Algorithms for Minimization without Derivatives (1973), ch. 4: b is the best point, [b, c] brackets the root.
std::optional<double> find_root(const std::function<double(double)>& f, double a, double b,
                                const RootOptions& options) {
  double fa = f(a);
  double fb = f(b);
  if (fa == 0.0) {
    return a;
  }
  if (fb == 0.0) {
    return b;
  }
  if (!(fa * fb < 0.0)) {
    return std::nullopt;
  }
  double c = a;
  double fc = fa;
  double step = b - a;
  double last_step = step;
  for (int iteration = 0; iteration < options.max_iterations; ++iteration) {
    if ((fb > 0.0) == (fc > 0.0)) {
      c = a;
      fc = fa;
      step = last_step = b - a;
    }
    if (std::abs(fc) < std::abs(fb)) {
      a = std::exchange(b, c);
      c = a;
      fa = std::exchange(fb, fc);
      fc = fa;
    }
    const double tolerance = 2.0 * std::numeric_limits<double>::epsilon() * std::abs(b) + 0.5 * options.tolerance;
    const double middle = 0.5 * (c - b);
    if (std::abs(middle) <= tolerance || fb == 0.0) {
      return b;
    }
    step = [&] {
      if (std::abs(last_step) < tolerance || std::abs(fa) <= std::abs(fb)) {
        return last_step = middle;
      }
      double p = 0.0;
      double q = 0.0;
      const double s = fb / fa;
      if (a == c) {  // secant
        p = 2.0 * middle * s;
        q = 1.0 - s;
      } else {  // inverse quadratic
        const double u = fa / fc;
        const double v = fb / fc;
        p = s * (2.0 * middle * u * (u - v) - (b - a) * (v - 1.0));
        q = (u - 1.0) * (v - 1.0) * (s - 1.0);
      }
      q = p > 0.0 ? -q : q;
      p = std::abs(p);
      if (2.0 * p < std::min(3.0 * middle * q - std::abs(tolerance * q), std::abs(last_step * q))) {
        last_step = step;
        return p / q;
      }
      return last_step = middle;
    }();
    a = b;
    fa = fb;
    b += std::abs(step) > tolerance ? step : std::copysign(tolerance, middle);
    fb = f(b);
  }
  return std::nullopt;
}

std::optional<double> find_root_newton(const std::function<ValueAndSlope(double)>& f, double a, double b,
                                       const RootOptions& options) {
  const double at_a = f(a).value;
  const double at_b = f(b).value;
  if (at_a == 0.0) {
    return a;
  }
  if (at_b == 0.0) {
    return b;
  }
  if (!(at_a * at_b < 0.0)) {
    return std::nullopt;
  }
  const bool rising = at_b > 0.0;
  double x = 0.5 * (a + b);
  for (int iteration = 0; iteration < options.max_iterations; ++iteration) {
    const ValueAndSlope at_x = f(x);
    if (at_x.value == 0.0) {
      return x;
    }
    ((at_x.value > 0.0) == rising ? b : a) = x;
    double step = -at_x.value / at_x.slope;
    if (std::abs(step) <= options.tolerance) {
      return std::clamp(x + step, std::min(a, b), std::max(a, b));
    }
    if (!(x + step > std::min(a, b) && x + step < std::max(a, b))) {
      step = 0.5 * (a + b) - x;
    }
    x += step;
    if (std::abs(step) <= options.tolerance) {
      return x;
    }
  }
  return std::nullopt;
}

}  // namespace hotstage::num
