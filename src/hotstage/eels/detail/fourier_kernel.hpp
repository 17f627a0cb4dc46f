// SPDX-License-Identifier: GPL-3.0-or-later
// Element-wise work on half-complex spectra in single precision (real and imaginary parts interleaved).

#pragma once

#include <complex>
#include <cstddef>

namespace hotstage::eels::detail {

/// values_k ← values_k·factor_k.
void multiply(std::complex<float>* values, const std::complex<float>* factor, std::size_t n);
/// values_k ← values_k·conj(factor_k).
void multiply_conjugate(std::complex<float>* values, const std::complex<float>* factor, std::size_t n);

/// out_k = scale·(1 − D_k·conj(J_k)/(|J_k|² + floor)); returns how many |J_k|² lie below floor.
[[nodiscard]] std::size_t zlp_ratio(const std::complex<float>* J, const std::complex<float>* D, float floor,
                                    float scale, std::complex<float>* out, std::size_t n);

/// out_k = M_k·conj(J_k)/(|J_k|² + floor); returns how many |J_k|² lie below floor.
[[nodiscard]] std::size_t wiener_ratio(const std::complex<float>* J, const std::complex<float>* M, float floor,
                                       std::complex<float>* out, std::size_t n);

/// Spectra of three sequences over the frequencies both transforms have.
struct RatioSpectra {
  const std::complex<float>* A;      ///< conj(weights)·core
  const std::complex<float>* J;      ///< low loss
  const std::complex<float>* ratio;  ///< as written by zlp_ratio or wiener_ratio
};

/// Gradient of Re Σ A_k·ratio_k/scale: with Q = `offset` − ratio/scale (offset 1 for zlp_ratio, 0 for wiener_ratio)
/// by_J_k = conj(∂/∂J_k) = [conj(AQ) − AQ·floor/|J|²]·J/(|J|² + floor), by_D_k = conj(∂/∂D_k) = −conj(A)·J/(|J|² +
/// floor). A may be by_D.
void ratio_gradient(const RatioSpectra& spectra, float floor, float scale, float offset, std::complex<float>* by_J,
                    std::complex<float>* by_D, std::size_t n);

/// out_k = area·e^{−(width·k)²}·e^{−2πi k centre/length}: transform of a Gaussian at channel `centre`; no width: a
/// spike.
void gaussian_transform(double area, double width, double centre, std::size_t length, std::complex<float>* out,
                        std::size_t n);

/// Σ|values|, fixed order.
[[nodiscard]] double sum_of_magnitudes(const float* values, std::size_t n);

}  // namespace hotstage::eels::detail
