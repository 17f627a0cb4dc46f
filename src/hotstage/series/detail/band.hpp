// SPDX-License-Identifier: GPL-3.0-or-later
// Band-limited spectra of frames: transformed once, cut to the band that holds signal, compared by weighted
// correlation.

#pragma once

#include "hotstage/core/array.hpp"

#include <complex>
#include <cstddef>
#include <span>
#include <vector>

namespace hotstage::series::detail {

/// Frequencies ky = −ky_max … ky_max (rows of a spectrum) and kx = 0 … kx_max of an image of rows × columns.
struct Band {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::size_t ky_max = 0;
  std::size_t kx_max = 0;

  [[nodiscard]] std::size_t height() const { return 2 * ky_max + 1; }

  [[nodiscard]] std::size_t width() const { return kx_max + 1; }

  [[nodiscard]] std::size_t size() const { return height() * width(); }

  /// Cycles per pixel along y of a row of the band.
  [[nodiscard]] double fy(std::size_t row) const {
    return (static_cast<double>(row) - static_cast<double>(ky_max)) / static_cast<double>(rows);
  }

  [[nodiscard]] double fx(std::size_t column) const {
    return static_cast<double>(column) / static_cast<double>(columns);
  }
};

using Spectrum = std::vector<std::complex<float>>;  ///< height × width of its band

[[nodiscard]] Band make_band(std::size_t rows, std::size_t columns, double cutoff_cycles_per_px);

/// Cuts the band out of the half spectrum that RealFft2 makes.
[[nodiscard]] Spectrum cut(const Band& band, View<const std::complex<float>, 2> full);

/// Adds scale · spectrum · exp(+2πi f·d): the spectrum of the image moved back by (dy, dx) px.
void add_moved_back(const Band& band, const Spectrum& spectrum, std::array<double, 2> d_px, double scale,
                    std::span<std::complex<float>> sum);

/// Re(A conj(B) exp(2πi f·d)) of every mode: what a, moved back by d px, has in common with b.
[[nodiscard]] std::vector<float> common_power(const Band& band, const Spectrum& a, const Spectrum& b,
                                              std::array<double, 2> d_px);

/// Displacement of image a against image b.
struct Alignment {
  double dy = 0.0;  ///< px
  double dx = 0.0;
  double var_y = 0.0;  ///< px², from the scatter of the phases (sandwich estimate); takes the noise for stationary
  double var_x = 0.0;
  double correlation = 0.0;  ///< of the weighted spectra, −1 … 1
  double value = 0.0;        ///< of the sum maximised
  bool converged = false;
};

/// w A conj(B) with both parts apart: Newton steps turn it, they never need A and B again.
struct Cross {
  std::vector<float> re;
  std::vector<float> im;
  double norm = 0.0;  ///< √(Σ w|A|² Σ w|B|²)
};

[[nodiscard]] Cross cross_spectrum(std::span<const float> weights, const Spectrum& a, const Spectrum& b);

/// Maximises Σ w Re(A conj(B) exp(2πi f·d)) over d by Newton's method from `start`: the maximum-likelihood shift for
/// white noise when w = S/(N_a N_b + S (N_a + N_b)). Equals the upsampled-DFT peak (doi:10.1364/OL.33.000156) at
/// infinite upsampling. Does not converge when the maximum is more than `reach` px from the start.
[[nodiscard]] Alignment align(const Band& band, std::span<const float> weights, const Spectrum& a, const Spectrum& b,
                              std::array<double, 2> start, double reach);
[[nodiscard]] Alignment align(const Band& band, const Cross& cross, std::array<double, 2> start, double reach);

/// Flat top with cosine edges over `taper` of the length at each end.
[[nodiscard]] std::vector<float> taper_window(std::size_t size, double taper);

/// Radially averaged power of signal and (white) noise.
struct Spectra {
  std::vector<double> signal;  ///< bins of equal width over 0 … 0.5 cycles/px
  double noise = 0.0;
  /// Power of the signal mode by mode where spots of a lattice stand out of the radial mean; empty: none do.
  std::vector<float> modes{};

  [[nodiscard]] double signal_at(double f) const;
};

/// Puts the spots of a lattice into `spectra.modes`: modes whose power, averaged over `frames` images, is far above the
/// median of their ring stand for themselves, the others get the mean of their ring without them. Without spots nothing
/// changes.
void add_spots(const Band& band, std::span<const float> power, double frames, Spectra& spectra);

/// Signal (common to all, no bias by noise), noise and spots of two or more aligned images.
[[nodiscard]] Spectra spectra_of_aligned(const Band& band, std::span<const Spectrum> frames);

/// Radial signal and noise from the mean power of images that may be displaced: the lowest ring is taken for noise.
[[nodiscard]] Spectra spectra_of_power(const Band& band, std::span<const float> power);

/// Weights of a band for images whose noise power is noise·a and noise·b; twice where a mode stands for itself and its
/// conjugate. Frequencies below `lowest` (cycles/px) are damped: grains change intensity there, they do not move.
[[nodiscard]] std::vector<float> make_weights(const Band& band, const Spectra& spectra, double noise_a, double noise_b,
                                              double lowest);

}  // namespace hotstage::series::detail
