// SPDX-License-Identifier: GPL-3.0-or-later
// Local amplitude and phase of a harmonic: windowed Fourier sums on a grid of sub-windows.

#pragma once

#include "hotstage/core/array.hpp"
#include "hotstage/series/lattice.hpp"

#include <complex>
#include <cstddef>
#include <vector>

namespace hotstage::series::detail {

/// Square Hann windows on a regular grid.
struct WindowGrid {
  std::size_t size_y = 0;  ///< px
  std::size_t size_x = 0;
  std::size_t step = 0;
  std::size_t rows = 0;
  std::size_t columns = 0;

  [[nodiscard]] Planar centre(std::size_t row, std::size_t column) const {
    return {static_cast<double>(row * step) + 0.5 * static_cast<double>(size_y - 1),
            static_cast<double>(column * step) + 0.5 * static_cast<double>(size_x - 1)};
  }

  [[nodiscard]] std::size_t size() const { return rows * columns; }
};

/// Windows of `window` px (cut to the image) every `step` px.
[[nodiscard]] WindowGrid window_grid(std::array<std::size_t, 2> image, std::size_t window, std::size_t step);

/// Complex amplitude c of c e^{2πi f·r} + c* e^{−2πi f·r} in every window, phase at the origin of the image, row-major:
/// Σ w (I − m) e^{−2πi f·r} / Σ w with m the weighted mean of the window.
[[nodiscard]] std::vector<std::complex<double>> lock_in(View<const float, 2> image, const Planar& frequency,
                                                        const WindowGrid& grid);

/// Weighted mean of every window.
[[nodiscard]] std::vector<double> window_means(View<const float, 2> image, const WindowGrid& grid);

/// Σ w² / (Σ w)²: variance of a weighted mean of independent pixels over that of one pixel.
[[nodiscard]] double noise_factor(const WindowGrid& grid);

[[nodiscard]] std::vector<double> hann_window(std::size_t n);

}  // namespace hotstage::series::detail
