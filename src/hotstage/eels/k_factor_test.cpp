// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/k_factor.hpp"

#include "hotstage/core/error.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace hotstage::eels {
namespace {

signal::Signal image() {
  signal::Signal out;
  out.navigation = {{"y", 3, 0.0, 1.0, "nm"}, {"x", 4, 0.0, 1.0, "nm"}};
  out.axes = {{"Energy loss", 8, 0.0, 1.0, "eV"}};
  out.source = signal::memory_source(Buffer<float, 2>({12, 8}));
  return out;
}

RatioResult intensities(Estimate of_sums) {
  RatioResult out;
  out.name = "O/Co";
  out.numerator = 1;
  out.denominator = 0;
  out.used = 5;
  out.of_sums = of_sums;
  return out;
}

TEST(KFactor, is_the_stated_ratio_over_the_measured_one_with_both_uncertainties) {
  StandardOptions standard;
  standard.atoms = {1.0, 2.0};
  standard.atoms_sigma = {0.0, 0.04};
  const KFactor factor = k_factor(intensities({0.8, 0.008}), standard);
  EXPECT_DOUBLE_EQ(factor.k.value, 2.5);
  EXPECT_NEAR(factor.counting, 0.025, 1e-12);
  EXPECT_NEAR(factor.composition, 0.05, 1e-12);
  EXPECT_NEAR(factor.k.sigma, std::hypot(0.025, 0.05), 1e-12);
  RatioResult other = intensities({0.4, 0.01});
  other.value = {0.4};
  other.sigma = {0.01};
  apply(factor, other);
  EXPECT_DOUBLE_EQ(other.of_sums.value, 1.0);
  EXPECT_DOUBLE_EQ(other.sigma[0], 0.025);
  EXPECT_NEAR(other.model_uncertainty, factor.k.sigma / 2.5, 1e-12);
}

TEST(KFactor, a_standard_without_signal_is_refused) {
  StandardOptions standard;
  standard.atoms = {1.0, 2.0};
  EXPECT_THROW((void)k_factor(intensities({0.02, 0.01}), standard), Error);
  RatioResult none = intensities({0.8, 0.008});
  none.used = 0;
  EXPECT_THROW((void)k_factor(none, standard), Error);
}

TEST(KFactor, regions_are_rectangles_of_items) {
  const signal::Signal data = image();
  const std::vector<char> items = items_of(std::vector<int>{1, 2, 0, 1}, data);
  EXPECT_EQ(items, (std::vector<char>{0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0}));
  const std::vector<char> all = items_of({}, data);
  EXPECT_EQ(std::accumulate(all.begin(), all.end(), 0), 12);
  EXPECT_THROW((void)items_of(std::vector<int>{0, 4, 0, 1}, data), Error);
  EXPECT_THROW((void)items_of(std::vector<int>{0, 1}, data), Error);
}

}  // namespace
}  // namespace hotstage::eels
