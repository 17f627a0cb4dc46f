// SPDX-License-Identifier: GPL-3.0-or-later
// Reactions: Gibbs energy, equilibrium temperature at given gas pressures, equilibrium pressure at a temperature.

#pragma once

#include "hotstage/thermo/species.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::thermo {

/// Products count positive.
struct Term {
  double amount = 0.0;
  Species species;
};

struct Reaction {
  std::string text;
  std::vector<Term> terms;
};

/// "2 LiCoO2 + C -> Li2O + 2 CoO + CO", with names of species_table() or of `extra`. Throws Error{bad_input} when a
/// name is unknown or an element is not balanced.
[[nodiscard]] Reaction parse_reaction(std::string_view text, std::span<const Species> extra = {});

/// Moles of gas made, minus those used.
[[nodiscard]] double gas_made(const Reaction& reaction);

/// kJ per reaction as written; J/K.
[[nodiscard]] double reaction_enthalpy(const Reaction& reaction, Temperature temperature, HeatCapacity heat);
[[nodiscard]] double reaction_entropy(const Reaction& reaction, Temperature temperature, HeatCapacity heat);

/// ΔG per reaction as written with every gas at `pressure_atm`, kJ; σ from the tables' enthalpies and entropies,
/// independent of each other.
[[nodiscard]] Estimate gibbs_energy(const Reaction& reaction, Temperature temperature, double pressure_atm = 1.0,
                                    HeatCapacity heat = HeatCapacity::none);

/// Temperature at which ΔG passes through zero with every gas at `pressure_atm`, 200–4000 K. σ: tables, and the shift
/// that heat capacities cause, as one standard deviation. Nothing when ΔG keeps its sign.
[[nodiscard]] std::optional<Temperature> equilibrium_temperature(const Reaction& reaction, double pressure_atm,
                                                                 HeatCapacity heat = HeatCapacity::none);
[[nodiscard]] std::optional<Estimate> equilibrium_celsius(const Reaction& reaction, double pressure_atm);

/// log10 of the gas pressure (atm) in equilibrium, for reactions that make or use gas. σ as above. Throws
/// Error{bad_input} when there is no gas.
[[nodiscard]] Estimate equilibrium_log10_atm(const Reaction& reaction, Temperature temperature);

}  // namespace hotstage::thermo
