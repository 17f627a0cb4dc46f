// SPDX-License-Identifier: GPL-3.0-or-later
// Step meso.simulate: one heated lamella, aged or pristine, as truth for the virtual microscope.

#include "hotstage/study/detail/meso_pages.hpp"

namespace hotstage::study::meso_simulate {

namespace {

enum class Specimen { aged, pristine };

constexpr auto enum_names(Specimen) {
  return std::array{EnumName<Specimen>{Specimen::aged, "aged"}, EnumName<Specimen>{Specimen::pristine, "pristine"}};
}

struct Options {
  Specimen specimen = Specimen::aged;
  meso::Rival rival = meso::Rival::b;
  meso::Driver driver = meso::Driver::carbon;
  meso::LiFate li_fate = meso::LiFate::kept;
  int cells = 256;
  Length pixel = 2.0 * units::nm;
  int grains = 9;
  std::optional<int> voids;
  std::optional<int> cracks;
  Time interval = 2.0 * units::s;
  double least_change = 1e-5;
  int seed = 1;

  template <class V>
  void fields(V& v) {
    v("case", specimen, {.help = "aged: Li content and damage of the cell; pristine: x = 1, no damage"});
    v("rival", rival, {.help = "how grain boundaries are passed: A never, B by events, C freely"});
    v("driver", driver, {.help = "why oxygen leaves"});
    v("li_fate", li_fate, {.help = "Li of transformed material: kept as Li2O or lost"});
    v("cells", cells, {.help = "cells per side", .min = 32, .max = 4096});
    v("pixel", pixel, {.help = "size of a cell", .unit = "nm", .min = 0.5, .max = 20.0});
    v("grains", grains, {.help = "grains in the field", .min = 1, .max = 1000});
    v("voids", voids,
      {.help = "hexagonal voids, the first one special; unset: 3 aged, 0 pristine", .min = 0, .max = 100});
    v("cracks", cracks, {.help = "cracks; unset: 1 aged, 0 pristine", .min = 0, .max = 100});
    v("interval", interval, {.help = "time between looks at the state", .unit = "s", .min = 0.01, .max = 1000.0});
    v("least_change", least_change, {.help = "a look is kept when the foil changed by this mean share", .min = 0.0});
    v("seed", seed, {.help = "seed of microstructure and events", .min = 0});
  }
};

meso::Scenario make_scenario(const StepInputs& inputs, const Options& options, const meso::Frozen& frozen) {
  const meso::AgedCell cell = meso::cell_from_value(inputs.records.at("cell"));
  const bool aged = options.specimen == Specimen::aged;
  return {.parameters = meso::central(frozen.table),
          .chemistry = meso::make_chemistry({.x = aged ? cell.x : 1.0,
                                             .driver = options.driver,
                                             .li_fate = options.li_fate,
                                             .drivers = meso::drivers_from_value(inputs.records.at("drivers"))}),
          .dose = aged ? cell.dose : meso::Dose{},
          .rival = options.rival,
          .programme = detail::lamella_programme(inputs.records.at("heating")),
          .seed = static_cast<std::uint64_t>(options.seed)};
}

void add_results(const meso::Outcome& outcome, const meso::Scenario& scenario, StepOutput& out) {
  const double visible = scenario.parameters.visible_fraction;
  if (const auto onset = meso::find_onset(outcome.samples, meso::Zone::all, visible)) {
    out.results.push_back({.id = "onset",
                           .value = *onset,
                           .unit = "degC",
                           .method = "true lamella temperature at which 2 % of the field has changed",
                           .evidence = "twin",
                           .label = "Onset that was put in"});
  }
  detail::add_balance(outcome, out);
}

StepOutput run(const StepInputs& inputs, const Value& table, Run&) {
  const auto options = from_table<Options>(table);
  const meso::Frozen frozen = meso::frozen_from_value(inputs.records.at("parameters"));
  const meso::Scenario scenario = make_scenario(inputs, options, frozen);
  const bool aged = options.specimen == Specimen::aged;
  const meso::Polycrystal crystal =
      meso::make_polycrystal({.cells = static_cast<std::size_t>(options.cells),
                              .pixel_nm = options.pixel.in(units::nm),
                              .grains = static_cast<std::size_t>(options.grains),
                              .voids = static_cast<std::size_t>(options.voids.value_or(aged ? 3 : 0)),
                              .cracks = static_cast<std::size_t>(options.cracks.value_or(aged ? 1 : 0)),
                              .seed = static_cast<std::uint64_t>(options.seed)});
  meso::StateRecorder recorder(crystal, scenario, options.least_change);
  detail::MapKeeper maps(scenario.programme);
  meso::SimulationOptions simulation;
  simulation.save_times_s = detail::look_times(scenario.programme, options.interval);
  simulation.on_save = [&](const meso::FoilState& state) {
    recorder.add(state);
    maps.add(state);
  };
  const meso::Outcome outcome = meso::simulate(crystal, scenario, simulation);
  recorder.finish();
  StepOutput out;
  out.signals["state"] = detail::state_signal(crystal, recorder);
  out.signals["labels"] = detail::label_signal(crystal);
  out.records["scene"] = meso::scene_value(
      crystal, scenario, outcome, {.specimen = aged ? "aged" : "pristine", .parameters_sha256 = frozen.sha256});
  out.tables["events"] = meso::event_table(outcome);
  out.tables["course"] = meso::sample_table(outcome);
  out.figures.push_back(detail::state_figure(crystal, maps.maps()));
  out.figures.push_back(detail::course_figure(outcome, aged ? "The aged lamella" : "The pristine lamella"));
  add_results(outcome, scenario, out);
  detail::add_assumptions(out);
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "meso.simulate",
    .version = 2,
    .title = "Heated lamella, simulated",
    .help =
        "Runs the frozen mesoscale model on one microstructure along the true lamella temperature and keeps the "
        "thickness of every material over time",
    .example = "hotstage meso simulate --parameters fit.json --cell cell.json --heating heating.json --case aged",
    .inputs = {{"parameters", Kind::record, true, "frozen parameters of meso.fit"},
               {"cell", Kind::record, true, "the aged cell (hotstage.cell/1)"},
               {"heating", Kind::truth, true, "what the lamella really went through (hotstage.heating/1)"},
               detail::drivers_input()},
    .outputs = {{"state", Kind::truth, "thickness in nm: time × material × y × x (.hspy)"},
                {"labels", Kind::truth, "grain number per pixel, 0 in voids and cracks (.hspy)"},
                {"scene", Kind::truth, "materials, grains, voids, cracks, cores (.json)"},
                {"events", Kind::truth, "what started where and when (.csv)"},
                {"course", Kind::truth, "means over the field against time (.csv)"}},
    .role = Role::generator,
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::meso_simulate
