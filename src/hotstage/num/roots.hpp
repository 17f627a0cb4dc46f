// SPDX-License-Identifier: GPL-3.0-or-later
// Roots of functions of one variable.

#pragma once

#include <functional>
#include <optional>

namespace hotstage::num {

struct RootOptions {
  double tolerance = 1e-12;  ///< absolute, on x
  int max_iterations = 300;
};

/// Root of f in [a, b] by Brent's method. Nothing when f(a) and f(b) have the same sign or iterations run out.
[[nodiscard]] std::optional<double> find_root(const std::function<double(double)>& f, double a, double b,
                                              const RootOptions& options = {});

struct ValueAndSlope {
  double value = 0.0;
  double slope = 0.0;
};

/// Root of f in [a, b] by Newton steps from the middle that fall back to bisection; f(a) and f(b) must differ in sign,
/// else nothing. Converges quadratically where the slope allows.
[[nodiscard]] std::optional<double> find_root_newton(const std::function<ValueAndSlope(double)>& f, double a, double b,
                                                     const RootOptions& options = {});

}  // namespace hotstage::num
