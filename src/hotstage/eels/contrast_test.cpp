// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/contrast.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace hotstage::eels {
namespace {

TEST(Contrast, counting_decides_in_a_uniform_region_and_scatter_in_another) {
  const std::vector<Estimate> uniform{{1.0, 0.3}, {1.0, 0.3}, {1.0, 0.3}};
  EXPECT_NEAR(region_mean(uniform).sigma, 0.3 / std::sqrt(3.0), 1e-12);
  const std::vector<Estimate> graded{{0.0, 0.01}, {1.0, 0.01}, {2.0, 0.01}};
  EXPECT_NEAR(region_mean(graded).value, 1.0, 1e-12);
  EXPECT_NEAR(region_mean(graded).sigma, 1.0 / std::sqrt(3.0), 1e-12);
  EXPECT_EQ(region_mean({}).sigma, 0.0);
}

TEST(Contrast, methods_share_their_counts_so_many_methods_are_no_more_certain_than_one) {
  const MethodDifference one{"a", {0.5, 0.1}, 4, 4};
  const Contrast alone = contrast_of({one});
  const Contrast six = contrast_of(std::vector<MethodDifference>(6, one));
  EXPECT_NEAR(six.sigma(), alone.sigma(), 1e-12);
  EXPECT_NEAR(alone.significance(), 5.0, 1e-9);
}

TEST(Contrast, methods_that_disagree_say_so) {
  const Contrast apart = contrast_of({{"a", {0.2, 0.01}, 4, 4}, {"b", {0.8, 0.01}, 4, 4}, {"c", {9.0, 0.01}, 4, 0}});
  EXPECT_EQ(apart.methods.size(), 2U);
  EXPECT_NEAR(apart.mean, 0.5, 1e-12);
  EXPECT_NEAR(apart.spread, 0.6 / std::sqrt(2.0), 1e-12);
  EXPECT_LT(apart.significance(), 1.2);
  EXPECT_EQ(contrast_of({}).significance(), 0.0);
}

TEST(Contrast, the_significance_of_nothing_is_that_of_noise) {
  std::mt19937_64 random(7);
  std::normal_distribution<double> noise(0.0, 0.2);
  double squares = 0.0;
  constexpr int trials = 2000;
  for (int t = 0; t < trials; ++t) {
    std::vector<Estimate> a, b;
    for (int k = 0; k < 10; ++k) {
      a.push_back({noise(random), 0.2});
      b.push_back({noise(random), 0.2});
    }
    const Estimate left = region_mean(a);
    const Estimate right = region_mean(b);
    const Contrast c = contrast_of({{"one", {left.value - right.value, std::hypot(left.sigma, right.sigma)}, 10, 10}});
    squares += c.significance() * c.significance() / trials;
  }
  // Below 1 because σ is the larger of two; 0.87 for ten members each, 3σ of 2000 trials is 0.1.
  EXPECT_NEAR(squares, 0.9, 0.12);
}

}  // namespace
}  // namespace hotstage::eels
