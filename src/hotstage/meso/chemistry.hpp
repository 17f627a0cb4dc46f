// SPDX-License-Identifier: GPL-3.0-or-later
// What heated LixCoO2 turns into, what drives the loss of oxygen, where Li goes, and the volumes of the products.

#pragma once

#include "hotstage/core/fields.hpp"
#include "hotstage/core/units.hpp"
#include "hotstage/core/value.hpp"

#include <array>
#include <limits>
#include <string_view>

namespace hotstage::meso {

/// Why oxygen leaves. Heat alone is `vacuum` at x = 1 and `li_deficit` below.
enum class Driver { li_deficit, carbon, beam_dose, vacuum };

constexpr auto enum_names(Driver) {
  return std::array{EnumName<Driver>{Driver::li_deficit, "li_deficit"}, EnumName<Driver>{Driver::carbon, "carbon"},
                    EnumName<Driver>{Driver::beam_dose, "beam_dose"}, EnumName<Driver>{Driver::vacuum, "vacuum"}};
}

/// What becomes of the Li of transformed material.
enum class LiFate { kept, lost };

constexpr auto enum_names(LiFate) {
  return std::array{EnumName<LiFate>{LiFate::kept, "kept"}, EnumName<LiFate>{LiFate::lost, "lost"}};
}

[[nodiscard]] std::string_view name(Driver driver) noexcept;
[[nodiscard]] std::string_view name(LiFate fate) noexcept;

/// Volumes per formula unit in nm³, from the densities of atoms/material.hpp.
struct UnitVolumes {
  double layered = 0.0;  ///< LiCoO2; the volume of LixCoO2 is taken to be the same
  double spinel = 0.0;   ///< Co3O4, three Co
  double rock_salt = 0.0;
  double metal = 0.0;
  double lithia = 0.0;  ///< Li2O
};

[[nodiscard]] const UnitVolumes& unit_volumes();

/// Temperatures above which a way of losing oxygen is downhill, in K. They come from thermodynamics (record
/// hotstage.drivers/1 of thermo.reactions); without it nothing is allowed.
struct DriverTemperatures {
  double carbon_K = std::numeric_limits<double>::infinity();  ///< LiCoO2 with carbon, CO at the pressure of the column
  double vacuum_K = std::numeric_limits<double>::infinity();  ///< LiCoO2 by heat alone
  double spinel_K = std::numeric_limits<double>::infinity();  ///< Co3O4 → CoO in the column
};

/// From "carbon_column", "vacuum" and "spinel" of the record. Throws Error{bad_input} when one is missing.
[[nodiscard]] DriverTemperatures drivers_from_value(const Value& record);

/// Conditions of the column and of the specimen.
struct ChemistryOptions {
  double x = 1.0;  ///< Li per Co before heating
  Driver driver = Driver::carbon;
  LiFate li_fate = LiFate::kept;
  DriverTemperatures drivers{};
  double dose_e_per_nm2 = 2e5;  ///< electrons of the whole series, for `beam_dose`
  double damage_nm2 = 5e-9;     ///< cross-section of losing one O per electron, for `beam_dose` (prior)
};

/// Temperatures above which the driver of a run lets the two steps happen.
struct Gates {
  double layered_above_K = 0.0;    ///< layered → spinel
  double rock_salt_above_K = 0.0;  ///< spinel → rock salt
};

/// The reaction as the model uses it, per Co. With t of the Co transformed to spinel, of which r went on to rock salt:
/// O in the lattice 2(1 − t) + 4/3 (t − r) + r; Li set free: λ x t.
struct Chemistry {
  ChemistryOptions options;
  Gates gates;
  double extent = 1.0;    ///< largest share of the Co that may transform
  double li_freed = 1.0;  ///< λ: 1 when transformed Co gives up its Li, 0 when the Li moves on into LiCoO2

  [[nodiscard]] double lattice_oxygen(double t, double r) const;
  /// Li still in layered material, per remaining Co.
  [[nodiscard]] double layered_lithium(double t) const;
};

/// Extent and temperatures of a driver. LixCoO2 → x LiCoO2 + (1−x)/3 Co3O4 + (1−x)/3 O2 caps `li_deficit` at 1 − x; the
/// beam at damage · dose over the 2/3 O of the step. Throws Error{bad_input} for x outside (0, 1].
[[nodiscard]] Chemistry make_chemistry(const ChemistryOptions& options);

/// Names of the materials of a state, in its order: LiCoO2, Co3O4, CoO, Co, Li2O.
inline constexpr std::array<std::string_view, 5> material_names{"LiCoO2", "Co3O4", "CoO", "Co", "Li2O"};

/// What a column of foil holds.
struct ColumnContent {
  double cobalt = 1.0;       ///< Co of the oxides, per Co site of the fresh foil
  double transformed = 0.0;  ///< t
  double rock_salt = 0.0;    ///< r
  double lithia_li = 0.0;    ///< Li held as Li2O, per Co site of the fresh foil
};

/// Thickness in nm at full density of the oxides and Li2O, for a fresh foil of `foil_nm`; the metal is 0 (it stands in
/// the voids). The sum is below `foil_nm` where pores have opened.
[[nodiscard]] std::array<double, 5> thickness_nm(const ColumnContent& content, double foil_nm);

}  // namespace hotstage::meso
