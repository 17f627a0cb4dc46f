// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/meso/chemistry.hpp"

#include "hotstage/atoms/material.hpp"
#include "hotstage/core/constants.hpp"
#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace hotstage::meso {

namespace {

constexpr double gas_constant_J_per_mol_K =
    constants::k_B_eV_per_K * constants::elementary_charge_C * constants::avogadro_per_mol;

/// Heat (J/mol) and entropy (J/mol/K) of a reaction that sets free `gas` moles of gas.
struct Reaction {
  double heat = 0.0;
  double entropy = 0.0;
  double gas = 0.0;

  /// Temperature at which it starts to go downhill against a gas pressure.
  [[nodiscard]] double starts_in_K(double pressure_atm) const {
    return heat / (entropy - gas * gas_constant_J_per_mol_K * std::log(pressure_atm));
  }
};

// Formation at 298 K, kJ/mol and J/mol/K: LiCoO2 −679.4, 52.4; Li2O −597.9, 37.6; CoO −237.9, 53.0; Co3O4 −891, 102.5;
// CO −110.5, 197.7; C 0, 5.7; O2 0, 205.2.
constexpr Reaction by_heat{285.1e3, 141.4, 0.5};
constexpr Reaction by_carbon{174.6e3, 230.8, 1.0};
constexpr Reaction of_spinel{354.6e3, 318.2, 1.0};

std::optional<double> gate_of(const Value& drivers, std::string_view driver) {
  const auto degC = drivers.number_at(fmt::format("{}.allowed_above_degC", driver));
  return degC ? std::optional(Temperature::celsius(*degC).in_K()) : std::nullopt;
}

}  // namespace

std::string_view name(Driver driver) noexcept {
  return enum_names(Driver{})[static_cast<std::size_t>(driver)].name;
}

std::string_view name(LiFate fate) noexcept {
  return enum_names(LiFate{})[static_cast<std::size_t>(fate)].name;
}

const UnitVolumes& unit_volumes() {
  static const UnitVolumes volumes = [] {
    const auto volume = [](std::string_view material) { return 1.0 / atoms::find_material(material).units_per_nm3(); };
    return UnitVolumes{.layered = volume("LiCoO2"),
                       .spinel = volume("Co3O4"),
                       .rock_salt = volume("CoO"),
                       .metal = volume("Co"),
                       .lithia = volume("Li2O")};
  }();
  return volumes;
}

double Chemistry::lattice_oxygen(double t, double r) const {
  return 2.0 * (1.0 - t) + 4.0 / 3.0 * (t - r) + r;
}

double Chemistry::layered_lithium(double t) const {
  return options.x * (1.0 - li_freed * t);
}

Temperature allowed_above(Driver driver, double pressure_atm) {
  HOTSTAGE_EXPECTS(pressure_atm > 0.0);
  switch (driver) {
    case Driver::carbon:
      return Temperature::kelvin(by_carbon.starts_in_K(pressure_atm));
    case Driver::vacuum:
      return Temperature::kelvin(by_heat.starts_in_K(pressure_atm));
    case Driver::li_deficit:
    case Driver::beam_dose:
      break;
  }
  return Temperature::kelvin(0.0);
}

Chemistry make_chemistry(const ChemistryOptions& options) {
  if (!(options.x > 0.0 && options.x <= 1.0) || !(options.pressure_atm > 0.0)) {
    throw Error(Errc::bad_input,
                fmt::format("Li content x = {:.6g} at {:.6g} atm: x lies in (0, 1], the pressure above zero", options.x,
                            options.pressure_atm));
  }
  constexpr double oxygen_of_spinel_step = 2.0 / 3.0;
  Chemistry out{.options = options};
  out.gates.layered_above_K = allowed_above(options.driver, options.pressure_atm).in_K();
  switch (options.driver) {
    case Driver::carbon:
    case Driver::vacuum:
      out.gates.rock_salt_above_K = out.gates.layered_above_K;
      break;
    case Driver::li_deficit:
      out.extent = 1.0 - options.x;
      out.li_freed = 0.0;
      out.gates.rock_salt_above_K = of_spinel.starts_in_K(options.pressure_atm);
      break;
    case Driver::beam_dose:
      out.extent = std::min(1.0, options.damage_nm2 * options.dose_e_per_nm2 * 2.0 / oxygen_of_spinel_step);
      out.gates.rock_salt_above_K = of_spinel.starts_in_K(options.pressure_atm);
      break;
  }
  return out;
}

Chemistry make_chemistry(const ChemistryOptions& options, const Value& drivers) {
  Chemistry out = make_chemistry(options);
  if (const auto gate = gate_of(drivers, name(options.driver))) {
    out.gates.layered_above_K = *gate;
    if (options.driver == Driver::carbon || options.driver == Driver::vacuum) {
      out.gates.rock_salt_above_K = *gate;
    }
  }
  return out;
}

std::array<double, 5> thickness_nm(const ColumnContent& content, double foil_nm) {
  const UnitVolumes& volume = unit_volumes();
  const double per_site = foil_nm / volume.layered;  // Co sites of the fresh foil per nm²
  const double co = content.cobalt * per_site;
  return {co * (1.0 - content.transformed) * volume.layered,
          co * (content.transformed - content.rock_salt) / 3.0 * volume.spinel,
          co * content.rock_salt * volume.rock_salt, 0.0, 0.5 * content.lithia_li * per_site * volume.lithia};
}

}  // namespace hotstage::meso
