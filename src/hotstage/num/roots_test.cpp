// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/num/roots.hpp"

#include "hotstage/num/quadrature.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace hotstage::num {
namespace {

constexpr double rounding = 1e-12;

TEST(FindRoot, finds_smooth_steep_and_flat_roots) {
  const auto cosine = [](double x) { return std::cos(x) - x; };
  EXPECT_NEAR(find_root(cosine, 0.0, 1.0).value(), 0.7390851332151607, rounding);
  const auto steep = [](double x) { return std::tanh(1e3 * (x - 0.3)); };
  EXPECT_NEAR(find_root(steep, -5.0, 5.0).value(), 0.3, rounding);
  const auto cubic = [](double x) { return (x - 1.0) * (x - 1.0) * (x - 1.0); };
  constexpr double triple_root = 1e-5;  // value² rounds to 0 nearby
  EXPECT_NEAR(find_root(cubic, -3.0, 4.5).value(), 1.0, triple_root);
}

TEST(FindRoot, says_nothing_without_a_change_of_sign) {
  EXPECT_FALSE(find_root([](double x) { return x * x + 1.0; }, -1.0, 1.0).has_value());
  EXPECT_FALSE(find_root([](double) { return std::nan(""); }, -1.0, 1.0).has_value());
}

TEST(FindRoot, an_end_that_is_a_root_is_returned) {
  EXPECT_EQ(find_root([](double x) { return x - 2.0; }, 2.0, 5.0), 2.0);
  EXPECT_EQ(find_root([](double x) { return x - 5.0; }, 2.0, 5.0), 5.0);
}

TEST(FindRootNewton, converges_where_plain_newton_escapes) {
  const auto arctan = [](double x) { return ValueAndSlope{std::atan(x - 1.0), 1.0 / (1.0 + (x - 1.0) * (x - 1.0))}; };
  EXPECT_NEAR(find_root_newton(arctan, -30.0, 40.0).value(), 1.0, rounding);
  const auto falling = [](double x) { return ValueAndSlope{2.0 - std::exp(x), -std::exp(x)}; };
  EXPECT_NEAR(find_root_newton(falling, -4.0, 9.0).value(), std::numbers::ln2, rounding);
  EXPECT_FALSE(find_root_newton(falling, 1.0, 9.0).has_value());
}

TEST(GaussLegendre, is_exact_for_polynomials_of_degree_2n_minus_1) {
  for (const std::size_t n : {1U, 2U, 5U, 12U, 33U}) {
    const Quadrature rule = gauss_legendre(n);
    for (std::size_t degree = 0; degree < 2 * n; ++degree) {
      const double exact = (degree % 2 == 0 ? 2.0 : 0.0) / static_cast<double>(degree + 1);
      const double sum = integrate(rule, -1.0, 1.0, [&](double x) { return std::pow(x, degree); });
      EXPECT_NEAR(sum, exact, rounding) << n << ' ' << degree;
    }
  }
}

TEST(GaussLegendre, integrates_a_power_law_to_rounding) {
  const double exact = (std::pow(400.0, -2.0) - std::pow(500.0, -2.0)) / 2.0;
  const double sum = integrate(gauss_legendre(12), 400.0, 500.0, [](double x) { return std::pow(x, -3.0); });
  EXPECT_NEAR(sum / exact, 1.0, rounding);
}

}  // namespace
}  // namespace hotstage::num
