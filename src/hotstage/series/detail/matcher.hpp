// SPDX-License-Identifier: GPL-3.0-or-later
// Every shift at which two spectra may fit, with its log-likelihood: lattices have many.

#pragma once

#include "hotstage/num/fft2.hpp"
#include "hotstage/series/detail/band.hpp"

#include <array>
#include <vector>

namespace hotstage::series::detail {

/// One shift of image a against b at which the correlation is a maximum.
struct Candidate {
  Alignment shift;
  double log_likelihood = 0.0;  ///< against no common signal; divided by the excess scatter of the phases when above 1
};

/// Looks for shifts by one inverse transform of the weighted cross spectrum.
class Matcher {
 public:
  /// Noise powers of a and b are noise·noise_a and noise·noise_b; `lowest` as in make_weights().
  Matcher(Band band, const Spectra& spectra, double noise_a, double noise_b, double lowest);

  [[nodiscard]] const Band& band() const { return band_; }

  [[nodiscard]] const std::vector<float>& weights() const { return weights_; }

  /// Up to `most` maxima within `radius` px (y, x) of `centre`, refined; the highest and the nearest of them, best
  /// first. Empty when nothing converges.
  [[nodiscard]] std::vector<Candidate> candidates(const Spectrum& a, const Spectrum& b, std::array<double, 2> centre,
                                                  std::array<double, 2> radius, std::size_t most) const;

  /// The maximum a Newton search reaches from `start`.
  [[nodiscard]] Alignment nearest(const Spectrum& a, const Spectrum& b, std::array<double, 2> start,
                                  double reach) const {
    return align(band_, weights_, a, b, start, reach);
  }

  /// Height of the second-highest maximum of the autocorrelation of a signal of power `modes` (noise taken off), as a
  /// share of the first, and its distance in px: above ~0.3 the image repeats itself.
  struct Repeat {
    double share = 0.0;
    double distance_px = 0.0;
  };
  [[nodiscard]] Repeat repeat(const std::vector<float>& modes, double radius_px) const;

 private:
  [[nodiscard]] Buffer<float, 2> map(const Cross& cross) const;

  Band band_;
  double noise_ = 0.0;
  std::vector<float> weights_;
  num::RealFft2 fft_;
};

}  // namespace hotstage::series::detail
