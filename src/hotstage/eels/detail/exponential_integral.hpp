// SPDX-License-Identifier: GPL-3.0-or-later
// ∫ e^{sℓ} dℓ over [−h, h] with mean and variance of ℓ: the power law in ln E, regular at s = 0 (r = 1).

#pragma once

namespace hotstage::eels::detail {

struct ExponentialIntegral {
  double log_value = 0.0;  ///< ln ∫
  double mean = 0.0;       ///< ⟨ℓ⟩ = h·(coth x − 1/x), x = s·h
  double variance = 0.0;   ///< ⟨ℓ²⟩ − ⟨ℓ⟩² = h²·(1/x² − 1/sinh² x)
};

/// h > 0; |s·h| < 300.
[[nodiscard]] ExponentialIntegral exponential_integral(double s, double h);

}  // namespace hotstage::eels::detail
