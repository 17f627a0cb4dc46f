// SPDX-License-Identifier: GPL-3.0-or-later
// Element-wise work of Fourier-log on half-complex spectra in double.

#pragma once

#include <complex>
#include <cstddef>

namespace hotstage::eels::detail {

/// Of Z = J − D: ln|J/Z|, the principal phase of J/Z, |J|² and |Z|², bin by bin. Where J or Z is 0 the first two are 0.
void logarithm_of_ratio(const std::complex<double>* J, const std::complex<double>* Z, double* log_ratio, double* phase,
                        double* power_J, double* power_Z, std::size_t n);

/// out_k = w·Z_k·(log_ratio_k + i·phase_k) + (1 − w)·D_k with w = |Z|²/(|Z|² + floor); w = 1 at k = 0.
void weighted_logarithm(const std::complex<double>* Z, const std::complex<double>* D, const double* log_ratio,
                        const double* phase, double floor, std::complex<double>* out, std::size_t n);

}  // namespace hotstage::eels::detail
