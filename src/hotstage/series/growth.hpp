// SPDX-License-Identifier: GPL-3.0-or-later
// Law by which a bright particle grows: from the start, or after an incubation?

#pragma once

#include "hotstage/series/voids.hpp"

#include <span>
#include <string>
#include <vector>

namespace hotstage::series {

/// One law fitted to the brightness of a particle, which is its volume up to a factor: r³ ∝ brightness.
struct GrowthLaw {
  std::string name;       ///< constant | power | activated | nucleation
  double aic = 0.0;       ///< corrected for few data (AICc)
  double start_s = 0.0;   ///< t₀; the first time where it is no parameter
  double exponent = 0.0;  ///< n of r ∝ (t − t₀)ⁿ; activated: the rate in 1/s
  double amplitude = 0.0;
  double offset = 0.0;
  double rms = 0.0;  ///< of the residuals, unit of the data
};

struct GrowthFit {
  bool seen = false;            ///< a particle: the last values lie 5 σ above the first, σ from neighbouring values
  double significance = 0.0;    ///< of that
  double effective = 0.0;       ///< independent data; residuals that follow each other count less
  std::vector<GrowthLaw> laws;  ///< in the order constant, power, activated, nucleation; empty when nothing is seen
  /// Lowest AIC without incubation − AIC of nucleation and growth; positive speaks for incubation.
  double aic_gain = 0.0;
};

/// Laws of brightness B(t) = c + A g(t), A ≥ 0: g = 0; (t − t_first)^{3n}, n ≤ 1 (interface: 1, diffusion: 1/2);
/// e^{kt} (thermally activated growth in a ramp, no nucleation); (t − t₀)^{3n} after t₀, n ≤ 2. AICc with unknown
/// σ and n_eff = n (1 − ρ)/(1 + ρ), ρ the correlation of neighbouring residuals of the law that fits best. Times
/// ascending; at least 12 values, or nothing is seen.
[[nodiscard]] GrowthFit fit_growth(std::span<const double> time_s, std::span<const double> brightness);

/// The same for a void: every fifth frame, since its values are running means of five. A particle must also cover
/// clearly brighter pixels (particle_px2).
[[nodiscard]] GrowthFit fit_growth(std::span<const double> time_s, const VoidTrack& track);

}  // namespace hotstage::series
