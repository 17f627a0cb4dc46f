// SPDX-License-Identifier: GPL-3.0-or-later
// Step thermo.energetics: surfaces, vacancies, hops and bonding from our own first-principles records.

#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/study/detail/energetics_paper.hpp"
#include "hotstage/study/step.hpp"

#include <fmt/format.h>

#include <string>

namespace hotstage::study::thermo_energetics {

namespace {

/// Of the records as they lie there now; nothing when there are none.
std::string present_fingerprint() {
  try {
    return thermo::energy_fingerprint(data_folder("energetics"));
  } catch (const Error&) {
    return {};
  }
}

/// The fingerprint stands among the options so that a store forgets old answers when a record is added.
struct Options {
  std::string fingerprint = present_fingerprint();

  template <class V>
  void fields(V& v) {
    v("fingerprint", fingerprint, {.help = "SHA-256 of the records; set it to insist on a state of data/energetics"});
  }
};

void check_cost(const detail::EnergyBook& book, StepOutput& out) {
  double hours = 0.0;
  bool reduced = true;
  for (const thermo::EnergyRecord& record : book.records) {
    hours += record.core_hours;
    reduced = reduced && record.label == "reduced";
  }
  out.checks.push_back({"Records read", CheckStatus::ok,
                        fmt::format("{} records, {:.2f} core-hours", book.records.size(), hours), "",
                        reduced ? "All are labelled reduced: looser than a publication's settings"
                                : "Labels differ, see table records"});
}

void add_assumptions(StepOutput& out) {
  out.assumptions = {
      {"Co metal without U, oxides with it",
       "A named mix in formation energies and corners only; U moves the oxides by 1 eV per formula unit and more"},
      {"O2 raised by 1.36 eV where said",
       "PBE binds O2 too strongly; fitted to oxides without d electrons by Wang, Maxisch and Ceder 2006, "
       "doi:10.1103/PhysRevB.73.195107. Raw numbers stand beside"},
      {"Slabs at 600 eV in the geometry of 400 eV, without spin",
       "What relaxing at 600 eV may gain is in σ; what surface Co in other spin states would gain is not"},
      {"Neutral vacancies, 48-atom cell, Γ only, no zero-point energy",
       "Finite size and k-points are the same in both terms and not corrected"}};
}

StepOutput run(const StepInputs&, const Value& table, Run&) {
  const auto options = from_table<Options>(table);
  const std::string present = present_fingerprint();
  if (options.fingerprint != present) {
    throw Error(Errc::refused, fmt::format("data/energetics has fingerprint {}, not {}", present, options.fingerprint),
                "Leave the option fingerprint out, or get the records it belongs to");
  }
  const detail::EnergyBook book = detail::open_energy_book();
  StepOutput out;
  detail::add_surfaces(book, out);
  detail::add_vacancies(book, out);
  detail::add_overlaps(book, out);
  detail::add_hops(book, out);
  check_cost(book, out);
  add_assumptions(out);
  detail::add_energy_tables(book, out);
  detail::add_publication_table(book, out);
  detail::add_energy_figures(book, out);
  detail::add_structure_figures(book, out);
  return out;
}

}  // namespace

extern const Step step;
const Step step{
    .id = "thermo.energetics",
    .version = 3,
    .title = "Our own first-principles numbers",
    .help =
        "Surface energies, oxygen vacancies with the chemical potentials that LiCoO2 allows, energies of Co hops and "
        "the overlap of O 2p and Co 3d, from the records of data/energetics; all with reduced settings",
    .example = "hotstage thermo energetics",
    .inputs = {},
    .outputs = {{"publication", Kind::table,
                 "per claim: the publication's number, ours, settings, cost, why they differ"},
                {"records", Kind::table, "every calculation with settings and cost"},
                {"surfaces", Kind::table, "surface energies with their formula"},
                {"vacancies", Kind::table, "oxygen vacancies with each starting moment or site"},
                {"formation", Kind::table, "formation energies per formula unit, computed and measured"},
                {"corners", Kind::table, "corners of the region of chemical potentials in which LiCoO2 is stable"}},
    .options = make_options<Options>,
    .run = run,
};

}  // namespace hotstage::study::thermo_energetics
