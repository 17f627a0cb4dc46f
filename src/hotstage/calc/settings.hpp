// SPDX-License-Identifier: GPL-3.0-or-later
// How an energy was computed, as a record: what it may be compared with, and differences that refuse to mix settings.

#pragma once

#include "hotstage/core/value.hpp"

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::calc {

/// Whether the settings are those of the work that is compared with, or cheaper ones.
enum class Label { reduced, paper_settings };

[[nodiscard]] std::string_view name(Label label) noexcept;

/// Engine and every parameter that moves an energy. Parameters are an object of plain values.
struct Settings {
  std::string engine;  ///< "pair", "gpaw", "qe"
  Value parameters;    ///< "ecut_eV", "xc", "hubbard_Co", "kpts", …
  Label label = Label::reduced;
};

[[nodiscard]] Value to_value(const Settings& settings);
/// Throws Error{bad_input} at the member that does not fit.
[[nodiscard]] Settings settings_from(const Value& record);

/// SHA-256 over engine and all parameters, first 16 digits: equal means the same calculation.
[[nodiscard]] std::string settings_hash(const Settings& settings);

/// Names of the parameters in which two settings differ and that must not differ within one energy difference: all but
/// those that belong to the cell (k-points, spin, convergence limits). "engine" stands for the engine itself.
[[nodiscard]] std::vector<std::string> mixed_parameters(const Settings& a, const Settings& b);

/// One term of an energy difference: `count` times an energy of one cell.
struct EnergyTerm {
  std::string name;  ///< "Li12Co12O23", for the printed formula
  double count = 1.0;
  double energy_eV = 0.0;
  Settings settings;
};

struct EnergyDifference {
  double energy_eV = 0.0;
  std::string formula;             ///< "1 × E(V_O) (−240.573) − 1 × E(host) (−247.988)"
  std::vector<std::string> mixed;  ///< parameters that differ and were allowed to
  Label label = Label::reduced;    ///< paper_settings only when every term has it
};

/// Σ count·energy. Throws Error{refused} when terms differ in a parameter that `allowed` does not name: such a
/// difference measures the settings, not the physics.
[[nodiscard]] EnergyDifference energy_difference(std::span<const EnergyTerm> terms,
                                                 const std::vector<std::string>& allowed = {});

}  // namespace hotstage::calc
