// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/reference_filter.hpp"

#include "hotstage/series/detail/band.hpp"

#include <cmath>

namespace hotstage::series::detail {

namespace {

Spectrum windowed_spectrum(const num::RealFft2& fft, const Band& band, View<const float, 2> image) {
  constexpr double taper = 0.1;
  const std::vector<float> wy = taper_window(image.extent(0), taper), wx = taper_window(image.extent(1), taper);
  Buffer<float, 2> windowed({image.extent(0), image.extent(1)});
  for (std::size_t y = 0; y < image.extent(0); ++y) {
    for (std::size_t x = 0; x < image.extent(1); ++x) {
      windowed.view()(y, x) = wy[y] * wx[x] * image(y, x);
    }
  }
  Buffer<std::complex<float>, 2> full({fft.rows(), fft.bins()});
  fft.forward(windowed.view(), full.view());
  return cut(band, full.view());
}

}  // namespace

ReferenceFilter::ReferenceFilter(View<const float, 2> even, View<const float, 2> odd, double frames)
    : fft_(even.extent(0), even.extent(1)), signal_(fft_.rows() * fft_.bins(), 0.0F) {
  constexpr double nyquist = 0.5;
  const Band band = make_band(fft_.rows(), fft_.columns(), nyquist);
  const std::vector<Spectrum> halves{windowed_spectrum(fft_, band, even), windowed_spectrum(fft_, band, odd)};
  const Spectra spectra = spectra_of_aligned(band, halves);
  noise_ = std::max(1e-12, spectra.noise) * 0.5 * frames;
  for (std::size_t row = 0; row < band.height(); ++row) {
    const std::size_t to = row >= band.ky_max ? row - band.ky_max : row + band.rows - band.ky_max;
    for (std::size_t k = 0; k < band.width(); ++k) {
      const double f = std::hypot(band.fy(row), band.fx(k));
      const double s =
          spectra.modes.empty() ? spectra.signal_at(f) : static_cast<double>(spectra.modes[row * band.width() + k]);
      signal_[to * fft_.bins() + k] = static_cast<float>(s);
      empty_ = empty_ && !(s > 0.0 && f > 3.0 / static_cast<double>(band.rows));
    }
  }
}

void ReferenceFilter::apply(View<float, 2> mean, double frames) const {
  Buffer<std::complex<float>, 2> full({fft_.rows(), fft_.bins()});
  fft_.forward(mean, full.view());
  const auto noise = static_cast<float>(noise_ / frames);
  for (std::size_t i = 0; i < full.size(); ++i) {
    full.data()[i] *= signal_[i] / (signal_[i] + noise);
  }
  fft_.inverse(full.view(), mean);
}

}  // namespace hotstage::series::detail
