// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/meso/controls.hpp"

#include "hotstage/core/parallel.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hotstage::meso {

namespace {

constexpr double never_degC = 700.0;

kinetics::Programme paper_ramp() {
  return kinetics::Programme::ramp(Temperature::celsius(25.0), Temperature::celsius(650.0), HeatingRate(2.0));
}

Scenario aged(const Parameters& parameters, const AgedCell& cell, const FieldOptions& field, std::uint64_t seed) {
  return {.parameters = parameters,
          .chemistry = make_chemistry({.x = cell.x, .drivers = field.drivers}),
          .dose = cell.dose,
          .rival = Rival::b,
          .programme = paper_ramp(),
          .seed = seed};
}

double largest_difference(const Outcome& a, const Outcome& b) {
  if (a.samples.size() != b.samples.size()) {
    return 1.0;
  }
  double largest = 0.0;
  for (std::size_t i = 0; i < a.samples.size(); ++i) {
    largest = std::max(largest, std::abs(a.samples[i].transformed - b.samples[i].transformed));
  }
  return largest;
}

double crossing_at(const Polycrystal& crystal, const Scenario& scenario) {
  constexpr double share = 0.05;
  return first_crossing(crystal, simulate(crystal, scenario), share).temperature_degC.value_or(never_degC);
}

struct OneSeed {
  double difference = 0.0;
  double cobalt_nm3 = 0.0;
  double nucleated = 0.0;
  double later_K = 0.0;
};

OneSeed control_of(const Parameters& parameters, const AgedCell& cell, const ControlOptions& options,
                   std::uint64_t index) {
  OneSeed out;
  const Polycrystal crystal = field_of(options.field, index);
  Scenario scenario = aged(parameters, cell, options.field, options.field.seed + index);
  Scenario no_cores = scenario;
  no_cores.parameters.vacancy_in_cores = 0.5 * parameters.vacancy_in_cores;  // must not matter without cores
  no_cores.dose.mean = 0.0;
  Scenario pristine = scenario;
  pristine.dose = {};
  out.difference = largest_difference(simulate(crystal, no_cores), simulate(crystal, pristine));

  Parameters general = parameters;
  general.cobalt_barrier_eV = general.cobalt_barrier_other_eV;
  CobaltGrowth growth(crystal, 0, general);
  if (const auto start = growth.nucleation(scenario.programme, 1.0)) {
    std::vector<double> cobalt(crystal.label.size(), 1.0);
    static_cast<void>(growth.grow(cobalt, growth.supply(scenario.programme, *start, scenario.programme.end())));
    out.cobalt_nm3 = 4.0 / 3.0 * std::numbers::pi * std::pow(growth.particle().radius_nm, 3);
  }
  out.nucleated = growth.nucleation(scenario.programme, cobalt_threshold(scenario.seed, 0)) ? 1.0 : 0.0;

  scenario.parameters.boundary_sites_per_nm2 = 0.0;
  scenario.parameters.interior_sites_per_nm3 = 0.0;
  scenario.rival = Rival::a;
  const double closed = crossing_at(crystal, scenario);
  scenario.rival = Rival::c;
  out.later_K = closed - crossing_at(crystal, scenario);
  return out;
}

double gain_at(const Outcome& outcome, double degC) {
  double gain = 0.0;
  for (const Sample& sample : outcome.samples) {
    if (sample.temperature_degC <= degC) {
      gain = sample.transformed - outcome.samples.front().transformed;
    }
  }
  return gain;
}

DriverRun drive(const Parameters& parameters, const AgedCell& cell, const ControlOptions& options,
                const ChemistryOptions& chemistry) {
  const Polycrystal crystal = field_of(options.field, 0);
  Scenario scenario = aged(parameters, cell, options.field, options.field.seed);
  scenario.chemistry = make_chemistry(chemistry);
  double solids = 0.0;
  double fresh = 0.0;
  SimulationOptions simulation{.save_times_s = {scenario.programme.end().in(units::s)}};
  simulation.on_save = [&](const FoilState& state) {
    const Buffer<float, 3> maps = material_maps(crystal, scenario, state);
    for (std::size_t i = 0; i < maps.size(); ++i) {
      const bool in_solid = crystal.label[i % crystal.label.size()] > 0;
      solids += in_solid ? static_cast<double>(maps.data()[i]) : 0.0;
    }
    fresh = parameters.foil_nm * crystal.solid_nm2() / (crystal.pixel_nm * crystal.pixel_nm);
  };
  // Without metal: its Co would count as lost volume.
  scenario.parameters.cobalt_coverage = 0.0;
  const Outcome outcome = simulate(crystal, scenario, simulation);
  constexpr double early_degC = 520.0;
  constexpr double end_degC = 650.0;
  return {.driver = chemistry.driver,
          .li_fate = chemistry.li_fate,
          .x = chemistry.x,
          .allowed_above_degC = Temperature::kelvin(scenario.chemistry.gates.layered_above_K).in_degC(),
          .extent = scenario.chemistry.extent,
          .gain_at_520 = gain_at(outcome, early_degC),
          .gain_at_650 = gain_at(outcome, end_degC),
          .gas_share = outcome.oxygen_as_gas,
          .porosity = 1.0 - solids / fresh};
}

}  // namespace

Controls run_controls(const Parameters& parameters, const AgedCell& cell, const ControlOptions& options, Run& run) {
  std::vector<OneSeed> seeds(options.seeds);
  parallel_chunks(run, seeds.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      seeds[i] = control_of(parameters, cell, options, i);
    }
  });
  Controls out;
  const auto n = static_cast<double>(std::max<std::size_t>(1, seeds.size()));
  for (const OneSeed& seed : seeds) {
    out.no_seeds_difference = std::max(out.no_seeds_difference, seed.difference);
    out.cobalt_typical_nm3 = std::max(out.cobalt_typical_nm3, seed.cobalt_nm3);
    out.cobalt_share += seed.nucleated / n;
    out.wall_minus_open_K += seed.later_K / n;
  }
  return out;
}

std::vector<DriverRun> run_drivers(const Parameters& parameters, const AgedCell& cell, const ControlOptions& options,
                                   Run& run) {
  std::vector<ChemistryOptions> cases;
  for (const double x : {1.0, cell.x}) {
    for (const auto& driver : enum_names(Driver{})) {
      cases.push_back({.x = x, .driver = driver.value, .drivers = options.field.drivers});
    }
    cases.push_back({.x = x, .driver = Driver::carbon, .li_fate = LiFate::lost, .drivers = options.field.drivers});
  }
  std::vector<DriverRun> out(cases.size());
  parallel_chunks(run, cases.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      out[i] = drive(parameters, cell, options, cases[i]);
    }
  });
  return out;
}

}  // namespace hotstage::meso
