// SPDX-License-Identifier: GPL-3.0-or-later
// Substances with their standard enthalpy of formation, entropy and heat capacity.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/core/units.hpp"

#include <array>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace hotstage::thermo {

enum class Phase { solid, gas };

/// Whether the heat capacities count. `none`: enthalpy and entropy of a reaction stay those at 298 K (ΔCp = 0).
enum class HeatCapacity { none, tabulated };

/// Per mole of formula units, standard pressure 1 bar, reference 298.15 K.
struct Species {
  std::string name;
  std::map<std::string, double> composition;
  Phase phase = Phase::solid;
  Estimate enthalpy_kJ_per_mol;  ///< of formation
  Estimate entropy_J_per_mol_K;  ///< absolute
  std::array<double, 4> cp{};    ///< Cp = a + b 10⁻³T + c 10⁵/T² + d 10⁻⁶T², J/(mol K)
  std::string source;
  std::string
      parent{};  ///< this species' numbers are those of another one plus increments; σ is that of the increments

  /// H(T) − H°(298 K of the elements), kJ/mol.
  [[nodiscard]] double enthalpy_at(Temperature temperature, HeatCapacity heat) const;
  /// J/(mol K).
  [[nodiscard]] double entropy_at(Temperature temperature, HeatCapacity heat) const;
  /// H − TS, kJ/mol: the apparent Gibbs energy, whose differences over a reaction are true.
  [[nodiscard]] double gibbs_at(Temperature temperature, HeatCapacity heat) const;
};

/// All of data/thermochemistry.
[[nodiscard]] std::span<const Species> species_table();

/// Throws Error{bad_input} with the nearest name.
[[nodiscard]] const Species& find_species(std::string_view name);

/// "LiCoO2", "Li0.5CoO2" to atoms per formula unit. Throws Error{bad_input} for anything else.
[[nodiscard]] std::map<std::string, double> composition_of(std::string_view formula);

/// Li_xCoO2 from LiCoO2 and the mean voltage against Li of taking (1 − x) Li out: G = G(LiCoO2) + (1 − x)(F V − G(Li)).
/// The entropy of intercalation is taken as zero with a spread of 20 J/(mol K) per Li (Reynier et al. 2004,
/// doi:10.1103/PhysRevB.70.174304: up to 4.2 k_B either way).
[[nodiscard]] Species delithiated(double x, const Estimate& voltage_V = {4.0, 0.05});

}  // namespace hotstage::thermo
