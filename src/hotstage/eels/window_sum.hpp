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
  std::vector<double> low_response;  ///< ∂value/∂counts of the low loss; empty when its noise is left out

  /// this + factor·other; `covered` is kept.
  [[nodiscard]] WindowSum plus(double factor, const WindowSum& other) const;
};

/// Raw counts of one spectrum, and of the low loss it was deconvolved with, and their variance/mean.
struct SpectrumNoise {
  std::span<const float> counts;
  double noise_factor = 1.0;
  std::span<const float> low;  ///< empty: its noise is left out
  double low_noise_factor = 1.0;
};

/// Of both spectra; the two are independent.
[[nodiscard]] double covariance(const WindowSum& a, const WindowSum& b, const SpectrumNoise& noise);

/// The part of the low loss alone: common to all items that share one.
[[nodiscard]] double low_covariance(const WindowSum& a, const WindowSum& b, const SpectrumNoise& noise);

[[nodiscard]] Estimate estimate(const WindowSum& a, const SpectrumNoise& noise);

/// a/b to first order with their covariance; {0, 0} when b is 0.
[[nodiscard]] Estimate ratio(const WindowSum& a, const WindowSum& b, const SpectrumNoise& noise);

}  // namespace hotstage::eels
