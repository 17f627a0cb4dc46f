// SPDX-License-Identifier: GPL-3.0-or-later
// Step eels.simulate: a dual-EELS pair of known composition, written as an instrument would write it.

#include "hotstage/core/constants.hpp"
#include "hotstage/eels/cross_section.hpp"
#include "hotstage/eels/forward.hpp"
#include "hotstage/study/step.hpp"
#include "hotstage/study/steps/eels_simulate/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::study::eels_simulate {

namespace {

constexpr double mean_over_onset_eV = 20.0;  // the edge signal that background_ratio is measured against

eels::DualPairModel make_model(const Options& options, const std::vector<eels::Edge>& edges) {
  eels::DualPairModel model;
  model.rows = static_cast<std::size_t>(options.rows);
  model.columns = static_cast<std::size_t>(options.columns);
  model.pixel_nm = options.pixel.in(units::nm);
  model.low = {options.low_start.base(), options.step.base(), static_cast<std::size_t>(options.channels)};
  model.core = {options.core_start.base(), options.step.base(), static_cast<std::size_t>(options.channels)};
  model.low_loss = {.zlp_fwhm_eV = options.zlp_fwhm.base(), .plasmon_eV = options.plasmon.base()};
  model.thickness = {options.thickness};
  model.low_electrons = options.low_electrons;
  model.core_electrons = options.core_electrons;
  model.low_gain = options.gain;
  model.core_gain = options.gain;
  model.jitter_eV = options.jitter.base();
  model.beam_energy_keV = options.beam_energy.in(units::keV);
  model.convergence_mrad = options.convergence.in(units::mrad);
  model.collection_mrad = options.collection.in(units::mrad);
  model.background_r = options.background_r;
  const eels::Illumination light{options.beam_energy, options.convergence, options.collection};
  for (std::size_t i = 0; i < edges.size(); ++i) {
    const eels::Edge& edge = edges[i];
    const double scale = options.strength == eels::Strength::photo_absorption ? eels::strength_correction(edge) : 1.0;
    const double per_area = scale * options.atoms[i] * options.areal_density.base();
    model.components.push_back({edge.name(), [edge, light, per_area](double energy_eV) {
                                  const Energy loss = energy_eV * units::eV;
                                  return loss <= edge.onset ? 0.0
                                                            : per_area * constants::barn_nm2 *
                                                                  eels::differential_cross_section(edge, loss, light);
                                }});
  }
  const double first = std::min_element(edges.begin(), edges.end(), [](const auto& a, const auto& b) {
                         return a.onset < b.onset;
                       })->onset.base();
  double signal = 0.0;
  for (const eels::CoreLossComponent& component : model.components) {
    signal += component.density(first + mean_over_onset_eV);
  }
  model.background_reference_eV = first;
  model.background_per_eV = options.background_ratio * signal;
  return model;
}

void check(const Options& options, const std::vector<eels::Edge>& edges) {
  if (edges.empty() || edges.size() != options.atoms.size()) {
    throw Error(Errc::bad_input, fmt::format("{} edges but {} numbers of atoms", edges.size(), options.atoms.size()),
                "Give one number of atoms per edge");
  }
  for (const eels::Edge& edge : edges) {
    if (!eels::has_cross_section(edge)) {
      throw Error(Errc::unsupported, fmt::format("there is no cross-section for {}", edge.name()),
                  "Use K edges, or L edges from Al to Kr");
    }
  }
}

Value make_truth(const Options& options, const std::vector<eels::Edge>& edges, const eels::DualPair& pair) {
  Value truth = Value::object();
  truth["schema"] = "hotstage.truth/1";
  truth["thickness"] = options.thickness;
  for (std::size_t i = 0; i < edges.size(); ++i) {
    Value entry = Value::object();
    entry["edge"] = edges[i].name();
    entry["atoms"] = options.atoms[i];
    truth["composition"].push_back(entry);
  }
  for (const double shift : pair.jitter_eV) {
    truth["jitter_eV"].push_back(shift);
  }
  return truth;
}

StepOutput run(const StepInputs&, const Value& table, Run& run) {
  const auto options = from_table<Options>(table);
  std::vector<eels::Edge> edges;
  for (const std::string& word : options.edges) {
    edges.push_back(eels::find_edge(word));
  }
  check(options, edges);
  Run keyed = run;
  keyed.seed = static_cast<std::uint64_t>(options.seed);
  const eels::DualPair pair = eels::simulate_dual_pair(make_model(options, edges), keyed);
  StepOutput out;
  out.raw["core"] = {pair.core};
  out.raw["low"] = {pair.low};
  out.records["truth"] = make_truth(options, edges, pair);
  out.assumptions.push_back({"The data are simulated",
                             "core loss: hydrogenic cross-sections convolved with a Poisson plasmon series, power-law "
                             "background, counting noise"});
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "eels.simulate",
    .version = 1,
    .title = "Simulated dual-EELS pair",
    .help =
        "Makes a low-loss and a core-loss spectrum image of known composition, with plural scattering, energy jitter "
        "and counting noise",
    .example = "hotstage eels simulate --edges \"Ti L3\" \"O K\" --atoms 1 2 --thickness 0.5 --out pair",
    .inputs = {},
    .outputs = {{"core", Kind::raw, "core-loss spectrum image (.dm4)"},
                {"low", Kind::raw, "low-loss spectrum image (.dm4)"},
                {"truth", Kind::truth, "composition and energy shifts that were put in"}},
    .role = Role::generator,
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::eels_simulate
