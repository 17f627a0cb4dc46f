// SPDX-License-Identifier: GPL-3.0-or-later
// The subshells of one atom: from a self-consistent atom with and without hole to tables of oscillator strength.

#pragma once

#include "atom.hpp"
#include "strength.hpp"
#include <string>
#include <vector>

namespace gos {

/// What the outgoing electron moves in.
enum class Field {
  frozen,   ///< the neutral atom with Latter tail, as the initial orbital: sum rules hold
  relaxed,  ///< the self-consistent ion with the hole
};

struct Settings {
  double exchange = 1.0;  ///< Slater's α
  Field field = Field::frozen;
  double mesh_step = 0.0125;
  double mesh_linear = 1.5;  ///< bohr
  double mesh_end = 60.0;    ///< bohr
  StrengthOptions strength;
};

/// Energies ε of the table, eV: ε = 5 (e^u − 1), u in equal steps from 0 to 4000 eV; the first is 0.01 eV.
[[nodiscard]] std::vector<double> table_energies_eV(int points);
/// Momentum transfers q a0 from 0.03 to 30, equal steps of the logarithm.
[[nodiscard]] std::vector<double> table_momenta(int points);

struct Subshell {
  std::string name;  ///< "K", "L3", …
  int n = 1;
  int kappa = -1;
};

[[nodiscard]] Subshell subshell(const std::string& name);

struct Table {
  std::string element;
  Subshell shell;
  double electrons = 0.0;
  double orbital_energy_eV = 0.0;  ///< in the neutral atom
  double delta_scf_eV = 0.0;       ///< total-energy difference ion − atom (with correlation, no Latter tail)
  std::vector<std::vector<double>> over_energy;  ///< (1/E) df/dE of the subshell at [energy][q], 1/eV²
  int l_used = 0;
};

/// One atom; remembers the neutral one.
class Maker {
 public:
  Maker(std::string element, Settings settings);

  [[nodiscard]] Table table(const std::string& shell) const;
  [[nodiscard]] double delta_scf_eV(const std::string& shell) const;

  [[nodiscard]] const Atom& neutral() const { return neutral_; }

 private:
  [[nodiscard]] std::vector<Orbital> with_hole(const Subshell& shell) const;

  std::string element_;
  Settings settings_;
  int number_;
  Mesh mesh_;
  Atom neutral_;
};

}  // namespace gos
