// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/thermo/species.hpp"

#include "hotstage/core/constants.hpp"
#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/core/nearest.hpp"
#include "hotstage/io/delimited.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <vector>

namespace hotstage::thermo {

namespace {

constexpr double reference_K = 298.15;
constexpr double faraday_kJ_per_mol_V = constants::elementary_charge_C * constants::avogadro_per_mol * 1e-3;

std::vector<Species> read_species() {
  const std::filesystem::path file = data_folder("thermochemistry") / "species.csv";
  const io::Table table = io::read_table(file, {.delimiter = ',', .header = io::Header::present});
  std::vector<Species> out;
  for (std::size_t i = 0; i < table.rows(); ++i) {
    const auto number = [&](const char* column) { return table.numbers(column)[i]; };
    const auto text = [&](const char* column) { return table.column(column).texts[i]; };
    out.push_back({.name = text("species"),
                   .composition = composition_of(text("formula")),
                   .phase = text("phase") == "gas" ? Phase::gas : Phase::solid,
                   .enthalpy_kJ_per_mol = {number("enthalpy"), number("enthalpy_sigma")},
                   .entropy_J_per_mol_K = {number("entropy"), number("entropy_sigma")},
                   .cp = {number("cp_a"), number("cp_b"), number("cp_c"), number("cp_d")},
                   .source = text("source")});
  }
  return out;
}

bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}

}  // namespace

double Species::enthalpy_at(Temperature temperature, HeatCapacity heat) const {
  if (heat == HeatCapacity::none) {
    return enthalpy_kJ_per_mol.value;
  }
  const double t = temperature.in_K();
  const double t0 = reference_K;
  const double joule = cp[0] * (t - t0) + 0.5e-3 * cp[1] * (t * t - t0 * t0) - 1e5 * cp[2] * (1.0 / t - 1.0 / t0) +
                       1e-6 / 3.0 * cp[3] * (t * t * t - t0 * t0 * t0);
  return enthalpy_kJ_per_mol.value + 1e-3 * joule;
}

double Species::entropy_at(Temperature temperature, HeatCapacity heat) const {
  if (heat == HeatCapacity::none) {
    return entropy_J_per_mol_K.value;
  }
  const double t = temperature.in_K();
  const double t0 = reference_K;
  return entropy_J_per_mol_K.value + cp[0] * std::log(t / t0) + 1e-3 * cp[1] * (t - t0) -
         0.5e5 * cp[2] * (1.0 / (t * t) - 1.0 / (t0 * t0)) + 0.5e-6 * cp[3] * (t * t - t0 * t0);
}

double Species::gibbs_at(Temperature temperature, HeatCapacity heat) const {
  return enthalpy_at(temperature, heat) - 1e-3 * temperature.in_K() * entropy_at(temperature, heat);
}

std::span<const Species> species_table() {
  static const std::vector<Species> table = read_species();
  return table;
}

const Species& find_species(std::string_view name) {
  const std::span<const Species> table = species_table();
  const auto found = std::ranges::find_if(table, [&](const Species& species) { return species.name == name; });
  if (found == table.end()) {
    std::vector<std::string> names;
    for (const Species& species : table) {
      names.push_back(species.name);
    }
    throw Error(Errc::bad_input, fmt::format("there is no thermochemistry of \"{}\"", name), nearest_hint(name, names));
  }
  return *found;
}

std::map<std::string, double> composition_of(std::string_view formula) {
  std::map<std::string, double> out;
  std::size_t i = 0;
  while (i < formula.size() && is_upper(formula[i])) {
    std::size_t end = i + 1;
    while (end < formula.size() && is_lower(formula[end])) {
      ++end;
    }
    const std::string element(formula.substr(i, end - i));
    i = end;
    while (end < formula.size() &&
           (std::isdigit(static_cast<unsigned char>(formula[end])) != 0 || formula[end] == '.')) {
      ++end;
    }
    const auto count = end > i ? io::parse_number(formula.substr(i, end - i)) : std::optional(1.0);
    if (!count) {
      break;
    }
    out[element] += *count;
    i = end;
  }
  if (formula.empty() || i != formula.size()) {
    throw Error(Errc::bad_input, fmt::format("\"{}\" is not a chemical formula", formula), "Write for example Li2O");
  }
  return out;
}

Species delithiated(double x, const Estimate& voltage_V) {
  HOTSTAGE_EXPECTS(x >= 0.0 && x <= 1.0);
  Species out = find_species("LiCoO2");
  const Species& lithium = find_species("Li");
  const double taken = 1.0 - x;
  constexpr double intercalation_sigma = 20.0;  // J/(mol K) per Li
  out.name = fmt::format("Li{:.4g}CoO2", x);
  out.composition["Li"] = x;
  out.parent = "LiCoO2";
  // F V is ΔG at 298 K of LiCoO2 → LixCoO2 + (1 − x) Li; with ΔS = 0 it is ΔH too.
  out.enthalpy_kJ_per_mol = {out.enthalpy_kJ_per_mol.value + taken * faraday_kJ_per_mol_V * voltage_V.value,
                             taken * faraday_kJ_per_mol_V * voltage_V.sigma};
  out.entropy_J_per_mol_K = {out.entropy_J_per_mol_K.value - taken * lithium.entropy_J_per_mol_K.value,
                             taken * intercalation_sigma};
  for (std::size_t k = 0; k < out.cp.size(); ++k) {
    out.cp[k] -= taken * lithium.cp[k];
  }
  out.source = fmt::format("LiCoO2 and {:.3g} V against Li", voltage_V.value);
  return out;
}

}  // namespace hotstage::thermo
