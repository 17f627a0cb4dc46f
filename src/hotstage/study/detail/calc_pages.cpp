// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/calc_pages.hpp"

#include "hotstage/atoms/edit.hpp"
#include "hotstage/io/files.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>

namespace hotstage::study::detail {

namespace {

std::vector<double> heights(const calc::Neb& neb) {
  std::vector<double> out;
  for (const calc::BandImage& image : neb.images) {
    out.push_back(image.evaluation.energy_eV - neb.images.front().evaluation.energy_eV);
  }
  return out;
}

/// The cubic through energies and slopes, for the eye.
report::Line cubic_line(const calc::Neb& neb) {
  constexpr int points = 20;
  report::Line line{.name = "cubic through energies and forces"};
  const std::vector<double> e = heights(neb);
  for (std::size_t n = 0; n + 1 < neb.images.size(); ++n) {
    const double h = neb.images[n + 1].path_A - neb.images[n].path_A;
    const double b = -neb.images[n].tangent_force_eV_A * h;
    const double end = -neb.images[n + 1].tangent_force_eV_A * h;
    const double c = 3.0 * (e[n + 1] - e[n]) - 2.0 * b - end;
    const double d = b + end - 2.0 * (e[n + 1] - e[n]);
    for (int k = 0; k <= points; ++k) {
      const double t = static_cast<double>(k) / points;
      line.x.push_back(neb.images[n].path_A + t * h);
      line.y.push_back(e[n] + t * (b + t * (c + t * d)));
    }
  }
  return line;
}

io::Table image_table(const calc::Neb& neb) {
  std::vector<double> number, path, band, tangent, calls;
  for (const calc::BandImage& image : neb.images) {
    number.push_back(static_cast<double>(number.size()));
    path.push_back(image.path_A);
    band.push_back(image.band_force_eV_A);
    tangent.push_back(image.tangent_force_eV_A);
    calls.push_back(static_cast<double>(image.calls));
  }
  io::Table table;
  table.columns = {io::number_column("image", "", number),
                   io::number_column("path", "angstrom", path),
                   io::number_column("energy", "eV", heights(neb)),
                   io::number_column("tangent_force", "eV/angstrom", tangent),
                   io::number_column("band_force", "eV/angstrom", band),
                   io::number_column("calls", "", calls)};
  return table;
}

Check band_check(const calc::Neb& neb, double limit_eV_A) {
  double worst = 0.0;
  for (const calc::BandImage& image : neb.images) {
    worst = std::max(worst, image.band_force_eV_A);
  }
  return {.name = "band at rest",
          .status = neb.converged ? CheckStatus::ok : CheckStatus::failed,
          .measured = fmt::format("{:.4f} eV/Å after {} moves", worst, neb.iterations),
          .limit = fmt::format("{:.4f} eV/Å", limit_eV_A),
          .meaning = neb.converged ? "the path is a path of least energy within this force"
                                   : "the barrier is an upper bound at best: go on with more iterations"};
}

}  // namespace

WorkFolder::WorkFolder(const std::filesystem::path& wanted) : path_(wanted) {
  if (path_.empty()) {
    std::string name = (std::filesystem::temp_directory_path() / "hotstage-calc-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
      throw io::os_error(errno, name, "make");
    }
    path_ = name;
    temporary_ = true;
  }
  std::filesystem::create_directories(path_);
}

WorkFolder::~WorkFolder() {
  if (temporary_) {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
}

Value energy_record(const atoms::Structure& structure, const calc::Evaluation& evaluation,
                    const calc::Settings& settings) {
  Value out = Value::object();
  out["schema"] = "hotstage.energy/1";
  out["formula"] = atoms::formula(structure);
  out["atoms"] = structure.size();
  out["energy_eV"] = evaluation.energy_eV;
  out["largest_force_eV_A"] = calc::largest_force(structure, evaluation.forces_eV_A);
  if (evaluation.stress_eV_A3) {
    Value rows = Value::array();
    for (const atoms::Vector& row : *evaluation.stress_eV_A3) {
      Value one = Value::array();
      for (const double x : row) {
        one.push_back(x);
      }
      rows.push_back(std::move(one));
    }
    out["stress_eV_A3"] = std::move(rows);
  }
  out["settings"] = calc::to_value(settings);
  out["settings_sha256"] = calc::settings_hash(settings);
  return out;
}

io::Table force_table(const atoms::Structure& structure, const calc::Evaluation& evaluation) {
  std::vector<std::string> symbols;
  std::array<std::vector<double>, 3> place, force;
  for (std::size_t i = 0; i < structure.size(); ++i) {
    symbols.emplace_back(structure.elements[i].symbol);
    for (std::size_t k = 0; k < 3; ++k) {
      place[k].push_back(structure.positions_A[i][k]);
      force[k].push_back(evaluation.forces_eV_A[i][k]);
    }
  }
  io::Table table;
  table.columns.push_back(io::text_column("element", symbols));
  for (std::size_t k = 0; k < 3; ++k) {
    table.columns.push_back(io::number_column(std::string(1, "xyz"[k]), "angstrom", place[k]));
  }
  for (std::size_t k = 0; k < 3; ++k) {
    table.columns.push_back(io::number_column(fmt::format("force_{}", "xyz"[k]), "eV/angstrom", force[k]));
  }
  return table;
}

std::string origin(const calc::Settings& settings) {
  return fmt::format("{}, {} (settings {})", settings.engine, calc::name(settings.label),
                     calc::settings_hash(settings));
}

void add_relaxation(const calc::Relaxed& relaxed, const calc::Settings& settings, double limit_eV_A, StepOutput& out) {
  std::vector<double> step, energy, force;
  for (const calc::RelaxStep& entry : relaxed.trace) {
    step.push_back(static_cast<double>(step.size()));
    energy.push_back(entry.energy_eV - relaxed.trace.back().energy_eV);
    force.push_back(entry.force_eV_A);
  }
  out.results.push_back({.id = "energy",
                         .value = relaxed.evaluation.energy_eV,
                         .unit = "eV",
                         .method = fmt::format("relaxed in a fixed cell; {}", origin(settings)),
                         .evidence = "engine",
                         .label = fmt::format("Energy of {}", atoms::formula(relaxed.structure)),
                         .headline = true});
  out.results.push_back({.id = "gain",
                         .value = relaxed.trace.front().energy_eV - relaxed.trace.back().energy_eV,
                         .unit = "eV",
                         .method = fmt::format("start minus end, {} energies", relaxed.trace.size()),
                         .evidence = "engine",
                         .label = "Gained by relaxing"});
  out.checks.push_back(
      {.name = "atoms at rest",
       .status = relaxed.converged ? CheckStatus::ok : CheckStatus::failed,
       .measured = fmt::format("{:.4f} eV/Å", force.back()),
       .limit = fmt::format("{:.4f} eV/Å", limit_eV_A),
       .meaning = relaxed.converged ? "a minimum within this force" : "not a minimum: the energy is an upper bound"});
  out.figures.push_back(
      {.id = "relaxation",
       .title = "Relaxation",
       .caption = "Energy above the last one, and the largest force, step by step.",
       .panels = {{.title = "",
                   .x = {.label = "step", .unit = ""},
                   .y = {.label = "energy", .unit = "eV"},
                   .marks = {report::Line{.name = "energy", .x = step, .y = energy}}},
                  {.title = "",
                   .x = {.label = "step", .unit = ""},
                   .y = {.label = "largest force", .unit = "eV/angstrom", .scale = report::Scale::log},
                   .marks = {report::Line{.name = "largest force", .x = step, .y = force}},
                   .column = 1}}});
  io::Table table;
  table.columns = {io::number_column("step", "", step), io::number_column("energy_above_last", "eV", energy),
                   io::number_column("largest_force", "eV/angstrom", force)};
  out.tables["trace"] = std::move(table);
}

void add_band(const calc::Neb& neb, double limit_eV_A, StepOutput& out) {
  const auto result = [&](std::string id, double value, std::string label, std::string how) {
    out.results.push_back({.id = std::move(id),
                           .value = value,
                           .unit = "eV",
                           .method = fmt::format("{}; {}", how, origin(neb.settings)),
                           .evidence = "engine",
                           .label = std::move(label)});
  };
  const std::string how = fmt::format("{}nudged elastic band, {} images, improved tangent, {} energies",
                                      neb.climbed ? "climbing-image " : "", neb.images.size(), neb.calls);
  if (neb.converged) {
    result("barrier", neb.barrier_eV, "Barrier", how);
    out.results.back().headline = true;
    result("reverse", neb.reverse_eV, "Barrier backwards", how);
    Value record = Value::object();
    record["schema"] = "hotstage.barrier/1";
    record["barrier_eV"] = neb.barrier_eV;
    record["reverse_eV"] = neb.reverse_eV;
    record["reaction_eV"] = neb.reaction_eV;
    record["origin"] = fmt::format("{}; {}", how, origin(neb.settings));
    record["settings"] = calc::to_value(neb.settings);
    out.records["barrier"] = std::move(record);
    result("fit", neb.fit.energy_eV, "Barrier from the cubic", "highest point of the cubic through the images");
  }
  result("reaction", neb.reaction_eV, "Reaction energy", "last image minus first");
  out.checks.push_back(band_check(neb, limit_eV_A));
  if (!neb.minima.empty()) {
    out.checks.push_back({.name = "no minimum on the way",
                          .status = CheckStatus::attention,
                          .measured = fmt::format("a minimum at image {}", fmt::join(neb.minima, ", ")),
                          .limit = "none",
                          .meaning = "the path has several steps: relax that image and search both halves apart"});
  }
  report::Points images{.name = "images"};
  for (const calc::BandImage& image : neb.images) {
    images.x.push_back(image.path_A);
  }
  images.y = heights(neb);
  out.figures.push_back({.id = "band",
                         .title = "Energy along the path",
                         .caption = fmt::format("Energy above the first image; {}.", origin(neb.settings)),
                         .panels = {{.title = "",
                                     .x = {.label = "path", .unit = "angstrom"},
                                     .y = {.label = "energy", .unit = "eV"},
                                     .marks = {cubic_line(neb), images}}}});
  out.tables["images"] = image_table(neb);
}

}  // namespace hotstage::study::detail
