// SPDX-License-Identifier: GPL-3.0-or-later
// The exponential integral behind hazards of linear ramps.

#pragma once

namespace hotstage::kinetics::detail {

/// E₂(u) = ∫₁^∞ e^{−ut}/t² dt for u ≥ 0, to 1e-14 relative: power series of E₁ below 1 (NIST DLMF 6.6.2, 8.19.12),
/// continued fraction above (DLMF 8.19.17). Underflows to 0 beyond u ≈ 740.
[[nodiscard]] double exponential_integral_2(double u);

}  // namespace hotstage::kinetics::detail
