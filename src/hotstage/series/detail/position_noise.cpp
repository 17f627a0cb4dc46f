// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/position_noise.hpp"

#include "hotstage/num/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace hotstage::series::detail {

/// The scatter of phases takes the noise for stationary. Counting noise is stronger where the frame is brighter, and
/// the window removes it at the rim; what counts is the noise where the gradients are: the variance of Σ ε(x) h(x) is
/// Σ w²σ²(x) h²(x), not <w²σ²> Σ h². The factor between the two, for both axes.
void place_noise(Work& w, const num::RealFft2& fft) {
  const std::vector<float> weights = make_weights(w.band, w.spectra, 1.0, 1.0 / 8.0, w.lowest());
  for (const std::size_t axis : {0U, 1U}) {
    Buffer<std::complex<float>, 2> full({fft.rows(), fft.bins()});
    for (std::size_t row = 0; row < w.band.height(); ++row) {
      const std::size_t to = row >= w.band.ky_max ? row - w.band.ky_max : row + w.field.rows - w.band.ky_max;
      for (std::size_t k = 0; k < w.band.width(); ++k) {
        const std::size_t i = row * w.band.width() + k;
        const double f = axis == 0 ? w.band.fy(row) : w.band.fx(k);
        const auto scale = static_cast<float>(f) * weights[i] * (k == 0 ? 1.0F : 0.5F);
        full.view()(to, k) = std::complex<float>(-scale * w.sum[i].imag(), scale * w.sum[i].real());
      }
    }
    Buffer<float, 2> gradient({fft.rows(), fft.columns()});
    fft.inverse(full.view(), gradient.view());
    double weighted = 0.0, variance = 0.0, power = 0.0;
    w.row_information[axis].assign(w.field.rows, 0.0);
    for (std::size_t y = 0; y < w.field.rows; ++y) {
      for (std::size_t x = 0; x < w.field.columns; ++x) {
        const float weight = w.weight.size() > 0 ? w.weight.view()(y, x) : 1.0F;
        const auto window = static_cast<double>(weight * w.window_y[y] * w.window_x[x]);
        const double noise = window * window * std::max(0.0, w.brightness.view()(y, x));
        const double square = static_cast<double>(gradient.view()(y, x)) * static_cast<double>(gradient.view()(y, x));
        weighted += noise * square;
        variance += noise;
        power += square;
        w.row_information[axis][y] += square;
      }
    }
    const auto pixels = static_cast<double>(w.field.rows * w.field.columns);
    w.noise_factor[axis] = variance * power > 0.0 ? weighted * pixels / (variance * power) : 1.0;
  }
}

namespace {

/// A random walk B(t) over one frame, seen with row weights w(t) instead of the mean over rows, is off by
/// ∫ (w − 1) B dt = ∫ F dB with F(t) = ∫ₜ¹ (w − 1); its variance is that of one step between frames times ∫ F² dt.
double scan_share(const Work& w, std::size_t axis) {
  const std::vector<double>& information = w.row_information[axis];
  const double total = std::accumulate(information.begin(), information.end(), 0.0);
  if (!(total > 0.0)) {
    return 0.0;
  }
  const auto rows = static_cast<double>(w.shape.rows);
  const auto first = static_cast<long>(w.field.base[0]);
  double tail = 0.0;
  double share = 0.0;
  for (long row = static_cast<long>(w.shape.rows) - 1; row >= 0; --row) {
    const long in_field = row - first;
    const bool inside = in_field >= 0 && in_field < static_cast<long>(information.size());
    tail += (inside ? information[static_cast<std::size_t>(in_field)] / total : 0.0) - 1.0 / rows;
    share += tail * tail / rows;
  }
  return share;
}

}  // namespace

void add_scan_sigma(const Work& w, std::vector<FrameDrift>& frames) {
  std::array<double FrameDrift::*, 2> place{&FrameDrift::dy_px, &FrameDrift::dx_px};
  std::array<double FrameDrift::*, 2> sigma{&FrameDrift::sigma_y_px, &FrameDrift::sigma_x_px};
  std::array<double FrameDrift::*, 2> scan{&FrameDrift::scan_y_px, &FrameDrift::scan_x_px};
  for (const std::size_t axis : {0U, 1U}) {
    std::vector<double> steps, noise;
    for (std::size_t i = 1; i < frames.size(); ++i) {
      steps.push_back(frames[i].*place[axis] - frames[i - 1].*place[axis]);
      noise.push_back(frames[i].*sigma[axis]);
    }
    const double measured = num::median_deviation(steps);
    const double registration = num::median(noise);
    const double variance = std::max(0.0, measured * measured - 2.0 * registration * registration);
    for (FrameDrift& frame : frames) {
      frame.*scan[axis] = std::sqrt(variance * scan_share(w, axis));
    }
  }
}

double cramer_rao_px(const Work& w) {
  double information = 0.0;
  for (std::size_t row = 0; row < w.band.height(); ++row) {
    for (std::size_t k = 0; k < w.band.width(); ++k) {
      const double fy = w.band.fy(row);
      const double fx = w.band.fx(k);
      const double f = std::hypot(fy, fx);
      information += (k == 0 ? 1.0 : 2.0) * 0.5 * f * f * w.spectra.signal_at(f);
    }
  }
  const double scale = 4.0 * std::numbers::pi * std::numbers::pi / w.spectra.noise;
  // Σ over modes of |2πf S|²/N, corrected for noise that is not the same everywhere.
  const double factor = 0.5 * (w.noise_factor[0] + w.noise_factor[1]);
  return information > 0.0 ? std::sqrt(factor / (scale * information)) : 0.0;
}

}  // namespace hotstage::series::detail
