// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/kinetics/detail/exponential_integral.hpp"

#include "hotstage/num/quadrature.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <numbers>
#include <utility>

namespace hotstage::kinetics::detail {
namespace {

/// E₂ by quadrature of e^{−ut} over s = 1/t in (0, 1], panel by panel towards s = 0.
double plain_2(double u) {
  static const num::Quadrature rule = num::gauss_legendre(48);
  double sum = 0.0;
  for (double high = 1.0; high > 1e-12; high *= 0.5) {
    sum += num::integrate(rule, 0.5 * high, high, [u](double s) { return std::exp(-u / s); });
  }
  return sum;
}

TEST(ExponentialIntegral, values_of_the_tables) {
  constexpr double digits = 2e-9;  // seven to ten digits are tabulated
  // Abramowitz & Stegun 1964, Table 5.4 (E₂) and, for u = 10 and 20, Table 5.5: (u + 2) e^u E₂(u).
  for (const auto& [u, value] : {std::pair{0.01, 0.9496705}, std::pair{0.1, 0.7225450}, std::pair{0.5, 0.3266439},
                                 std::pair{1.0, 0.1484955}, std::pair{2.0, 0.0375343}}) {
    constexpr double seven_digits = 6e-8;
    EXPECT_NEAR(exponential_integral_2(u), value, seven_digits) << u;
  }
  // E₂ = e^{−u} − u E₁ with E₁(1) = 0.2193839343955203 (DLMF §6.6; OEIS A099285).
  EXPECT_NEAR(exponential_integral_2(1.0), std::exp(-1.0) - 0.21938393439552027, digits);
  EXPECT_EQ(exponential_integral_2(0.0), 1.0);
  EXPECT_EQ(exponential_integral_2(1e4), 0.0);
}

TEST(ExponentialIntegral, agrees_with_quadrature_on_both_branches) {
  constexpr double quadrature = 2e-11;  // relative; of the cut at s = 1e-12 and of 48-point panels
  for (const double u : {1e-3, 0.03, 0.3, 0.999, 1.0, 1.001, 1.5, 3.0, 10.0, 30.0}) {
    EXPECT_NEAR(exponential_integral_2(u) / plain_2(u), 1.0, quadrature) << u;
  }
}

TEST(ExponentialIntegral, branches_meet_at_one) {
  constexpr double rounding = 1e-14;
  const double below = exponential_integral_2(std::nextafter(1.0, 0.0));
  EXPECT_NEAR(below / exponential_integral_2(1.0), 1.0, rounding);
}

RC_GTEST_PROP(ExponentialIntegral, lies_between_the_bounds_of_DLMF_8_19_21, ()) {
  const double u = 1e-3 * *rc::gen::inRange(1, 700000);
  const double scaled = exponential_integral_2(u) * std::exp(u);
  constexpr double rounding = 1e-14;
  RC_ASSERT(scaled >= 1.0 / (u + 2.0) * (1.0 - rounding));
  RC_ASSERT(scaled <= 1.0 / (u + 1.0) * (1.0 + rounding));
}

}  // namespace
}  // namespace hotstage::kinetics::detail
