// SPDX-License-Identifier: GPL-3.0-or-later
// Step calc.energy: energy and forces of one structure.

#include "hotstage/atoms/edit.hpp"
#include "hotstage/atoms/format.hpp"
#include "hotstage/study/detail/calc_pages.hpp"

#include <fmt/format.h>

namespace hotstage::study::calc_energy {

namespace {

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<detail::EngineOptions>(table);
  const atoms::Structure structure = atoms::load_structure(inputs.files.at("structure"));
  const detail::WorkFolder folder(options.folder);
  const auto calculator = calc::make_calculator(options.engine, options.dft, structure, folder.path());
  const calc::Evaluation evaluation = calculator->evaluate(structure, run);
  StepOutput out;
  out.results.push_back({.id = "energy",
                         .value = evaluation.energy_eV,
                         .unit = "eV",
                         .method = detail::origin(calculator->settings()),
                         .evidence = "engine",
                         .label = fmt::format("Energy of {}", atoms::formula(structure)),
                         .headline = true});
  out.results.push_back({.id = "force",
                         .value = calc::largest_force(structure, evaluation.forces_eV_A),
                         .unit = "eV/angstrom",
                         .method = detail::origin(calculator->settings()),
                         .evidence = "engine",
                         .label = "Largest force on a free atom"});
  out.records["record"] = detail::energy_record(structure, evaluation, calculator->settings());
  out.tables["forces"] = detail::force_table(structure, evaluation);
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "calc.energy",
    .version = 1,
    .title = "Energy and forces",
    .help = "Energy and forces of a structure, from the built-in pair potential or an engine over i-PI",
    .example = "hotstage calc energy --structure LiCoO2.extxyz --engine gpaw --kpts 4 4 4",
    .inputs = {{"structure", Kind::raw, true, "structure file: extxyz or POSCAR; the last frame counts"}},
    .outputs = {{"record", Kind::record, "hotstage.energy/1: energy, largest force, stress, settings and their hash"},
                {"forces", Kind::table, "one row per atom"}},
    .options = make_options<detail::EngineOptions>,
    .run = run,
};

}  // namespace hotstage::study::calc_energy
