// SPDX-License-Identifier: GPL-3.0-or-later
// Self-consistent central-field atom: Dirac orbitals, local exchange (and correlation), Latter tail, core holes.

#pragma once

#include "radial.hpp"
#include <string>
#include <vector>

namespace gos {

struct Orbital {
  int n = 1;
  int kappa = -1;
  double electrons = 0.0;
  Wave wave;

  [[nodiscard]] int l() const { return orbital_number(kappa); }
};

struct AtomOptions {
  double exchange = 2.0 / 3.0;  ///< Slater's α: 2/3 Kohn–Sham, 1 Slater
  bool correlation = false;     ///< Vosko–Wilk–Nusair
  bool latter = true;           ///< the potential is never weaker than −(charge left + 1)/r
  double speed = light_speed;
};

struct Atom {
  int number = 1;
  double removed = 0.0;  ///< electrons missing
  std::vector<Orbital> orbitals;
  Potential potential;  ///< what the orbitals move in
  Potential escaping;   ///< what an additional, outgoing electron moves in: no self-interaction, → −(removed)/r
  double total_energy = 0.0;  ///< without meaning when the Latter tail is on
  int iterations = 0;

  [[nodiscard]] const Orbital& orbital(int n, int kappa) const;
};

/// Number and shells of the ground state ("Ti": 1s2 … 3d2 4s2), every nl shared among j = l ± 1/2 by 2j + 1.
[[nodiscard]] int atomic_number(const std::string& element);
[[nodiscard]] std::vector<Orbital> ground_state(int number);

/// Self-consistent atom; `start` gives a first density (nullptr: Thomas–Fermi). Throws std::runtime_error when it does
/// not converge.
[[nodiscard]] Atom solve_atom(const Mesh& mesh, int number, std::vector<Orbital> orbitals, const AtomOptions& options,
                              const Atom* start = nullptr);

}  // namespace gos
