// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/echem/priors.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/core/rng.hpp"

#include <array>
#include <cmath>

namespace hotstage::echem {

namespace {

constexpr std::uint64_t prior_stream = 0x7072696f72733031;  // "priors01"

constexpr std::array table{
    Prior{PriorName::mass_factor, "true over weighed active mass", "", Spread::normal, 1.0, 0.01,
          "balance and composition of a small disc, prior"},
    Prior{PriorName::curve_offset, "offset of the open-circuit curve", "V", Spread::normal, 0.0, 0.005,
          "published LiCoO2 curves differ by some mV, prior"},
    Prior{PriorName::curve_shift, "shift of the fitted part of the open-circuit curve", "V", Spread::normal, 0.0, 0.010,
          "data/lco_ocp: no table up to 4.6 V"},
    Prior{PriorName::diffusivity, "diffusivity of Li", "m^2/s", Spread::lognormal, 1e-14, 0.3,
          "Ramadass et al. 2004; spread: prior"},
    Prior{PriorName::diffusivity_full, "diffusivity of the full lattice over that elsewhere", "", Spread::lognormal,
          0.2, 0.5, "Van der Ven and Ceder 2000 (direction); size: prior"},
    Prior{PriorName::reaction_rate, "reaction rate", "A/m^2 (m^3/mol)^1.5", Spread::lognormal, 2.252e-6, 0.3,
          "Ramadass et al. 2004; spread: prior"},
    Prior{PriorName::film, "film resistance per particle surface", "ohm m^2", Spread::lognormal, 5e-3, 0.5, "prior"},
    Prior{PriorName::series, "series resistance of the coin cell", "ohm", Spread::lognormal, 20.0, 0.3, "prior"},
    Prior{PriorName::side_reaction, "electrolyte oxidation at 4.6 V over 1 C", "", Spread::lognormal, 0.015, 0.5,
          "prior: CE of 99.5-99.9 %"},
    Prior{PriorName::film_per_loss, "film growth per logarithm of active material lost", "", Spread::lognormal, 4.0,
          0.5, "prior"},
    Prior{PriorName::dose_onset, "onset of damage", "V", Spread::normal, 4.40, 0.03, "prior"},
    Prior{PriorName::lithium_at_start, "Li per Co of the fresh powder", "", Spread::uniform, 0.992, 0.005, "prior"},
    Prior{PriorName::current_gain, "shown over true current", "", Spread::normal, 1.0, 5e-4,
          "prior: 0.1 % of full scale of such testers as two standard deviations"},
    Prior{PriorName::dose_log_sigma, "lognormal spread of the dose over boundary facets", "", Spread::lognormal, 0.5,
          0.2, "prior; a cycler does not see it"},
};

double value_of(const Prior& prior, Rng& rng) {
  switch (prior.spread) {
    case Spread::normal:
      return prior.centre + prior.sigma * rng.normal();
    case Spread::lognormal:
      return prior.centre * std::exp(prior.sigma * rng.normal());
    case Spread::uniform:
      return prior.centre + prior.sigma * (2.0 * rng.uniform() - 1.0);
  }
  return prior.centre;
}

double get(const std::vector<double>& values, PriorName name) {
  return values[static_cast<std::size_t>(name)];
}

}  // namespace

std::span<const Prior> priors() {
  return table;
}

const Prior& prior(PriorName name) {
  const Prior& found = table[static_cast<std::size_t>(name)];
  HOTSTAGE_ENSURES(found.name == name);
  return found;
}

std::vector<double> draw_priors(std::uint64_t seed, std::uint64_t draw) {
  Rng rng(seed, prior_stream, draw);
  std::vector<double> out;
  for (const Prior& prior : table) {
    out.push_back(value_of(prior, rng));
  }
  return out;
}

std::vector<double> central_priors() {
  std::vector<double> out;
  for (const Prior& prior : table) {
    out.push_back(prior.centre);
  }
  return out;
}

AgeingCell make_cell(const std::vector<double>& values, const CellBuild& build, Protocol protocol) {
  HOTSTAGE_EXPECTS(values.size() == table.size());
  AgeingCell out;
  const double one_c_A = build.weighed_active_mass_g * build.one_c_mA_per_g * 1e-3;
  out.cell.active_mass_g = build.weighed_active_mass_g * get(values, PriorName::mass_factor);
  out.cell.diffusivity = {get(values, PriorName::diffusivity), get(values, PriorName::diffusivity_full)};
  out.cell.reaction_rate = get(values, PriorName::reaction_rate);
  out.cell.film_ohm_m2 = get(values, PriorName::film);
  out.cell.series_ohm = get(values, PriorName::series);
  out.cell.side_A = get(values, PriorName::side_reaction) * one_c_A;
  out.law.film_per_loss = get(values, PriorName::film_per_loss);
  out.law.dose.onset_V = get(values, PriorName::dose_onset);
  out.protocol = protocol;
  out.protocol.current_A = build.c_rate * one_c_A;
  out.protocol.lithium_at_start = get(values, PriorName::lithium_at_start);
  return out;
}

OpenCircuit make_curve(const std::vector<double>& values) {
  return lithium_cobalt_oxide().shifted(get(values, PriorName::curve_offset), get(values, PriorName::curve_shift));
}

double facet_dose(double mean, double log_sigma, double z) {
  return mean * std::exp(log_sigma * z - 0.5 * log_sigma * log_sigma);
}

}  // namespace hotstage::echem
