// SPDX-License-Identifier: GPL-3.0-or-later
// Location, spread and uncertainty of small samples, and propagation of uncertainty.

#pragma once

#include "hotstage/core/estimate.hpp"

#include <span>

namespace hotstage::num {

/// Arithmetic mean; 0 for an empty sample.
[[nodiscard]] double mean(std::span<const double> values);

/// Sample standard deviation (n − 1); 0 below two values.
[[nodiscard]] double standard_deviation(std::span<const double> values);

/// standard_deviation/√n: uncertainty of the mean.
[[nodiscard]] double standard_error(std::span<const double> values);

/// Middle value; mean of the two middle ones for even n; 0 for an empty sample.
[[nodiscard]] double median(std::span<const double> values);

/// Median absolute deviation × 1.4826: equals the standard deviation for normal data.
[[nodiscard]] double median_deviation(std::span<const double> values);

/// Mean of independent estimates weighted by 1/σ². Members with σ ≤ 0 are ignored; {0, 0} when none is left.
[[nodiscard]] Estimate weighted_mean(std::span<const Estimate> values);

/// a/b to first order with covariance; {0, 0} when b is 0.
[[nodiscard]] Estimate ratio(const Estimate& a, const Estimate& b, double covariance = 0.0);

[[nodiscard]] Estimate product(const Estimate& a, const Estimate& b, double covariance = 0.0);
[[nodiscard]] Estimate sum(const Estimate& a, const Estimate& b, double covariance = 0.0);
[[nodiscard]] Estimate difference(const Estimate& a, const Estimate& b, double covariance = 0.0);

/// Value of the p-quantile (0 ≤ p ≤ 1), linear between order statistics; 0 for an empty sample.
[[nodiscard]] double quantile(std::span<const double> values, double p);

/// z with P(Z > z) = p for a standard normal Z, 0 < p < 0.5.
[[nodiscard]] double upper_normal_quantile(double p);

struct KolmogorovSmirnov {
  double distance = 0.0;  ///< largest distance between the empirical and the assumed distribution
  double p_value = 1.0;   ///< probability of a larger one when the assumption holds
};

/// One-sample test. `probabilities` are the values of the assumed cumulative distribution at the sample, in any order;
/// uniform on [0, 1] when the assumption holds. Asymptotic with Stephens' correction (Numerical Recipes §14.3.3),
/// p good to 0.01 from n = 5; {0, 1} for an empty sample.
[[nodiscard]] KolmogorovSmirnov kolmogorov_smirnov(std::span<const double> probabilities);

}  // namespace hotstage::num
