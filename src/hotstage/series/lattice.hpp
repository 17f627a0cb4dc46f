// SPDX-License-Identifier: GPL-3.0-or-later
// Lattice of an image: Bragg spots of its power spectrum, two base vectors with uncertainty.

#pragma once

#include "hotstage/core/array.hpp"
#include "hotstage/core/estimate.hpp"
#include "hotstage/core/fields.hpp"

#include <array>
#include <cstddef>
#include <vector>

namespace hotstage::series {

/// A place in an image in px, or a spatial frequency in cycles/px. y runs down the slow scan axis.
struct Planar {
  double y = 0.0;
  double x = 0.0;
};

[[nodiscard]] double length(const Planar& v);
[[nodiscard]] double dot(const Planar& a, const Planar& b);
[[nodiscard]] double cross(const Planar& a, const Planar& b);  ///< a.x b.y − a.y b.x
[[nodiscard]] Planar combine(double i, const Planar& a, double j, const Planar& b);

/// A maximum of the power spectrum; of each pair ± only the one with x > 0 (or x = 0, y > 0).
struct Spot {
  Planar frequency;        ///< cycles/px
  double sigma = 0.0;      ///< of each component, counting noise, cycles/px
  double amplitude = 0.0;  ///< of the cosine, counts
  double snr = 0.0;        ///< power over the local mean noise power; noise alone is distributed as e^{−snr}
  int h = 0;               ///< indices, 0 0 when not indexed
  int k = 0;
};

struct LatticeOptions {
  double shortest = 2.3;
  double longest = 0.2;
  double min_snr = 20.0;
  int max_spots = 48;

  template <class V>
  void fields(V& v) {
    v("shortest", shortest, {.help = "shortest period that is looked for, px", .min = 2.0, .max = 64.0});
    v("longest", longest,
      {.help = "longest period that is looked for, fraction of the field", .min = 0.01, .max = 0.5});
    v("min_snr", min_snr,
      {.help = "power of a spot over the noise around it; noise alone gives e^-snr per pixel of the spectrum",
       .min = 10.0});
    v("max_spots", max_spots, {.help = "strongest spots used", .min = 2, .max = 400});
  }
};

/// Spots of an image, strongest signal-to-noise ratio first.
///
/// The image less its mean is multiplied by a Hann window, padded to twice its size and transformed; the background is
/// the larger of the median power in a ring around the place and along the slow frequency axis, where row jitter and
/// row noise smear the spectrum; the place is the vertex of a parabola through the logarithms around the maximum.
/// σ is the Cramér–Rao expression of a windowed harmonic in white noise. Spots below 0.5 % of the strongest amplitude
/// are left out. Throws Error{bad_input} below 32 × 32 px.
[[nodiscard]] std::vector<Spot> find_spots(View<const float, 2> image, const LatticeOptions& options);

/// Lattice of an image. g₁, g₂ are the shortest base vectors of the reciprocal lattice, 60° to 120° apart.
struct ImageLattice {
  std::array<Planar, 2> reciprocal;                   ///< g₁, g₂ in cycles/px
  std::array<std::array<double, 4>, 4> covariance{};  ///< of (g₁y, g₁x, g₂y, g₂x), larger of counting and scatter
  std::vector<Spot> spots;                            ///< all found, with indices where they fit
  std::size_t indexed = 0;
  double indexed_power = 0.0;   ///< share of Σ amplitude² of the spots found that the lattice explains
  double counting_sigma = 0.0;  ///< largest σ of a component from counting noise alone, cycles/px
  double wander_px = 0.0;       ///< rms distance of the local places from the straight lattice: distortion and jitter
  std::size_t blocks = 0;       ///< sub-windows of the phase fit; 0 when only spots were used

  /// Base vectors a₁, a₂ in px with g_i·a_j = δ_ij.
  [[nodiscard]] std::array<Planar, 2> direct() const;
};

/// Finds two base vectors that explain the spots and fits them by weighted least squares with outliers left out.
///
/// Pairs of spots, of their sums and differences are tried; that wins which is least likely to explain its spots by
/// chance. Spots of a second grain stay without indices. Throws Error{refused} when fewer than two spots off one line
/// are found (too few counts, not on a zone axis, or fringes of one family).
[[nodiscard]] ImageLattice index_spots(std::vector<Spot> spots, std::array<std::size_t, 2> shape);

}  // namespace hotstage::series
