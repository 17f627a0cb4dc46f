// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/thermo/reaction.hpp"

#include "hotstage/core/constants.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/core/text.hpp"
#include "hotstage/io/delimited.hpp"
#include "hotstage/num/roots.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <utility>

namespace hotstage::thermo {

namespace {

constexpr double gas_J_per_mol_K =
    constants::k_B_eV_per_K * constants::elementary_charge_C * constants::avogadro_per_mol;
constexpr double bar_per_atm = 1.01325;

Species species_named(std::string_view name, std::span<const Species> extra) {
  for (const Species& species : extra) {
    if (species.name == name) {
      return species;
    }
  }
  return find_species(name);
}

/// "2 CoO" or "CoO".
Term parse_term(std::string_view text, double sign, std::span<const Species> extra) {
  const std::size_t blank = text.find(' ');
  const auto amount = blank == std::string_view::npos ? std::nullopt : io::parse_number(text.substr(0, blank));
  return amount ? Term{sign * *amount, species_named(trim(text.substr(blank)), extra)}
                : Term{sign, species_named(text, extra)};
}

void parse_side(std::string_view side, double sign, std::span<const Species> extra, Reaction& out) {
  while (!side.empty()) {
    const std::size_t plus = side.find(" + ");
    out.terms.push_back(parse_term(trim(side.substr(0, plus)), sign, extra));
    side = plus == std::string_view::npos ? std::string_view{} : side.substr(plus + 3);
  }
}

void check_balance(const Reaction& reaction) {
  std::map<std::string, double> sum;
  for (const Term& term : reaction.terms) {
    for (const auto& [element, count] : term.species.composition) {
      sum[element] += term.amount * count;
    }
  }
  for (const auto& [element, left] : sum) {
    constexpr double rounding = 1e-6;
    if (std::abs(left) > rounding) {
      throw Error(Errc::bad_input,
                  fmt::format("\"{}\" is not balanced: {:+.4g} {} on the right", reaction.text, left, element),
                  "Correct the numbers in front of the substances");
    }
  }
}

/// Standard uncertainty of ΔG. What stands on both sides, also inside a species made from another, cancels.
double gibbs_sigma(const Reaction& reaction, double kelvin) {
  std::map<std::string, std::pair<double, const Species*>> net;
  const auto add = [&](double amount, const std::string& name, const Species& species) {
    auto& entry = net.try_emplace(name, 0.0, &species).first->second;
    entry.first += amount;
  };
  for (const Term& term : reaction.terms) {
    add(term.amount, term.species.name, term.species);
    if (!term.species.parent.empty()) {
      add(term.amount, term.species.parent, find_species(term.species.parent));
    }
  }
  double variance = 0.0;
  for (const auto& [name, entry] : net) {
    const auto& [amount, species] = entry;
    variance += std::pow(amount * species->enthalpy_kJ_per_mol.sigma, 2) +
                std::pow(amount * species->entropy_J_per_mol_K.sigma * kelvin * 1e-3, 2);
  }
  return std::sqrt(variance);
}

double standard_gibbs(const Reaction& reaction, Temperature temperature, HeatCapacity heat) {
  double sum = 0.0;
  for (const Term& term : reaction.terms) {
    sum += term.amount * term.species.gibbs_at(temperature, heat);
  }
  return sum;
}

}  // namespace

Reaction parse_reaction(std::string_view text, std::span<const Species> extra) {
  constexpr std::string_view arrow = "->";
  const std::size_t middle = text.find(arrow);
  if (middle == std::string_view::npos) {
    throw Error(Errc::bad_input, fmt::format("\"{}\" is not a reaction", text), "Write for example CoO + C -> Co + CO");
  }
  Reaction out{.text = std::string(text), .terms = {}};
  parse_side(trim(text.substr(0, middle)), -1.0, extra, out);
  parse_side(trim(text.substr(middle + arrow.size())), 1.0, extra, out);
  check_balance(out);
  return out;
}

double gas_made(const Reaction& reaction) {
  double sum = 0.0;
  for (const Term& term : reaction.terms) {
    sum += term.species.phase == Phase::gas ? term.amount : 0.0;
  }
  return sum;
}

double reaction_enthalpy(const Reaction& reaction, Temperature temperature, HeatCapacity heat) {
  double sum = 0.0;
  for (const Term& term : reaction.terms) {
    sum += term.amount * term.species.enthalpy_at(temperature, heat);
  }
  return sum;
}

double reaction_entropy(const Reaction& reaction, Temperature temperature, HeatCapacity heat) {
  double sum = 0.0;
  for (const Term& term : reaction.terms) {
    sum += term.amount * term.species.entropy_at(temperature, heat);
  }
  return sum;
}

Estimate gibbs_energy(const Reaction& reaction, Temperature temperature, double pressure_atm, HeatCapacity heat) {
  HOTSTAGE_EXPECTS(pressure_atm > 0.0);
  const double kelvin = temperature.in_K();
  const double mixing = 1e-3 * gas_J_per_mol_K * kelvin * gas_made(reaction) * std::log(pressure_atm * bar_per_atm);
  return {standard_gibbs(reaction, temperature, heat) + mixing, gibbs_sigma(reaction, kelvin)};
}

std::optional<Temperature> equilibrium_temperature(const Reaction& reaction, double pressure_atm, HeatCapacity heat) {
  constexpr double coldest_K = 200.0;
  constexpr double hottest_K = 4000.0;
  const auto root = num::find_root(
      [&](double kelvin) { return gibbs_energy(reaction, Temperature::kelvin(kelvin), pressure_atm, heat).value; },
      coldest_K, hottest_K, {.tolerance = 1e-9});
  return root ? std::optional(Temperature::kelvin(*root)) : std::nullopt;
}

std::optional<Estimate> equilibrium_celsius(const Reaction& reaction, double pressure_atm) {
  const auto at = equilibrium_temperature(reaction, pressure_atm);
  if (!at) {
    return std::nullopt;
  }
  constexpr double step_K = 1.0;
  const auto gibbs = [&](double shift) { return gibbs_energy(reaction, *at + shift * units::K, pressure_atm).value; };
  const double slope = (gibbs(step_K) - gibbs(-step_K)) / (2.0 * step_K);
  const double tables_K = gibbs_sigma(reaction, at->in_K()) / std::abs(slope);
  const auto with_heat = equilibrium_temperature(reaction, pressure_atm, HeatCapacity::tabulated);
  const double heat_K = with_heat ? (*with_heat - *at).base() : 0.0;
  return Estimate{at->in_degC(), std::hypot(tables_K, heat_K)};
}

Estimate equilibrium_log10_atm(const Reaction& reaction, Temperature temperature) {
  const double gas = gas_made(reaction);
  if (gas == 0.0) {
    throw Error(Errc::bad_input, fmt::format("\"{}\" makes and uses no gas", reaction.text),
                "A pressure belongs to a reaction with a gas");
  }
  const double scale = 1e-3 * gas_J_per_mol_K * temperature.in_K() * gas * std::log(10.0);
  const double plain = standard_gibbs(reaction, temperature, HeatCapacity::none);
  const double heated = standard_gibbs(reaction, temperature, HeatCapacity::tabulated);
  return {-plain / scale - std::log10(bar_per_atm),
          std::hypot(gibbs_sigma(reaction, temperature.in_K()), heated - plain) / std::abs(scale)};
}

}  // namespace hotstage::thermo
