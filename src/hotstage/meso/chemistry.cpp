// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/meso/chemistry.hpp"

#include "hotstage/atoms/material.hpp"
#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace hotstage::meso {

namespace {

double temperature_K(const Value& record, std::string_view driver) {
  return Temperature::celsius(record.at(driver).at("allowed_above_degC").as_number()).in_K();
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

DriverTemperatures drivers_from_value(const Value& record) {
  if (record.text_at("schema") != "hotstage.drivers/1") {
    throw Error(Errc::bad_input, record.where, "this is no record of the drivers of oxygen loss",
                "Bind the output \"drivers\" of thermo.reactions");
  }
  return {temperature_K(record, "carbon_column"), temperature_K(record, "vacuum"), temperature_K(record, "spinel")};
}

Chemistry make_chemistry(const ChemistryOptions& options) {
  if (!(options.x > 0.0 && options.x <= 1.0)) {
    throw Error(Errc::bad_input, fmt::format("Li content x = {:.6g}: x lies in (0, 1]", options.x));
  }
  constexpr double oxygen_of_spinel_step = 2.0 / 3.0;
  Chemistry out{.options = options};
  switch (options.driver) {
    case Driver::carbon:
      out.gates = {options.drivers.carbon_K, options.drivers.carbon_K};
      break;
    case Driver::vacuum:
      out.gates = {options.drivers.vacuum_K, options.drivers.vacuum_K};
      break;
    case Driver::li_deficit:
      out.extent = 1.0 - options.x;
      out.li_freed = 0.0;
      out.gates.rock_salt_above_K = options.drivers.spinel_K;
      break;
    case Driver::beam_dose:
      out.extent = std::min(1.0, options.damage_nm2 * options.dose_e_per_nm2 * 2.0 / oxygen_of_spinel_step);
      out.gates.rock_salt_above_K = options.drivers.spinel_K;
      break;
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
