// SPDX-License-Identifier: GPL-3.0-or-later
// Probabilities of phases from amplitudes of superlattice spots.

#pragma once

#include "hotstage/series/phase_map.hpp"

#include <array>

namespace hotstage::series::detail {

/// Amplitudes at ½{111} (two), {220} of spinel, ½{311} (of the first and of the second ½{111}).
struct SpotEvidence {
  std::array<double, 5> amplitude{};
  std::array<double, 5> frequency{};  ///< 1/Å
  double frequency_111 = 0.0;
  double noise = 0.0;  ///< E|noise|² of a complex amplitude
  double unit = 0.0;   ///< amplitude of {111}
  double a_A = 0.0;
};

struct Verdict {
  CathodePhase phase = CathodePhase::not_told;
  std::array<double, n_cathode_phases> probability{};
  int layers = 0;
};

[[nodiscard]] Verdict judge(const SpotEvidence& evidence, const PhaseMapOptions& options);

/// ln I₀(x).
[[nodiscard]] double log_bessel_i0(double x);

}  // namespace hotstage::series::detail
