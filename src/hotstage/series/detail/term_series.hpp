// SPDX-License-Identifier: GPL-3.0-or-later
// One distortion term over the frames: is it there, and does time help?

#pragma once

#include <span>
#include <vector>

namespace hotstage::series::detail {

struct TermSeries {
  std::vector<double> value;  ///< given the prior that explains the frames best
  std::vector<double> sigma;
  double scatter_z = 0.0;
  double trend = 0.0;
  double rms = 0.0;
  bool smoothed = false;
};

/// χ² of `dof` degrees of freedom as a standard normal deviate (Wilson & Hilferty 1931).
[[nodiscard]] double normal_deviate(double chi2, double dof);

/// `values` in order of time with their σ. Two priors with one variance each are tried, independent frames and a random
/// walk, the variance at the maximum of the marginal likelihood; the better one gives the values.
[[nodiscard]] TermSeries judge_term(std::span<const double> values, std::span<const double> sigma);

}  // namespace hotstage::series::detail
