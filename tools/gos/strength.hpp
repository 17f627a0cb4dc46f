// SPDX-License-Identifier: GPL-3.0-or-later
// Generalised oscillator strength of a subshell: continuum waves, spherical Bessel transforms, angular sums.

#pragma once

#include "radial.hpp"
#include <vector>

namespace gos {

/// j_0 … j_most at x ≥ 0.
void spherical_bessel(double x, int most, std::vector<double>& out);

/// (2L + 1)(2j' + 1)·(j L j'; 1/2 0 −1/2)² when l + L + l' is even, else 0: sum over the magnetic numbers of the final
/// state, mean over those of the initial one.
[[nodiscard]] double angular_weight(int kappa, int order, int final_kappa);

struct StrengthOptions {
  std::vector<double> q;         ///< momentum transfer, 1/bohr
  std::vector<double> energies;  ///< of the outgoing electron, hartree
  int most_l = 60;               ///< highest l' tried
  double settled = 1e-6;         ///< l' ends when three orders in a row add less than this part at every q
  double speed = light_speed;
};

struct Strength {
  /// (1/E) df/dE per electron at [energy][q], 1/hartree²; df/dE = E times this.
  std::vector<std::vector<double>> over_energy;
  int l_used = 0;
};

/// `potential` is what the outgoing electron moves in. Waves of κ' = κ are made orthogonal to the orbital, so that the
/// monopole vanishes at q → 0 also when the two potentials differ.
[[nodiscard]] Strength oscillator_strength(const Mesh& mesh, const Wave& initial, const Potential& potential,
                                           const StrengthOptions& options);

}  // namespace gos
