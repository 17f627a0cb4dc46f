// SPDX-License-Identifier: GPL-3.0-or-later
// Inner loops of the Fourier shift: joining the ends of a spectrum, and the phase ramp.

#pragma once

#include <complex>
#include <cstddef>

namespace hotstage::eels::detail {

/// Copies `n` counts and continues them to `size` values: the point reflection of the end fades into that of the
/// beginning, fade[p] being the share of the end in added value p.
void join_ends(const float* counts, std::size_t n, const float* fade, float* out, std::size_t size);

/// bins_k ← scale·e^{−2πi k shift/size}·bins_k for k = 0 … size/2, size even; the Nyquist bin gets the cosine only, so
/// that the result stays real. The ramp is the product of two short tables made in double: rounding 2e-7.
void phase_ramp(std::complex<float>* bins, std::size_t size, double shift, double scale);

}  // namespace hotstage::eels::detail
