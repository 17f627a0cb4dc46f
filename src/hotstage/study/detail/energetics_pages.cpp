// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/energetics_pages.hpp"

#include "hotstage/core/constants.hpp"
#include "hotstage/thermo/species.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace hotstage::study::detail {

namespace {

using thermo::EnergyRecord;
using thermo::find_record;
using thermo::Oxygen;

constexpr double none = std::numeric_limits<double>::quiet_NaN();
constexpr double kJ_per_mol_per_eV = constants::elementary_charge_C * constants::avogadro_per_mol * 1e-3;
constexpr std::array faces{"104", "110", "100"};

/// A record of the oxide with U, and the phase it is.
struct PhaseRecord {
  const char* formula;
  const char* record;
};

constexpr std::array phase_records{PhaseRecord{"LiCoO2", "bulk_lco_u391_400"}, PhaseRecord{"Li2O", "bulk_li2o"},
                                   PhaseRecord{"CoO", "bulk_coo_u391"}, PhaseRecord{"Co3O4", "bulk_co3o4_u391"}};

/// A surface as the results name it.
struct Variant {
  const char* suffix;
  const char* label;
  thermo::Hubbard hubbard;
  thermo::Geometry geometry;
};

constexpr std::array variants{
    Variant{"", "U = 3.91 eV, relaxed", thermo::Hubbard::u391, thermo::Geometry::relaxed},
    Variant{"_cut", "U = 3.91 eV, as cut", thermo::Hubbard::u391, thermo::Geometry::as_cut},
    Variant{"_u0", "U = 0, geometry of U = 3.91 eV", thermo::Hubbard::u0, thermo::Geometry::relaxed}};

/// Host, vacancy records and Li content of one series.
struct Series {
  const char* host;
  const char* prefix;
  double x;
};

constexpr std::array series{Series{"host_x1", "vo_x1_", 1.0}, Series{"host_x05_even", "vo_x05_", 0.5}};

/// Core-hours, from finished decks of the same kind and size, with those of the deck whose geometry it starts from.
struct Planned {
  const char* deck;
  double core_hours;
};

constexpr std::array planned{Planned{"slab_104_4_u391_600", 0.05}, Planned{"slab_110_4_u391_600", 0.05},
                             Planned{"slab_100_9_u391_600", 2.0},  Planned{"vo_x1_nospin", 0.15},
                             Planned{"vo_x05_1li", 1.0},           Planned{"path1_x05_vo_end", 1.0},
                             Planned{"pdos_lco_u391", 0.02},       Planned{"pdos_lco_u0", 0.02}};

Result engine_result(std::string id, const Estimate& estimate, std::string unit, std::string label) {
  return {.id = std::move(id),
          .value = estimate.value,
          .sigma = estimate.sigma,
          .unit = std::move(unit),
          .evidence = "engine",
          .label = std::move(label)};
}

void add(StepOutput& out, Result result, const std::string& method) {
  result.method = "reduced settings: " + method;
  out.results.push_back(std::move(result));
}

StabilityRegion computed_region(const EnergyBook& book, Oxygen oxygen) {
  StabilityRegion out{
      .set = oxygen == Oxygen::raw ? "records, raw O2" : "records, corrected O2", .phases = {}, .oxygen = oxygen};
  for (const auto& [formula, name] : phase_records) {
    const EnergyRecord* record = find_record(book.records, name);
    if (record != nullptr && book.references) {
      out.phases.push_back(thermo::formed(*record, formula, *book.references, oxygen));
    }
  }
  return out;
}

StabilityRegion measured_region() {
  StabilityRegion out{.set = "measured enthalpies, corrected O2", .phases = {}, .oxygen = Oxygen::corrected};
  for (const auto& [formula, name] : phase_records) {
    const thermo::Species& species = thermo::find_species(formula);
    out.phases.push_back({formula, species.composition, species.enthalpy_kJ_per_mol.value / kJ_per_mol_per_eV});
  }
  return out;
}

/// σ of a difference of two records of one cell.
double sigma_of(const EnergyRecord& a, const EnergyRecord& b) {
  constexpr double closed_muB = 0.1;
  const bool open = std::abs(a.moment_muB) > closed_muB || std::abs(b.moment_muB) > closed_muB;
  return open ? std::hypot(same_cell_sigma_eV, open_shell_sigma_eV) : same_cell_sigma_eV;
}

/// E_f(V_O) at ½ O2.
std::optional<double> vacancy_at_oxygen(const EnergyBook& book, const Series& of, Oxygen oxygen) {
  const EnergyRecord* host = find_record(book.records, of.host);
  const EnergyRecord* defect = thermo::lowest_vacancy(book.records, of.prefix);
  if (host == nullptr || defect == nullptr || !book.references) {
    return std::nullopt;
  }
  return thermo::vacancy_difference(*defect, *host) + book.references->half_oxygen(oxygen);
}

const thermo::Corner* cobalt_rich(const StabilityRegion& region) {
  return thermo::extreme_corner(region.corners, "Co", "Li");
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) {
    out += (out.empty() ? "" : ", ") + word;
  }
  return out;
}

std::string vacancy_formula(const EnergyBook& book, const Series& of, Oxygen oxygen) {
  const EnergyRecord& host = *find_record(book.records, of.host);
  const EnergyRecord& defect = *thermo::lowest_vacancy(book.records, of.prefix);
  return fmt::format(
      "E({}) − E({}) + ½ E(O2) = {:.3f} + {:.3f} {:+.3f} eV{}", defect.name, host.name, defect.energy_eV,
      -host.energy_eV, book.references->half_oxygen(oxygen),
      oxygen == Oxygen::corrected ? ", O2 raised by 1.36 eV (doi:10.1103/PhysRevB.73.195107)" : ", O2 as computed");
}

/// How much was computed: what a claim over several settings or orders needs to know.
void add_count(const char* id, std::size_t count, const char* label, StepOutput& out) {
  out.results.push_back({.id = id,
                         .value = static_cast<double>(count),
                         .unit = "",
                         .method = "reduced settings: finished records counted",
                         .evidence = "engine",
                         .label = label});
}

/// The corner's number with our formation energies; σ holds the distance to the one with measured enthalpies.
void add_vacancy_corner(const EnergyBook& book, StepOutput& out) {
  const auto corrected = vacancy_at_oxygen(book, series[0], Oxygen::corrected);
  const StabilityRegion& ours = book.regions[1];
  const StabilityRegion& measured = book.regions[2];
  const thermo::Corner* corner = cobalt_rich(ours);
  const thermo::Corner* known = cobalt_rich(measured);
  if (!corrected || corner == nullptr || known == nullptr) {
    add_missing("vacancy_corner", "vo_x1_nospin", out);
    return;
  }
  const double here = corner->shift_eV.at("O");
  const double there = known->shift_eV.at("O");
  add(out,
      engine_result("vacancy_corner", {*corrected + here, std::hypot(same_cell_sigma_eV, here - there)}, "eV",
                    "Energy of an O vacancy, x = 1, Co-rich and Li-poor"),
      fmt::format("{:.3f} eV at ½ O2 {:+.3f} eV: Δμ_O where LiCoO2 stands with {}; with measured enthalpies of "
                  "formation Δμ_O = {:.3f} eV and {:.3f} eV, the difference is in σ",
                  *corrected, here, joined(corner->limits), there, *corrected + there));
  out.checks.push_back({"Oxygen at the Co-rich, Li-poor corner", CheckStatus::attention,
                        fmt::format("Δμ_O {:.2f} eV computed, {:.2f} eV from measured enthalpies", here, there), "",
                        "PBE+U with the metal without U binds the Co oxides too weakly against Co and O2"});
}

}  // namespace

EnergyBook open_energy_book() {
  EnergyBook book;
  book.records = thermo::read_energy_records();
  book.surfaces = thermo::surface_energies(book.records);
  book.references = thermo::element_references(book.records);
  book.mesh_eV = thermo::mesh_spread(book.records).value_or(0.0);
  book.regions = {computed_region(book, Oxygen::raw), computed_region(book, Oxygen::corrected), measured_region()};
  for (StabilityRegion& region : book.regions) {
    if (region.phases.size() == phase_records.size()) {
      region.corners = thermo::stability_corners(region.phases.front(), std::span(region.phases).subspan(1));
    }
  }
  return book;
}

void add_missing(std::string_view result, std::string_view deck, StepOutput& out) {
  const auto found = std::ranges::find_if(planned, [&](const Planned& p) { return p.deck == deck; });
  const std::string cost =
      found == planned.end() ? "cost not estimated" : fmt::format("about {:.2g} core-hours", found->core_hours);
  out.checks.push_back({fmt::format("{} is computed", result), CheckStatus::attention,
                        fmt::format("deck {} has not finished", deck), cost,
                        "The result is left out; estimated from finished decks of the same kind and size"});
}

void add_surfaces(const EnergyBook& book, StepOutput& out) {
  std::size_t settled = 0;  // settings in which all three relaxed faces are there
  for (const Variant& variant : variants) {
    std::vector<std::optional<thermo::BestSurface>> best;
    for (const char* face : faces) {
      best.push_back(thermo::best_surface(book.surfaces, {face, variant.hubbard, variant.geometry}, book.mesh_eV));
      if (best.back()) {
        add(out,
            engine_result(fmt::format("gamma_{}{}", face, variant.suffix), best.back()->gamma_J_per_m2, "J/m^2",
                          fmt::format("Surface energy ({}), {}", face, variant.label)),
            best.back()->surface.formula + "; " + best.back()->parts);
      } else if (*variant.suffix == '\0') {
        add_missing(fmt::format("gamma_{}", face),
                    fmt::format("slab_{}_{}_u391_600", face, std::string_view(face) == "100" ? 9 : 4), out);
      }
    }
    if (const auto margin = thermo::order_margin(std::span(best).first(2), best[2])) {
      add(out,
          engine_result(fmt::format("surface_order_margin{}", variant.suffix), *margin, "J/m^2",
                        fmt::format("γ(100) less the larger of the others, {}", variant.label)),
          "(100) against (104) and (110) of the same settings");
      settled += variant.geometry == thermo::Geometry::relaxed ? 1 : 0;
    } else if (*variant.suffix == '\0') {
      add_missing("surface_order_margin", "slab_100_9_u391_600", out);
    }
  }
  add_count("surface_settings_count", settled, "Treatments of U in which all three relaxed faces are computed", out);
}

void add_vacancies(const EnergyBook& book, StepOutput& out) {
  const std::array ids{"vacancy_x1", "vacancy_x05"};
  const std::array decks{"vo_x1_nospin", "vo_x05_1li"};
  std::array<std::optional<double>, 2> raw;
  std::array<double, 2> sigma{};
  for (std::size_t k = 0; k < series.size(); ++k) {
    raw[k] = vacancy_at_oxygen(book, series[k], Oxygen::raw);
    if (!raw[k]) {
      add_missing(ids[k], decks[k], out);
      continue;
    }
    const std::string label = fmt::format("Energy of an O vacancy at ½ O2, x = {:.3g}", series[k].x);
    sigma[k] =
        sigma_of(*find_record(book.records, series[k].host), *thermo::lowest_vacancy(book.records, series[k].prefix));
    add(out, engine_result(ids[k], {*raw[k], sigma[k]}, "eV", label + ", raw"),
        vacancy_formula(book, series[k], Oxygen::raw) +
            "; σ: two engines on one unrelaxed vacancy, 0.2 eV for states of open shells not found");
    add(out,
        engine_result(fmt::format("{}_corrected", ids[k]),
                      {*vacancy_at_oxygen(book, series[k], Oxygen::corrected), sigma[k]}, "eV",
                      label + ", O2 corrected"),
        vacancy_formula(book, series[k], Oxygen::corrected));
  }
  if (raw[0] && raw[1]) {
    add(out,
        engine_result("vacancy_drop", {*raw[0] - *raw[1], std::hypot(sigma[0], sigma[1])}, "eV",
                      "Energy of an O vacancy, x = 1 less x = 0.5"),
        "one Li order at x = 0.5, lowest of the finished vacancies each; independent of O2");
  } else {
    add_missing("vacancy_drop", "vo_x05_1li", out);
  }
  add_count("vacancy_orders_count", raw[1] ? 1 : 0, "Li orders below x = 1 with a computed vacancy", out);
  add_vacancy_corner(book, out);
}

void add_overlaps(const EnergyBook& book, StepOutput& out) {
  for (const char* treatment : {"u391", "u391plain", "u0"}) {
    const std::string deck = fmt::format("pdos_lco_{}", treatment);
    const EnergyRecord* record = find_record(book.records, deck);
    if (record == nullptr || !record->states) {
      add_missing(fmt::format("overlap_bulk_{}", treatment), deck, out);
      continue;
    }
    const thermo::Overlap overlap = thermo::state_overlap(*record->states);
    add(out,
        engine_result(fmt::format("overlap_bulk_{}", treatment), {overlap.value, overlap.sigma}, "",
                      fmt::format("Overlap of O 2p and Co 3d in bulk LiCoO2, {}", treatment)),
        fmt::format("∫ min of the normalised densities below the top of the occupied states, record {}; σ: broadened "
                    "once more by {:.2f} eV",
                    deck, record->states->width_eV));
  }
}

void add_hops(const EnergyBook& book, StepOutput& out) {
  struct Hop {
    const char* id;
    const char* start;
    const char* end;
    const char* label;
  };

  constexpr std::array hops{
      Hop{"path1_energy", "vo_x05_1li", "path1_x05_vo_end", "Co to the Li layer beside an O vacancy, x = 0.5"},
      Hop{"path1_energy_no_vacancy", "host_x05_even", "path1_x05_end", "Co to the Li layer, no O vacancy, x = 0.5"},
      Hop{"path1_energy_x1", "path1_x1_start", "path1_x1_end", "Co to a Li vacancy, x = 1"}};
  for (const Hop& hop : hops) {
    const EnergyRecord* start = find_record(book.records, hop.start);
    const EnergyRecord* end = find_record(book.records, hop.end);
    if (start != nullptr && end != nullptr) {
      const std::array parts{thermo::Part{1.0, end}, thermo::Part{-1.0, start}};
      add(out,
          engine_result(
              hop.id, {thermo::energy_difference(parts, thermo::Mix::none, thermo::Mesh::same), sigma_of(*start, *end)},
              "eV", fmt::format("Energy of reaction: {}", hop.label)),
          fmt::format("E({}) − E({}) = {:.3f} + {:.3f} eV; largest forces left {:.2f} and {:.2f} eV/Å; no barrier",
                      end->name, start->name, end->energy_eV, -start->energy_eV, end->largest_force_eV_per_A,
                      start->largest_force_eV_per_A));
    } else if (std::string_view(hop.id) == "path1_energy") {
      add_missing(hop.id, hop.end, out);
    }
  }
}

namespace {

io::Table record_table(const EnergyBook& book) {
  std::vector<std::string> name, formula, engine, mesh, hubbard, label;
  std::vector<double> energy, force, cutoff, length, cost;
  for (const EnergyRecord& r : book.records) {
    name.push_back(r.name);
    formula.push_back(r.formula);
    engine.push_back(r.engine);
    mesh.push_back(fmt::format("{} x {} x {}", r.mesh[0], r.mesh[1], r.mesh[2]));
    hubbard.push_back(r.hubbard.empty() ? "none" : r.hubbard);
    label.push_back(r.label);
    energy.push_back(r.energy_eV);
    force.push_back(r.largest_force_eV_per_A);
    cutoff.push_back(r.cutoff_eV);
    length.push_back(r.mesh_length_A > 0.0 ? r.mesh_length_A : none);
    cost.push_back(r.core_hours);
  }
  io::Table table;
  table.columns = {io::text_column("name", name),
                   io::text_column("formula", formula),
                   io::text_column("engine", engine),
                   io::number_column("cutoff", "eV", cutoff),
                   io::text_column("k-points", mesh),
                   io::number_column("k-length", "angstrom", length),
                   io::text_column("U", hubbard),
                   io::text_column("label", label),
                   io::number_column("energy", "eV", energy),
                   io::number_column("largest_force", "eV/angstrom", force),
                   io::number_column("cost", "core-hours", cost)};
  return table;
}

io::Table surface_table(const EnergyBook& book) {
  std::vector<std::string> name, face, geometry, hubbard, formula;
  std::vector<double> planes, gamma, oriented, force;
  for (const thermo::SurfaceEnergy& s : book.surfaces) {
    name.push_back(s.slab->name);
    face.push_back("(" + s.slab->face + ")");
    geometry.emplace_back(thermo::name(s.geometry));
    hubbard.emplace_back(thermo::name(s.hubbard));
    formula.push_back(s.formula);
    planes.push_back(s.slab->planes);
    gamma.push_back(s.gamma_J_per_m2);
    oriented.push_back(s.gamma_oriented_J_per_m2.value_or(none));
    force.push_back(s.slab->largest_force_eV_per_A);
  }
  io::Table table;
  table.columns = {io::text_column("record", name),
                   io::text_column("face", face),
                   io::text_column("geometry", geometry),
                   io::text_column("U", hubbard),
                   io::number_column("planes", "", planes),
                   io::number_column("gamma", "J/m^2", gamma),
                   io::number_column("gamma_own_cell", "J/m^2", oriented),
                   io::number_column("largest_force", "eV/angstrom", force),
                   io::text_column("formula", formula)};
  return table;
}

io::Table vacancy_table(const EnergyBook& book) {
  std::vector<std::string> name, host;
  std::vector<double> x, raw, corrected, moment, force;
  for (const Series& of : series) {
    const EnergyRecord* perfect = find_record(book.records, of.host);
    for (const EnergyRecord& r : book.records) {
      if (perfect == nullptr || !book.references || !r.name.starts_with(of.prefix)) {
        continue;
      }
      const double apart = thermo::vacancy_difference(r, *perfect);
      name.push_back(r.name);
      host.emplace_back(of.host);
      x.push_back(of.x);
      raw.push_back(apart + book.references->half_oxygen(Oxygen::raw));
      corrected.push_back(apart + book.references->half_oxygen(Oxygen::corrected));
      moment.push_back(r.moment_muB);
      force.push_back(r.largest_force_eV_per_A);
    }
  }
  io::Table table;
  table.columns = {io::text_column("record", name),
                   io::text_column("host", host),
                   io::number_column("x", "", x),
                   io::number_column("energy_raw_O2", "eV", raw),
                   io::number_column("energy_corrected_O2", "eV", corrected),
                   io::number_column("moment", "muB", moment),
                   io::number_column("largest_force", "eV/angstrom", force)};
  return table;
}

io::Table formation_table(const EnergyBook& book) {
  std::vector<std::string> formula, record;
  std::array<std::vector<double>, 3> energy;
  for (std::size_t k = 0; k < phase_records.size(); ++k) {
    formula.emplace_back(phase_records[k].formula);
    record.emplace_back(phase_records[k].record);
    for (std::size_t set = 0; set < energy.size(); ++set) {
      const auto& phases = book.regions[set].phases;
      energy[set].push_back(phases.size() == phase_records.size() ? phases[k].formation_eV : none);
    }
  }
  io::Table table;
  table.columns = {io::text_column("phase", formula), io::text_column("record", record),
                   io::number_column("formation_raw_O2", "eV", energy[0]),
                   io::number_column("formation_corrected_O2", "eV", energy[1]),
                   io::number_column("measured_298K", "eV", energy[2])};
  return table;
}

io::Table corner_table(const EnergyBook& book) {
  std::vector<std::string> set, limits;
  std::array<std::vector<double>, 3> shift;
  std::vector<double> vacancy;
  for (const StabilityRegion& region : book.regions) {
    const auto at_oxygen = vacancy_at_oxygen(book, series[0], region.oxygen);
    for (const thermo::Corner& corner : region.corners) {
      set.push_back(region.set);
      limits.push_back(joined(corner.limits));
      shift[0].push_back(corner.shift_eV.at("Li"));
      shift[1].push_back(corner.shift_eV.at("Co"));
      shift[2].push_back(corner.shift_eV.at("O"));
      vacancy.push_back(at_oxygen ? *at_oxygen + corner.shift_eV.at("O") : none);
    }
  }
  io::Table table;
  table.columns = {io::text_column("energies", set),
                   io::text_column("LiCoO2 stands with", limits),
                   io::number_column("shift_Li", "eV", shift[0]),
                   io::number_column("shift_Co", "eV", shift[1]),
                   io::number_column("shift_O", "eV", shift[2]),
                   io::number_column("vacancy_x1", "eV", vacancy)};
  return table;
}

report::Figure surface_figure(const EnergyBook& book) {
  report::Figure figure{.id = "surface-energies", .title = "Surface energies of LiCoO2"};
  figure.caption = "Reduced settings, 600 eV, stoichiometric slabs without spin. A face without a bar is not computed.";
  report::Panel panel{.x = {.label = "Face"}, .y = {.label = "γ", .unit = "J m^{-2}"}};
  for (const Variant& variant : variants) {
    report::Bars bars{.name = variant.label};
    for (const char* face : faces) {
      const auto best = thermo::best_surface(book.surfaces, {face, variant.hubbard, variant.geometry}, book.mesh_eV);
      bars.labels.push_back(fmt::format("({})", face));
      bars.values.push_back(best ? best->gamma_J_per_m2.value : none);
      bars.sigma.push_back(best ? best->gamma_J_per_m2.sigma : none);
    }
    if (std::ranges::any_of(bars.values, [](double v) { return std::isfinite(v); })) {
      panel.marks.emplace_back(std::move(bars));
    }
  }
  figure.panels.push_back(std::move(panel));
  return figure;
}

report::Figure vacancy_figure(const EnergyBook& book) {
  constexpr double lowest_eV = -3.0;
  report::Figure figure{.id = "vacancy-energy", .title = "Energy of an oxygen vacancy"};
  figure.caption =
      "Reduced settings, neutral vacancy in a 48-atom cell; Δμ_{O} is counted from ½ O_{2} with the 1.36 eV "
      "correction. "
      "Vertical lines: the Co-rich, Li-poor end of the region in which LiCoO_{2} is stable.";
  report::Panel panel{.x = {.label = "Δμ_{O}", .unit = "eV"}, .y = {.label = "E_{f}(V_{O})", .unit = "eV"}};
  for (const Series& of : series) {
    if (const auto energy = vacancy_at_oxygen(book, of, Oxygen::corrected)) {
      panel.marks.emplace_back(report::Line{.name = fmt::format("x = {:.3g}", of.x),
                                            .x = {lowest_eV, 0.0},
                                            .y = {*energy + lowest_eV, *energy},
                                            .sigma = {same_cell_sigma_eV, same_cell_sigma_eV}});
    }
  }
  for (std::size_t set : {1U, 2U}) {
    if (const thermo::Corner* corner = cobalt_rich(book.regions[set])) {
      panel.marks.emplace_back(report::VerticalLine{
          .label = set == 1 ? "corner, computed" : "corner, measured enthalpies", .value = corner->shift_eV.at("O")});
    }
  }
  figure.panels.push_back(std::move(panel));
  return figure;
}

report::Figure states_figure(const EnergyBook& book) {
  report::Figure figure{.id = "bulk-states", .title = "O 2p and Co 3d in bulk LiCoO2"};
  figure.caption =
      "Reduced settings; projected densities of states per atom, broadened by 0.15 eV; zero: top of the "
      "occupied states.";
  for (const auto& [record_name, title] :
       {std::pair{"pdos_lco_u391", "U = 3.91 eV"}, std::pair{"pdos_lco_u0", "U = 0"}}) {
    const EnergyRecord* record = find_record(book.records, record_name);
    if (record == nullptr || !record->states) {
      continue;
    }
    report::Panel panel{.title = title,
                        .x = {.label = "Energy", .unit = "eV"},
                        .y = {.label = "States", .unit = "eV^{-1}"},
                        .row = figure.panels.size(),
                        .x_link = "energy"};
    panel.marks.emplace_back(
        report::Line{.name = "Co 3d", .x = record->states->energy_eV, .y = record->states->cobalt_3d});
    panel.marks.emplace_back(
        report::Line{.name = "O 2p", .x = record->states->energy_eV, .y = record->states->oxygen_2p});
    panel.marks.emplace_back(report::VerticalLine{.label = "", .value = 0.0});
    figure.panels.push_back(std::move(panel));
  }
  return figure;
}

}  // namespace

void add_energy_tables(const EnergyBook& book, StepOutput& out) {
  out.tables["records"] = record_table(book);
  out.tables["surfaces"] = surface_table(book);
  out.tables["vacancies"] = vacancy_table(book);
  out.tables["formation"] = formation_table(book);
  out.tables["corners"] = corner_table(book);
}

void add_energy_figures(const EnergyBook& book, StepOutput& out) {
  for (report::Figure figure : {surface_figure(book), vacancy_figure(book), states_figure(book)}) {
    const bool drawn = std::ranges::any_of(figure.panels, [](const report::Panel& p) { return !p.marks.empty(); });
    if (drawn) {
      out.figures.push_back(std::move(figure));
    }
  }
}

}  // namespace hotstage::study::detail
