// SPDX-License-Identifier: GPL-3.0-or-later
// Vectorised power laws on a uniform energy grid: exact channel integrals to 1e-9, logarithms to 1e-13.

#pragma once

#include <cstddef>

namespace hotstage::eels::detail {

/// Channels centred at E_i = first + i·step, i = 0 … n−1; every E_i must be positive and above 8 steps.
struct Grid {
  double first_eV = 0.0;
  double step_eV = 1.0;
  std::size_t n = 0;
};

/// A·∫(E/reference)^−r over each channel.
struct Law {
  double A = 0.0;
  double r = 0.0;
  double reference_eV = 1.0;
};

void power_law(const Grid& grid, const Law& law, double* out);

/// out_i = e^{log_first + slope·i}, i = 0 … n−1, relative error below 1e-13.
void exponential(double log_first, double slope, double* out, std::size_t n);

/// out_i = counts_i − law_i.
void subtract_power_law(const Grid& grid, const Law& law, const float* counts, float* out);

/// out_i = law_i·bell_i, in single precision (tail of a transform).
void power_law_tail(const Grid& grid, const Law& law, const float* bell, float* out);

/// Moments of counts with ℓ = ln(E/reference) and u = (step/E)²: Σy, Σyℓ, Σyu, Σyu².
struct Moments {
  double y = 0.0;
  double yl = 0.0;
  double yu = 0.0;
  double yuu = 0.0;
};

[[nodiscard]] Moments moments(const Grid& grid, double reference_eV, const float* counts);

/// Pearson's Σ (y − B)²/B.
[[nodiscard]] double pearson(const Grid& grid, const Law& law, const float* counts);

/// Weighted normal equations of (ln A, r) at `law` with weights 1/B of `weight`: sums of wBB, wBBd, wBBdd, wB(y−B),
/// wB(y−B)d, d = ∂lnB/∂r.
struct NormalEquations {
  double aa = 0.0;
  double ar = 0.0;
  double rr = 0.0;
  double ga = 0.0;
  double gr = 0.0;
};

[[nodiscard]] NormalEquations normal_equations(const Grid& grid, const Law& law, const Law& weight,
                                               const float* counts);

/// ∂lnB/∂r = d_i and B_i of every channel.
void power_law_slope(const Grid& grid, const Law& law, double* out_law, double* out_slope);

}  // namespace hotstage::eels::detail
