// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/window_sum.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace hotstage::eels {
namespace {

constexpr double rounding = 1e-12;

TEST(WindowSum, disjoint_windows_are_independent_and_poisson) {
  const std::vector<float> counts{100, 100, 400, 400};
  const WindowSum a{.value = 200, .covered = {0, 2}, .response = {1, 1, 0, 0}};
  const WindowSum b{.value = 800, .covered = {2, 4}, .response = {0, 0, 1, 1}};
  const SpectrumNoise noise{counts, 1.0};
  EXPECT_EQ(covariance(a, b, noise), 0.0);
  EXPECT_NEAR(estimate(a, noise).sigma, std::sqrt(200.0), rounding);
  EXPECT_NEAR(estimate(a, {counts, 4.0}).sigma, 2.0 * std::sqrt(200.0), rounding);
  const Estimate r = ratio(a, b, noise);
  EXPECT_NEAR(r.value, 0.25, rounding);
  EXPECT_NEAR(r.sigma, 0.25 * std::sqrt(1.0 / 200.0 + 1.0 / 800.0), rounding);
}

TEST(WindowSum, a_window_divided_by_itself_is_certain) {
  const std::vector<float> counts{100, 300};
  const WindowSum a{.value = 400, .covered = {0, 2}, .response = {1, 1}};
  EXPECT_NEAR(ratio(a, a, {counts, 1.0}).sigma, 0.0, rounding);
}

TEST(WindowSum, linear_combinations_carry_their_response) {
  const std::vector<float> counts{100, 300};
  const WindowSum a{.value = 100, .covered = {0, 1}, .response = {1, 0}};
  const WindowSum b{.value = 300, .covered = {1, 2}, .response = {0, 1}};
  const Estimate difference = estimate(a.plus(-0.5, b), {counts, 1.0});
  EXPECT_NEAR(difference.value, -50.0, rounding);
  EXPECT_NEAR(difference.sigma, std::sqrt(100.0 + 0.25 * 300.0), rounding);
}

TEST(WindowSum, a_ratio_to_nothing_is_zero_not_infinite) {
  const std::vector<float> counts{100};
  const WindowSum a{.value = 100, .covered = {0, 1}, .response = {1}};
  const WindowSum none{.value = 0.0, .covered = {0, 1}, .response = {0}};
  EXPECT_EQ(ratio(a, none, {counts, 1.0}).value, 0.0);
  EXPECT_EQ(ratio(a, none, {counts, 1.0}).sigma, 0.0);
}

}  // namespace
}  // namespace hotstage::eels
