// SPDX-License-Identifier: GPL-3.0-or-later
// Crystals from a space group and the atoms of its asymmetric unit, and the phases of data/structures.

#pragma once

#include "hotstage/atoms/cell.hpp"
#include "hotstage/atoms/structure.hpp"
#include "hotstage/core/fields.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::atoms {

/// One atom of the asymmetric unit.
struct Site {
  Element element;
  Vector fraction{};
  double moment_muB = 0.0;  ///< starting moment of every atom of the orbit
};

/// A crystal as papers print it.
struct Crystal {
  int hall_number = 1;  ///< 1…530, spglib's numbering of the settings in the International Tables
  CellParameters cell;
  std::vector<Site> sites;
};

/// All atoms of the conventional cell. Throws Error{bad_input} for an unknown Hall number, for a cell that does not
/// have the symmetry of the group, and for two sites closer than 0.5 Å.
[[nodiscard]] Structure build(const Crystal& crystal);

/// Both as the International Tables choose them; the primitive cell of LiCoO2 is the rhombohedron.
enum class CellKind { conventional, primitive };

constexpr auto enum_names(CellKind /*tag*/) {
  return std::array{EnumName<CellKind>{CellKind::conventional, "conventional"},
                    EnumName<CellKind>{CellKind::primitive, "primitive"}};
}

/// Measured cell of a phase, used when nothing else is given; the sources stand in data/structures/phases.toml.
struct Phase {
  std::string name;         ///< "LiCoO2"
  std::string description;  ///< "layered O3, R-3m"
  int space_group = 1;      ///< of the atoms, moments ignored
  Crystal crystal;          ///< in the group of the magnetic order, where the atoms' own group has no room for it
  bool molecule = false;    ///< in a box: not periodic in the physical sense
  std::string source;
};

[[nodiscard]] const std::vector<Phase>& phases();

/// Throws Error{bad_input} with the nearest name.
[[nodiscard]] const Phase& find_phase(std::string_view name);

/// Changes of a phase: lattice constants and the free coordinate of oxygen.
struct PhaseOptions {
  std::optional<double> a_A;
  std::optional<double> c_A;  ///< only for cells where c is free
  std::optional<double> z;    ///< LiCoO2: height of O above Co in units of c
  CellKind cell = CellKind::conventional;
};

/// Structure of a phase. Throws Error{bad_input} for an option that the phase does not have.
[[nodiscard]] Structure phase_structure(std::string_view name, const PhaseOptions& options = {});

}  // namespace hotstage::atoms
