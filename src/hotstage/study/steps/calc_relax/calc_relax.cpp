// SPDX-License-Identifier: GPL-3.0-or-later
// Step calc.relax: atoms of one structure moved to rest in a fixed cell.

#include "hotstage/atoms/format.hpp"
#include "hotstage/study/detail/calc_pages.hpp"

namespace hotstage::study::calc_relax {

namespace {

struct Options {
  detail::EngineOptions engine;
  calc::RelaxOptions relax;

  template <class V>
  void fields(V& v) {
    engine.fields(v);
    relax.fields(v);
  }
};

StepOutput run(const StepInputs& inputs, const Value& table, Run& run) {
  const auto options = from_table<Options>(table);
  const atoms::Structure structure = atoms::load_structure(inputs.files.at("structure"));
  const detail::WorkFolder folder(options.engine.folder);
  const auto calculator = calc::make_calculator(options.engine.engine, options.engine.dft, structure, folder.path());
  const calc::Relaxed relaxed = calc::relax(structure, *calculator, options.relax, run);
  StepOutput out;
  detail::add_relaxation(relaxed, calculator->settings(), options.relax.force_eV_A, out);
  out.records["record"] = detail::energy_record(relaxed.structure, relaxed.evaluation, calculator->settings());
  out.raw_text["relaxed"] = {"extxyz", atoms::to_extxyz(relaxed.structure)};
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "calc.relax",
    .version = 1,
    .title = "Relaxation",
    .help =
        "Moves the atoms of a structure in its fixed cell until the forces are small (FIRE or L-BFGS, capped steps)",
    .example = "hotstage calc relax --structure cell.extxyz --engine gpaw --force_eV_A 0.05",
    .inputs = {{"structure", Kind::raw, true, "structure file: extxyz or POSCAR; the last frame counts"}},
    .outputs = {{"relaxed", Kind::raw, "structure at rest, extxyz"},
                {"record", Kind::record, "hotstage.energy/1 of it"},
                {"trace", Kind::table, "energy and largest force of every step"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::calc_relax
