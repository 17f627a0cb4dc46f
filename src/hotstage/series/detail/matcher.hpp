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
  double log_likelihood = 0.0;  ///< against the best one: ≤ 0; see Matcher::weigh()
};

/// Part of the plane, px: where windows are flat.
struct Box {
  double top = 0.0;
  double bottom = 0.0;
  double left = 0.0;
  double right = 0.0;

  [[nodiscard]] Box intersection(const Box& other) const;

  [[nodiscard]] Box moved(double dy, double dx) const { return {top + dy, bottom + dy, left + dx, right + dx}; }
};

/// Looks for shifts by one inverse transform of the weighted cross spectrum.
class Matcher {
 public:
  /// Noise powers of a and b are noise·noise_a and noise·noise_b; `lowest` as in make_weights().
  /// `taper`: of the window the images were cut out with.
  Matcher(Band band, const Spectra& spectra, double noise_a, double noise_b, double lowest, double taper);

  [[nodiscard]] const Band& band() const { return band_; }

  [[nodiscard]] const std::vector<float>& weights() const { return weights_; }

  /// Up to `most` maxima within `radius` px (y, x) of `centre`, refined; the highest and the nearest of them, best
  /// first. Empty when nothing converges.
  [[nodiscard]] std::vector<Candidate> candidates(const Spectrum& a, const Spectrum& b, std::array<double, 2> centre,
                                                  std::array<double, 2> radius, std::size_t most) const;

  /// Log-likelihoods of shifts that were found. The height of a maximum does not tell: the windows of two displaced
  /// images overlap less, and on a lattice of 10⁵ electrons' worth of contrast one per cent of overlap outweighs
  /// everything. Here image a is moved back by every candidate and compared with b inside the parts where both windows
  /// are flat, modes weighted by w: −Σ (a − αb)²/2σ², α fitted, σ² from the noise or, if larger, from the best
  /// residual.
  void weigh(const Spectrum& a, const Spectrum& b, const Box& flat_of_a, const Box& flat_of_b,
             std::vector<Candidate>& candidates) const;

  /// Where the window is flat, with a margin for the filter.
  [[nodiscard]] Box flat() const;

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
  [[nodiscard]] Buffer<float, 2> image(const Spectrum& spectrum, std::array<double, 2> back) const;

  /// Power, summed over the map, of the noise of a minus itself moved; inside nothing is cut out.
  [[nodiscard]] double difference_of_noise(double dy, double dx) const;

  Band band_;
  double noise_ = 0.0;  ///< of a − b, per mode
  double noise_a_ = 0.0;
  double noise_share_ = 0.0;  ///< mean over the modes of the map of what the weights let through
  double taper_ = 0.0;
  std::vector<float> weights_;
  std::vector<float> filter_;  ///< √ of the weight of a mode over its largest value
  num::RealFft2 fft_;
};

}  // namespace hotstage::series::detail
