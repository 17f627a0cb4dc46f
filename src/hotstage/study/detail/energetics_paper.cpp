// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/energetics_paper.hpp"

#include "hotstage/atoms/format.hpp"
#include "hotstage/core/data_folders.hpp"
#include "hotstage/io/document.hpp"
#include "hotstage/study/detail/atoms_pages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <set>

namespace hotstage::study::detail {

namespace {

using thermo::EnergyRecord;

const Result* find_result(const StepOutput& out, const std::optional<std::string>& id) {
  const auto found = std::ranges::find_if(out.results, [&](const Result& result) { return id && result.id == *id; });
  return found == out.results.end() ? nullptr : &*found;
}

/// The finished records a claim names.
std::vector<const EnergyRecord*> behind(const EnergyBook& book, const Value& claim) {
  std::vector<const EnergyRecord*> out;
  if (const Value* names = claim.find("records")) {
    for (const Value& name : names->as_array()) {
      if (const EnergyRecord* record = thermo::find_record(book.records, name.as_text())) {
        out.push_back(record);
      }
    }
  }
  return out;
}

/// One text per record, each once: "2 x 4 x 1; 4 x 4 x 1".
template <class F>
std::string each_once(const std::vector<const EnergyRecord*>& records, const F& text_of) {
  std::string out;
  std::set<std::string> seen;
  for (const EnergyRecord* record : records) {
    const std::string text = text_of(*record);
    if (seen.insert(text).second) {
      out += (out.empty() ? "" : "; ") + text;
    }
  }
  return out;
}

std::string value_text(const Result& result, bool instead) {
  const std::string sigma = result.sigma ? fmt::format(" ± {:.2f}", *result.sigma) : std::string();
  return fmt::format("{}{:.2f}{} {}", instead ? "instead: " + result.label + ": " : "", result.value, sigma,
                     result.unit);
}

/// Energy above the first end, two levels joined by a line.
report::Line levels(const std::string& name, double energy_eV) {
  return {.name = name, .x = {0.0, 0.3, 0.7, 1.0}, .y = {0.0, 0.0, energy_eV, energy_eV}, .dash = report::Dash::solid};
}

void add_hop_figure(StepOutput& out) {
  report::Figure figure{.id = "hops", .title = "A cobalt atom goes to the lithium layer (path I)"};
  figure.caption =
      "Energy of both ends, relaxed, reduced settings. What lies between them is not computed: the line is no path, "
      "and a "
      "barrier is at least as high as the upper end.";
  report::Panel panel{.x = {.label = "from octahedron to Li layer", .range = std::array{0.0, 1.0}},
                      .y = {.label = "energy", .unit = "eV"}};
  constexpr std::array<std::pair<const char*, const char*>, 3> hops{
      {{"path1_energy", "beside an O vacancy, x = 0.5"},
       {"path1_energy_no_vacancy", "no O vacancy, x = 0.5"},
       {"path1_energy_x1", "to a Li vacancy, x = 1"}}};
  for (const auto& [id, name] : hops) {
    if (const Result* result = find_result(out, id)) {
      panel.marks.emplace_back(levels(name, result->value));
    }
  }
  if (!panel.marks.empty()) {
    figure.panels.push_back(std::move(panel));
    out.figures.push_back(std::move(figure));
  }
}

}  // namespace

void add_publication_table(const EnergyBook& book, StepOutput& out) {
  const Value document = io::read_document(data_folder("energetics") / "publication.toml");
  std::vector<std::string> id, quantity, paper, ours, engine, cell, mesh, cutoff, hubbard, why;
  std::vector<double> difference, cost;
  for (const Value& claim : document.at("claim").as_array()) {
    const Result* result = find_result(out, claim.text_at("result"));
    const Result* instead = result == nullptr ? find_result(out, claim.text_at("instead")) : nullptr;
    const auto records =
        result != nullptr || instead != nullptr ? behind(book, claim) : std::vector<const EnergyRecord*>();
    id.push_back(claim.at("id").as_text());
    quantity.push_back(claim.at("quantity").as_text());
    paper.push_back(claim.at("paper").as_text());
    ours.push_back(result != nullptr    ? value_text(*result, false)
                   : instead != nullptr ? value_text(*instead, true)
                                        : "not yet");
    const Value* value = claim.find("value");
    difference.push_back(value != nullptr && result != nullptr ? result->value - value->as_number()
                                                               : std::numeric_limits<double>::quiet_NaN());
    engine.push_back(each_once(records, [](const EnergyRecord& r) { return r.engine + ", " + r.label; }));
    cell.push_back(each_once(records, [](const EnergyRecord& r) { return r.formula; }));
    mesh.push_back(each_once(
        records, [](const EnergyRecord& r) { return fmt::format("{} x {} x {}", r.mesh[0], r.mesh[1], r.mesh[2]); }));
    cutoff.push_back(each_once(records, [](const EnergyRecord& r) { return fmt::format("{:g} eV", r.cutoff_eV); }));
    hubbard.push_back(
        each_once(records, [](const EnergyRecord& r) { return r.hubbard.empty() ? "none" : "Co " + r.hubbard; }));
    double hours = 0.0;
    for (const EnergyRecord* record : records) {
      hours += record->core_hours;
    }
    cost.push_back(hours);
    why.push_back(claim.at("why").as_text());
  }
  out.tables["publication"].columns = {io::text_column("claim", id),
                                       io::text_column("quantity", quantity),
                                       io::text_column("publication", paper),
                                       io::text_column("ours", ours),
                                       io::number_column("difference", "eV", difference),
                                       io::text_column("why", why),
                                       io::text_column("engine", engine),
                                       io::text_column("cells", cell),
                                       io::text_column("k-points", mesh),
                                       io::text_column("cutoff", cutoff),
                                       io::text_column("U", hubbard),
                                       io::number_column("cost", "core-hours", cost)};
}

void add_structure_figures(const EnergyBook& book, StepOutput& out) {
  add_hop_figure(out);

  struct Shown {
    const char* record;
    const char* id;
    const char* title;
  };

  constexpr std::array shown{Shown{"slab_100_9_u391_600", "slab-100", "The (100) surface, relaxed"},
                             Shown{"vo_x05_1li", "vacancy", "Li0.5CoO2 with an O vacancy, relaxed"},
                             Shown{"path1_x05_vo_end", "hop-end", "The same with a Co atom in the Li layer, relaxed"}};
  for (const Shown& one : shown) {
    if (thermo::find_record(book.records, one.record) != nullptr) {
      const auto file = data_folder("energetics") / one.record / "structure.extxyz";
      out.figures.push_back(model_figure(atoms::load_structure(file), one.id, one.title));
    }
  }
}

}  // namespace hotstage::study::detail
