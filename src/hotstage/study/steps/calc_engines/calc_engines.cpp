// SPDX-License-Identifier: GPL-3.0-or-later
// Step calc.engines: which engines are installed, and what their known traps look like on this machine.

#include "hotstage/calc/engine.hpp"
#include "hotstage/study/step.hpp"

#include <fmt/format.h>

namespace hotstage::study::calc_engines {

namespace {

CheckStatus status(calc::TrapState state) {
  return state == calc::TrapState::ok        ? CheckStatus::ok
         : state == calc::TrapState::warning ? CheckStatus::attention
                                             : CheckStatus::failed;
}

StepOutput run(const StepInputs&, const Value& table, Run& run) {
  const auto options = from_table<calc::DftOptions>(table);
  StepOutput out;
  std::vector<std::string> id, title, installed, version, program, hint;
  for (const calc::EngineStatus& engine : calc::engine_statuses()) {
    id.push_back(engine.id);
    title.push_back(engine.title);
    installed.emplace_back(engine.installed ? "yes" : "no");
    version.push_back(engine.version);
    program.push_back(engine.program);
    hint.push_back(engine.installed ? "" : engine.hint);
    run.info(fmt::format("{}: {}{}", engine.id, engine.installed ? "installed " : "not installed. ",
                         engine.installed ? engine.version : engine.hint));
  }
  out.tables["engines"].columns = {io::text_column("engine", id),           io::text_column("title", title),
                                   io::text_column("installed", installed), io::text_column("version", version),
                                   io::text_column("program", program),     io::text_column("how_to_get_it", hint)};
  std::vector<std::string> name, state, found, remedy;
  for (const calc::Trap& trap : calc::check_engine(options)) {
    name.push_back(trap.name);
    state.emplace_back(trap.state == calc::TrapState::ok ? "ok" : "attention");
    found.push_back(trap.found);
    remedy.push_back(trap.remedy);
    out.checks.push_back({.name = trap.name,
                          .status = status(trap.state),
                          .measured = trap.found,
                          .limit = "",
                          .meaning = trap.remedy.empty() ? "nothing to be done" : trap.remedy});
  }
  out.tables["traps"].columns = {io::text_column("trap", name), io::text_column("state", state),
                                 io::text_column("found", found), io::text_column("remedy", remedy)};
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "calc.engines",
    .version = 1,
    .title = "Engines",
    .help =
        "Which engines for energies and forces are installed, and whether the traps that make them slow or wrong (BLAS "
        "library, its kernels for this processor, threads under MPI) lie open on this machine",
    .example = "hotstage calc engines --ranks 2",
    .inputs = {},
    .outputs = {{"engines", Kind::table, "one row per engine"}, {"traps", Kind::table, "one row per known trap"}},
    .options = make_options<calc::DftOptions>,
    .run = run,
};

}  // namespace hotstage::study::calc_engines
