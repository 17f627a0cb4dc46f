// SPDX-License-Identifier: GPL-3.0-or-later
// What the passes of a registration share.

#pragma once

#include "hotstage/num/fft2.hpp"
#include "hotstage/series/detail/band.hpp"
#include "hotstage/series/detail/coarse.hpp"
#include "hotstage/series/detail/evolving.hpp"
#include "hotstage/series/detail/tracker.hpp"
#include "hotstage/series/registration.hpp"

namespace hotstage::series::detail {

struct Work {
  const signal::Signal& series;
  FrameShape shape;
  const RegistrationOptions& options;
  Run& run;
  std::vector<double> pause;
  std::vector<FrameDrift> frames;
  Field field;
  std::vector<float> window_y;
  std::vector<float> window_x;
  DetectorResponse detector;
  std::array<double, 2> noise_factor{1.0, 1.0};          ///< see place_noise()
  std::array<std::vector<double>, 2> row_information{};  ///< per row of the field, for a shift along y and x
  Spectra spectra;
  double cutoff = 0.25;
  Band band;
  bool repeats = false;                         ///< a lattice, or the coarse pass was in doubt: look at every maximum
  double reach = 4.0;                           ///< of a search that must not leave its maximum
  std::vector<std::array<double, 2>> position;  ///< residual to the integer offset of the field
  std::vector<Guess> guess;                     ///< of the coarse pass, residual as well
  std::vector<char> good;
  std::vector<AmbiguousJump> ambiguous;
  Spectrum sum;                  ///< of all good frames, moved back
  Buffer<double, 2> brightness;  ///< electrons per pixel, summed over sampled frames
  Parts parts;                   ///< the same as `sum`, part by part
  Buffer<float, 2> weight;       ///< of the pixels of the field, at the mean position; empty: all alike
  double anchor_variance = 0.0;

  [[nodiscard]] double lowest() const {
    return 1.0 / (options.longest * static_cast<double>(std::max(field.rows, field.columns)));
  }
};

/// Cuts a frame out of the series where the specimen is, windowed, and transforms it.
[[nodiscard]] inline Buffer<std::complex<float>, 2> transform(const Work& w, const num::RealFft2& fft,
                                                              std::size_t frame, View<const float, 2> image) {
  const std::array<long, 2> origin{w.field.base[0] + w.field.offset[frame][0],
                                   w.field.base[1] + w.field.offset[frame][1]};
  Buffer<float, 2> cut_out = windowed(image, origin, w.window_y, w.window_x);
  if (w.weight.size() > 0) {
    apply_weight(cut_out.view(), w.weight.view(), w.position[frame], w.window_y, w.window_x);
  }
  Buffer<std::complex<float>, 2> out({fft.rows(), fft.bins()});
  fft.forward(cut_out.view(), out.view());
  return out;
}

}  // namespace hotstage::series::detail
