// SPDX-License-Identifier: GPL-3.0-or-later
// Materials: formula and density, and maps of how much of each a beam crosses.

#pragma once

#include "hotstage/atoms/element.hpp"
#include "hotstage/core/array.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace hotstage::atoms {

struct FormulaPart {
  Element element;
  double count = 0.0;
};

/// "Li0.5CoO2" → Li 0.5, Co 1, O 2, in the order written; no brackets. Throws Error{bad_input} with the place.
[[nodiscard]] std::vector<FormulaPart> parse_formula(std::string_view formula);

/// Mass of one formula unit in g/mol.
[[nodiscard]] double molar_mass(const std::vector<FormulaPart>& formula);

struct Material {
  std::string name;  ///< "LiCoO2"
  std::vector<FormulaPart> formula;
  double density_g_cm3 = 0.0;

  /// Atoms of an element per nm³; 0 when the material holds none.
  [[nodiscard]] double atoms_per_nm3(const Element& element) const;
  /// Formula units per nm³.
  [[nodiscard]] double units_per_nm3() const;
};

/// Materials built in (data/materials): LiCoO2, Co3O4, CoO, Co, Li2O, Pt, C, Si3N4, … Throws Error{bad_input} with the
/// nearest name.
[[nodiscard]] const Material& find_material(std::string_view name);

/// What a projection of a specimen holds: thickness in nm of each material at full density, so that pores are missing
/// thickness. The forward models of images and of spectra both start here.
struct MaterialMaps {
  std::vector<Material> materials;
  View<const float, 3> thickness_nm;  ///< materials × rows × columns
  double pixel_nm = 1.0;
};

}  // namespace hotstage::atoms
