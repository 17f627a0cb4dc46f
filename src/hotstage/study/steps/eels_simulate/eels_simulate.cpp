// SPDX-License-Identifier: GPL-3.0-or-later
// Step eels.simulate: a dual-EELS pair of known composition, written as an instrument would write it.

#include "hotstage/core/constants.hpp"
#include "hotstage/eels/cross_section.hpp"
#include "hotstage/eels/forward.hpp"
#include "hotstage/study/step.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::study::eels_simulate {

namespace {

constexpr auto per_nm2 = Quantity<Dimension{.nm = -2}>(1.0);
using ArealDensity = Quantity<Dimension{.nm = -2}>;

struct Options {
  std::vector<std::string> edges;
  std::vector<double> atoms;
  ArealDensity areal_density = 1500.0 * per_nm2;
  double thickness = 0.5;
  int rows = 8;
  int columns = 8;
  Length pixel = 1.0 * units::nm;
  Energy beam_energy = 300.0 * units::keV;
  Angle convergence = 17.8 * units::mrad;
  Angle collection = 35.0 * units::mrad;
  Energy step = 0.5 * units::eV;
  Energy core_start = 380.0 * units::eV;
  Energy low_start = -30.0 * units::eV;
  int channels = 1024;
  Energy zlp_fwhm = 1.3 * units::eV;
  Energy plasmon = 25.0 * units::eV;
  Energy jitter = 0.5 * units::eV;
  double core_electrons = 2e9;
  double low_electrons = 2e6;
  double background_r = 3.2;
  double background_ratio = 3.0;
  double gain = 1.0;
  eels::Strength strength = eels::Strength::photo_absorption;
  int seed = 1;

  template <class V>
  void fields(V& v) {
    v("edges", edges, {.help = "edges in the spectrum, e.g. Ti L3, O K", .required = true});
    v("atoms", atoms, {.help = "atoms of each edge's element per formula unit", .required = true});
    v("areal_density", areal_density, {.help = "formula units per area of specimen", .unit = "1/nm^2", .min = 0.0});
    v("thickness", thickness, {.help = "t/lambda", .min = 0.0, .max = 5.0});
    v("rows", rows, {.help = "pixels along y", .min = 1, .max = 4096});
    v("columns", columns, {.help = "pixels along x", .min = 1, .max = 4096});
    v("pixel", pixel, {.help = "pixel size", .unit = "nm", .min = 1e-3});
    v("beam_energy", beam_energy, {.help = "beam energy", .unit = "keV", .min = 10.0, .max = 3000.0});
    v("convergence", convergence, {.help = "convergence semi-angle", .unit = "mrad", .min = 0.0, .max = 200.0});
    v("collection", collection, {.help = "collection semi-angle", .unit = "mrad", .min = 0.01, .max = 500.0});
    v("step", step, {.help = "energy per channel", .unit = "eV", .min = 0.005, .max = 10.0});
    v("core_start", core_start, {.help = "first channel of the core loss", .unit = "eV", .min = 10.0});
    v("low_start", low_start, {.help = "first channel of the low loss", .unit = "eV", .max = 0.0});
    v("channels", channels, {.help = "channels of each member", .min = 64, .max = 65536});
    v("zlp_fwhm", zlp_fwhm, {.help = "full width at half maximum of the zero-loss peak", .unit = "eV", .min = 0.01});
    v("plasmon", plasmon, {.help = "plasmon energy", .unit = "eV", .min = 1.0});
    v("jitter", jitter,
      {.help = "standard deviation of the energy shift common to both members", .unit = "eV", .min = 0.0});
    v("core_electrons", core_electrons, {.help = "incident electrons of one core-loss spectrum", .min = 1.0});
    v("low_electrons", low_electrons, {.help = "incident electrons of one low-loss spectrum", .min = 1.0});
    v("background_r", background_r, {.help = "exponent of the power-law background", .min = 1.0, .max = 8.0});
    v("background_ratio", background_ratio, {.help = "background over edge signal at the first onset", .min = 0.0});
    v("gain", gain, {.help = "counts per electron", .min = 1e-3});
    v("strength", strength, {.help = "scale of the cross-sections put in; the analysis has the same option"});
    v("seed", seed, {.help = "seed of the noise", .min = 0});
  }
};

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
