// SPDX-License-Identifier: GPL-3.0-or-later
// How many components of a noisy matrix are signal: edge of the noise eigenvalues, optimal hard threshold, detection.

#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace hotstage::eels {

/// Independent items × channels of noise: entries of one variance, correlated between channels by `correlation`.
struct NoiseMatrix {
  std::size_t items = 0;
  std::size_t channels = 0;
  double variance = 1.0;
  std::vector<double> correlation;  ///< of channels 1, 2, … apart; empty: white
};

/// Largest eigenvalue of XᵀX that noise alone has in the limit of large matrices: variance·(√N + √E)² for white noise
/// (Marchenko & Pastur 1967, doi:10.1070/SM1967v001n04ABEH001994), the smallest value of
/// α·(N + E·⟨τ/(α − τ)⟩) over α > max τ for channel correlations with spectrum τ (Silverstein & Choi 1995,
/// doi:10.1006/jmva.1995.1058).
[[nodiscard]] double noise_edge(const NoiseMatrix& noise);

/// What the largest noise eigenvalue exceeds in 1 of 100 matrices: the edge plus 2.023 widths of the Tracy–Widom law
/// (Johnstone 2001, doi:10.1214/aos/1009210544); 5 % more when a correlation had to be measured.
[[nodiscard]] double detection_limit(const NoiseMatrix& noise);

/// Eigenvalue below which dropping a component leaves less squared error than keeping it (Gavish & Donoho 2014,
/// doi:10.1109/TIT.2014.2323359: 4/√3 for a square matrix), on the scale of the edge.
[[nodiscard]] double optimal_hard_threshold(const NoiseMatrix& noise);

/// Squared singular value θ² of the noise-free component behind an eigenvalue, and what is left of its two sides.
struct ComponentStrength {
  double signal = 0.0;    ///< θ²; 0 at or below the edge
  double spectrum = 0.0;  ///< expected squared cosine between found and true spectrum
  double map = 0.0;       ///< the same of the score maps
};

/// λ = (θ² + N)(θ² + E)/θ² inverted (units of the noise variance; Benaych-Georges & Nadakuditi 2012,
/// doi:10.1016/j.jmva.2012.04.019). Correlated noise is treated as white noise of the same edge.
[[nodiscard]] ComponentStrength strength_of(double eigenvalue, const NoiseMatrix& noise);

/// Share of a component of true strength θ² that keeping its estimate leaves in the data: 1 − N·E/θ⁴ (noise variance
/// 1), 0 below the detection threshold θ² = √(N·E) of Baik, Ben Arous & Péché.
[[nodiscard]] double surviving_share(double signal, const NoiseMatrix& noise);

/// Noise per entry from the trace of XᵀX: what is left after the strengths of the first `components`.
/// `eigenvalues` descending, all of them. The variance given in `noise` is only a start.
[[nodiscard]] double noise_variance(std::span<const double> eigenvalues, std::size_t components, NoiseMatrix noise);

/// Leading eigenvalues above a limit.
[[nodiscard]] std::size_t count_above(std::span<const double> eigenvalues, double limit);

}  // namespace hotstage::eels
