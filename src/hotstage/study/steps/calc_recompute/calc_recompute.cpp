// SPDX-License-Identifier: GPL-3.0-or-later
// Step calc.recompute: one stored energy of data/energetics, and on request the same calculation by the engine here.

#include "hotstage/atoms/format.hpp"
#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/study/detail/calc_pages.hpp"
#include "hotstage/thermo/energetics.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <string_view>

namespace hotstage::study::calc_recompute {

namespace {

enum class Source { stored, engine };

constexpr auto enum_names(Source) {
  return std::array{EnumName<Source>{Source::stored, "stored"}, EnumName<Source>{Source::engine, "engine"}};
}

struct Options {
  std::string record = "bulk_lco_u391_400";
  Source source = Source::stored;
  double limit_eV_per_atom = 1e-3;
  int ranks = 1;
  std::filesystem::path folder;

  template <class V>
  void fields(V& v) {
    v("record", record, {.help = "folder of data/energetics with a result of the engine gpaw"});
    v("source", source, {.help = "stored: read the record; engine: besides, compute its last geometry again"});
    v("limit_eV_per_atom", limit_eV_per_atom, {.help = "largest difference that passes, eV per atom", .min = 1e-7});
    v("ranks", ranks, {.help = "MPI processes", .min = 1, .max = 1024});
    v("folder", folder, {.help = "where the engine works; empty: a temporary folder"});
  }
};

/// The settings of a record as options of the engine; the record writes U as ":d,3.91" or, not normalised, ":d,3.91,0".
calc::DftOptions settings_of(const thermo::EnergyRecord& record, int ranks) {
  calc::DftOptions out;
  out.cutoff = record.cutoff_eV * units::eV;
  out.kpts = record.mesh;
  out.ranks = ranks;
  out.hubbard_U = 0.0 * units::eV;
  constexpr std::string_view shell = ":d,";
  if (!record.hubbard.empty()) {
    const std::string_view text = std::string_view(record.hubbard).substr(shell.size());
    double u_eV = 0.0;
    std::from_chars(text.data(), text.data() + text.size(), u_eV);
    out.hubbard_U = u_eV * units::eV;
    out.convention = text.ends_with(",0") ? calc::HubbardConvention::plain : calc::HubbardConvention::normalised;
  }
  return out;
}

const thermo::EnergyRecord& chosen(const std::vector<thermo::EnergyRecord>& records, const std::string& name) {
  const thermo::EnergyRecord* record = thermo::find_record(records, name);
  if (record == nullptr) {
    throw Error(Errc::bad_input, fmt::format("data/energetics has no finished record \"{}\"", name),
                "hotstage thermo energetics lists them in its table records");
  }
  if (record->engine != "gpaw") {
    throw Error(Errc::unsupported, fmt::format("the record {} comes from {}, not from gpaw", name, record->engine));
  }
  return *record;
}

StepOutput run(const StepInputs&, const Value& table, Run& run) {
  const auto options = from_table<Options>(table);
  const std::vector<thermo::EnergyRecord> records = thermo::read_energy_records();
  const thermo::EnergyRecord& record = chosen(records, options.record);
  StepOutput out;
  out.results.push_back(
      {.id = "stored",
       .value = record.energy_eV,
       .unit = "eV",
       .method = fmt::format("{} settings, {:.3g} core-hours when it was made", record.label, record.core_hours),
       .evidence = "engine",
       .label = fmt::format("Stored energy of {} ({})", record.formula, record.name)});
  if (options.source == Source::stored) {
    out.assumptions.push_back({"Stored energies are read, not computed again",
                               "hotstage reproduce --recompute runs the engine for this one"});
    return out;
  }
  const atoms::Structure structure =
      atoms::load_structure(data_folder("energetics") / record.name / "structure.extxyz");
  const detail::WorkFolder folder(options.folder);
  const auto calculator = calc::make_calculator("gpaw", settings_of(record, options.ranks), structure, folder.path());
  const calc::Evaluation now = calculator->evaluate(structure, run);
  const double off = (now.energy_eV - record.energy_eV) / static_cast<double>(structure.size());
  out.results.push_back(
      {.id = "difference",
       .value = 1e3 * off,
       .unit = "meV",
       .method = fmt::format("per atom, computed in this run minus stored; {}", detail::origin(calculator->settings())),
       .evidence = "engine",
       .label = "Computed again, difference",
       .headline = true});
  const bool good = std::abs(off) <= options.limit_eV_per_atom;
  out.checks.push_back({.name = "stored energy is found again",
                        .status = good ? CheckStatus::ok : CheckStatus::failed,
                        .measured = fmt::format("{:+.2e} eV per atom off", off),
                        .limit = fmt::format("{:g} eV per atom", options.limit_eV_per_atom),
                        .meaning = good ? "the engine here gives the numbers that the claims rest on"
                                        : "another version or a trap: see hotstage calc engines"});
  out.tables["forces"] = detail::force_table(structure, now);
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "calc.recompute",
    .version = 1,
    .title = "A stored energy, computed again",
    .help =
        "Reads one first-principles record of data/energetics and, with --source engine, runs the same calculation "
        "with GPAW over i-PI and compares",
    .example = "hotstage calc recompute --record bulk_lco_u391_400 --source engine",
    .inputs = {},
    .outputs = {{"forces", Kind::table, "atoms and forces of the new calculation"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::calc_recompute
