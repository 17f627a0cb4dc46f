// SPDX-License-Identifier: GPL-3.0-or-later
// Window integrals with their response to the raw counts: linear combinations and ratios get exact counting
// covariances.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/eels/spectrum.hpp"

#include <span>
#include <vector>

namespace hotstage::eels {

/// A number that is linear in the raw counts to first order: value and ∂value/∂counts of every channel.
struct WindowSum {
  double value = 0.0;
  Window covered;  ///< energies of the channels summed
  std::vector<double> response;

  /// this + factor·other; `covered` is kept.
  [[nodiscard]] WindowSum plus(double factor, const WindowSum& other) const;
};

/// Raw counts of one spectrum and their variance/mean.
struct SpectrumNoise {
  std::span<const float> counts;
  double noise_factor = 1.0;
};

[[nodiscard]] double covariance(const WindowSum& a, const WindowSum& b, const SpectrumNoise& noise);

[[nodiscard]] Estimate estimate(const WindowSum& a, const SpectrumNoise& noise);

/// a/b to first order with their covariance; {0, 0} when b is 0.
[[nodiscard]] Estimate ratio(const WindowSum& a, const WindowSum& b, const SpectrumNoise& noise);

}  // namespace hotstage::eels
