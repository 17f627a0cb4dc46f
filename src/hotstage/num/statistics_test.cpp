// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/num/statistics.hpp"

#include "hotstage/core/rng.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

namespace hotstage::num {
namespace {

constexpr double rounding = 1e-12;

TEST(Statistics, mean_median_and_spread_of_a_known_sample) {
  const std::array<double, 6> x{2.0, 4.0, 4.0, 5.0, 7.0, 100.0};
  EXPECT_NEAR(mean(x), 122.0 / 6.0, rounding);
  EXPECT_NEAR(median(x), 4.5, rounding);
  EXPECT_NEAR(median(std::span(x).first(5)), 4.0, rounding);
  EXPECT_NEAR(median_deviation(x), 1.482602218505602 * 1.5, rounding);  // |x − 4.5| = 2.5 .5 .5 .5 2.5 95.5
  EXPECT_NEAR(standard_deviation(std::array{1.0, 3.0}), std::sqrt(2.0), rounding);
  EXPECT_NEAR(standard_error(std::array{1.0, 3.0}), 1.0, rounding);
  EXPECT_NEAR(quantile(x, 0.9), 53.5, rounding);
}

TEST(Statistics, empty_and_single_samples_give_zero_spread) {
  EXPECT_EQ(mean({}), 0.0);
  EXPECT_EQ(median({}), 0.0);
  EXPECT_EQ(standard_error({}), 0.0);
  EXPECT_EQ(standard_deviation(std::array{5.0}), 0.0);
}

TEST(Statistics, median_deviation_equals_sigma_for_normal_data) {
  std::vector<double> x(20000);
  Rng rng(1, 2, 3);
  for (double& value : x) {
    value = 3.0 + 2.0 * rng.normal();
  }
  constexpr double four_sigma = 4.0 * 2.0 * 1.17 / 141.0;  // asymptotic efficiency 0.37
  EXPECT_NEAR(median_deviation(x), 2.0, four_sigma);
}

TEST(WeightedMean, weighs_by_inverse_variance_and_ignores_members_without_sigma) {
  const std::array<Estimate, 3> x{Estimate{1.0, 1.0}, Estimate{4.0, 2.0}, Estimate{99.0, 0.0}};
  const Estimate m = weighted_mean(x);
  EXPECT_NEAR(m.value, (1.0 + 4.0 / 4.0) / 1.25, rounding);
  EXPECT_NEAR(m.sigma, std::sqrt(1.0 / 1.25), rounding);
  EXPECT_EQ(weighted_mean({}).sigma, 0.0);
}

TEST(Propagation, ratio_and_product_follow_the_relative_errors) {
  const Estimate a{10.0, 0.3};
  const Estimate b{5.0, 0.2};
  const double relative = std::hypot(0.03, 0.04);
  EXPECT_NEAR(ratio(a, b).sigma, 2.0 * relative, rounding);
  EXPECT_NEAR(product(a, b).sigma, 50.0 * relative, rounding);
  EXPECT_NEAR(sum(a, b).sigma, std::hypot(0.3, 0.2), rounding);
  EXPECT_NEAR(ratio(a, a, 0.09).sigma, 0.0, rounding);  // fully correlated
  EXPECT_NEAR(difference(a, a, 0.09).sigma, 0.0, rounding);
  EXPECT_EQ(ratio(a, Estimate{0.0, 1.0}).sigma, 0.0);
}

TEST(Propagation, sigma_of_a_ratio_covers_simulated_ratios) {
  Rng rng(4, 4, 4);
  std::vector<double> ratios(20000);
  for (double& value : ratios) {
    value = (10.0 + 0.3 * rng.normal()) / (5.0 + 0.1 * rng.normal());
  }
  const double predicted = ratio({10.0, 0.3}, {5.0, 0.1}).sigma;
  constexpr double second_order = 0.03;  // (σ_b/b)² and the sampling error of 20000
  EXPECT_NEAR(standard_deviation(ratios) / predicted, 1.0, second_order);
}

TEST(KolmogorovSmirnov, critical_values_of_the_tables) {
  // Asymptotic critical distances 1.3581/√n (5 %) and 1.6276/√n (1 %), Smirnov 1948: evenly spaced probabilities moved
  // by that much have exactly that distance.
  for (const auto& [critical, p] : {std::pair{1.3581, 0.05}, std::pair{1.6276, 0.01}}) {
    const std::size_t n = 40000;
    std::vector<double> probabilities(n);
    const double shift = critical / std::sqrt(static_cast<double>(n));
    for (std::size_t i = 0; i < n; ++i) {
      probabilities[i] = std::min(static_cast<double>(i) / static_cast<double>(n) + shift, 1.0);
    }
    const KolmogorovSmirnov test = kolmogorov_smirnov(probabilities);
    EXPECT_NEAR(test.distance, shift, rounding);
    constexpr double finite_size = 0.01;  // of p: Stephens' correction at this n, and the five digits of the table
    EXPECT_NEAR(test.p_value / p, 1.0, finite_size);
  }
}

TEST(KolmogorovSmirnov, p_values_of_true_assumptions_are_uniform_and_false_ones_are_found) {
  std::vector<double> p(2000);
  for (std::size_t trial = 0; trial < p.size(); ++trial) {
    Rng rng(7, 1, trial);
    std::vector<double> sample(50);
    for (double& value : sample) {
      value = rng.uniform();
    }
    p[trial] = kolmogorov_smirnov(sample).p_value;
  }
  constexpr double four_sigma = 4.0 * 0.289 / 44.7;
  EXPECT_NEAR(mean(p), 0.5, four_sigma);
  std::vector<double> squared(400);
  Rng rng(7, 2, 0);
  for (double& value : squared) {
    value = std::pow(rng.uniform(), 2.0);
  }
  EXPECT_LT(kolmogorov_smirnov(squared).p_value, 1e-6);
  EXPECT_EQ(kolmogorov_smirnov({}).p_value, 1.0);
}

}  // namespace
}  // namespace hotstage::num
