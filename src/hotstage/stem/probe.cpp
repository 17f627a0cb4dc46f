// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/stem/probe.hpp"

#include "hotstage/stem/cross_section.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace hotstage::stem {

namespace {

constexpr double fwhm_per_sigma = 2.3548200450309493;
constexpr double diffraction_fwhm = 0.514;  // of λ/α, intensity of the Airy pattern
constexpr double least_sampled_sigma = 0.5;
constexpr double kernel_radius_sigmas = 5.0;

/// Weights of distances 0, 1, …; the whole kernel sums to one.
std::vector<float> half_kernel(double sigma) {
  if (sigma < least_sampled_sigma) {
    const double variance = sigma * sigma;
    return {static_cast<float>(1.0 - variance), static_cast<float>(0.5 * variance)};
  }
  const auto radius = static_cast<std::size_t>(std::ceil(kernel_radius_sigmas * sigma));
  std::vector<double> weights(radius + 1);
  double sum = 0.0;
  for (std::size_t i = 0; i <= radius; ++i) {
    const double distance = static_cast<double>(i) / sigma;
    weights[i] = std::exp(-0.5 * distance * distance);
    sum += (i == 0 ? 1.0 : 2.0) * weights[i];
  }
  std::vector<float> out(radius + 1);
  for (std::size_t i = 0; i <= radius; ++i) {
    out[i] = static_cast<float>(weights[i] / sum);
  }
  return out;
}

/// Index mirrored at both borders, the border pixel counted twice.
std::size_t mirror(std::ptrdiff_t i, std::size_t size) {
  const auto n = static_cast<std::ptrdiff_t>(size);
  const std::ptrdiff_t period = 2 * n;
  std::ptrdiff_t k = ((i % period) + period) % period;
  k = k < n ? k : period - 1 - k;
  return static_cast<std::size_t>(k);
}

void blur_rows(View<const float, 2> in, std::span<const float> kernel, View<float, 2> out) {
  const std::size_t columns = in.extent(1);
  const std::size_t radius = kernel.size() - 1;
  std::vector<float> padded(columns + 2 * radius);
  for (std::size_t r = 0; r < in.extent(0); ++r) {
    const std::span<const float> line = in.row(r);
    for (std::size_t i = 0; i < padded.size(); ++i) {
      padded[i] = line[mirror(static_cast<std::ptrdiff_t>(i) - static_cast<std::ptrdiff_t>(radius), columns)];
    }
    const std::span<float> target = out.row(r);
    for (std::size_t c = 0; c < columns; ++c) {
      target[c] = kernel[0] * padded[c + radius];
    }
    for (std::size_t k = 1; k <= radius; ++k) {
      for (std::size_t c = 0; c < columns; ++c) {
        target[c] += kernel[k] * (padded[c + radius - k] + padded[c + radius + k]);
      }
    }
  }
}

void blur_columns(View<const float, 2> in, std::span<const float> kernel, View<float, 2> out) {
  const std::size_t rows = in.extent(0);
  const std::size_t columns = in.extent(1);
  for (std::size_t r = 0; r < rows; ++r) {
    const std::span<float> target = out.row(r);
    const std::span<const float> centre = in.row(r);
    for (std::size_t c = 0; c < columns; ++c) {
      target[c] = kernel[0] * centre[c];
    }
    for (std::size_t k = 1; k < kernel.size(); ++k) {
      const auto row = static_cast<std::ptrdiff_t>(r);
      const auto step = static_cast<std::ptrdiff_t>(k);
      const std::span<const float> above = in.row(mirror(row - step, rows));
      const std::span<const float> below = in.row(mirror(row + step, rows));
      for (std::size_t c = 0; c < columns; ++c) {
        target[c] += kernel[k] * (above[c] + below[c]);
      }
    }
  }
}

}  // namespace

double probe_sigma_nm(const Probe& probe, Length defocus) {
  const double alpha = probe.convergence.base();
  const double diffraction =
      alpha > 0.0 ? diffraction_fwhm * wavelength(probe.beam_energy).in(units::nm) / (alpha * fwhm_per_sigma) : 0.0;
  const double source = probe.source_fwhm.in(units::nm) / fwhm_per_sigma;
  const double disc = 0.5 * alpha * std::abs(defocus.in(units::nm));
  return std::sqrt(diffraction * diffraction + source * source + disc * disc);
}

void blur(View<float, 2> image, double sigma_pixels, View<float, 2> scratch) {
  HOTSTAGE_EXPECTS(image.extents() == scratch.extents() && sigma_pixels >= 0.0);
  const std::vector<float> kernel = half_kernel(sigma_pixels);
  blur_rows(image, kernel, scratch);
  blur_columns(scratch, kernel, image);
}

}  // namespace hotstage::stem
