// SPDX-License-Identifier: GPL-3.0-or-later
// How much a quantity differs between two regions of a scan when several methods measure it.

#pragma once

#include "hotstage/core/estimate.hpp"

#include <span>
#include <string>
#include <vector>

namespace hotstage::eels {

/// Plain mean of the members. σ: the larger of counting, √Σσ²/n, and scatter, s/√n (for three members and more), so
/// that a region that is not uniform says so. {0, 0} for none.
[[nodiscard]] Estimate region_mean(std::span<const Estimate> members);

/// One method's answer: first region minus second.
struct MethodDifference {
  std::string method;
  Estimate difference;
  std::size_t first = 0;  ///< members used
  std::size_t second = 0;
};

/// All methods together. They share their counts, so σ of the mean is the mean of their σ, not less; the spread over
/// methods is the model's own uncertainty.
struct Contrast {
  std::vector<MethodDifference> methods;
  double mean = 0.0;
  double counting = 0.0;  ///< mean of the methods' σ
  double spread = 0.0;    ///< standard deviation over the methods; 0 for one method

  [[nodiscard]] double sigma() const;         ///< both in quadrature
  [[nodiscard]] double significance() const;  ///< |mean| / σ; 0 when σ is 0
};

/// Methods without members in both regions are left out.
[[nodiscard]] Contrast contrast_of(std::vector<MethodDifference> methods);

}  // namespace hotstage::eels
