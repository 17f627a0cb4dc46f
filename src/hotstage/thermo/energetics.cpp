// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/thermo/energetics.hpp"

#include "hotstage/atoms/format.hpp"
#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/io/document.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/io/sha256.hpp"
#include "hotstage/thermo/species.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace hotstage::thermo {

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> result_files(const fs::path& folder) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (fs::exists(entry.path() / "result.json")) {
      out.push_back(entry.path() / "result.json");
    }
  }
  std::ranges::sort(out);
  return out;
}

ProjectedStates read_states(const Value& node) {
  ProjectedStates out{.width_eV = node.at("width_eV").as_number(),
                      .energy_eV = node.at("energy_eV").as_numbers(),
                      .cobalt_3d = node.at("Co_3d").as_numbers(),
                      .oxygen_2p = node.at("O_2p").as_numbers()};
  if (out.energy_eV.size() < 2 || out.cobalt_3d.size() != out.energy_eV.size() ||
      out.oxygen_2p.size() != out.energy_eV.size()) {
    throw Error(Errc::bad_input, node.where, "curves of the densities of states differ in length");
  }
  return out;
}

bool is_molecule(const EnergyRecord& record) {
  return record.composition.size() == 1 && record.composition.contains("O");
}

double mesh_length(const EnergyRecord& record, const fs::path& structure) {
  const double points = record.mesh[0] * record.mesh[1] * record.mesh[2];
  if (record.area_A2 > 0.0) {
    return std::sqrt(points * record.area_A2);
  }
  if (is_molecule(record) || !fs::exists(structure)) {
    return 0.0;
  }
  const atoms::Cell cell = atoms::load_structure(structure).cell_A;
  double volume = 0.0;
  for (std::size_t k = 0; k < 3; ++k) {
    const std::size_t next = (k + 1) % 3;
    const std::size_t last = (k + 2) % 3;
    volume += cell[0][k] * (cell[1][next] * cell[2][last] - cell[1][last] * cell[2][next]);
  }
  return std::cbrt(points * std::abs(volume));
}

/// Python writes an infinite gap as a bare word, which JSON does not have.
Value read_python_json(const fs::path& file) {
  std::string text = io::read_text(file);
  for (const std::string_view word : {": -Infinity", ": Infinity", ": NaN"}) {
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word)) {
      text.replace(at, word.size(), ": null");
    }
  }
  return io::parse_json(text, file.string());
}

EnergyRecord read_record(const fs::path& file) {
  const Value node = read_python_json(file);
  if (node.text_at("schema") != "hotstage.energetics/1") {
    throw Error(Errc::bad_input, Location{.file = file.string()}, "is not a record of schema hotstage.energetics/1");
  }
  const Value& settings = node.at("settings");
  EnergyRecord out{.name = file.parent_path().filename().string(), .formula = node.at("formula").as_text()};
  out.composition = composition_of(out.formula);
  out.energy_eV = node.at("energy_eV").as_number();
  out.largest_force_eV_per_A = node.at("fmax_eV_A").as_number();
  out.moment_muB = node.number_at("moment_muB").value_or(0.0);
  out.engine = settings.at("engine").as_text();
  out.cutoff_eV = settings.at("ecut_eV").as_number();
  const auto& mesh = settings.at("kpts").as_array();
  for (std::size_t k = 0; k < out.mesh.size() && k < mesh.size(); ++k) {
    out.mesh[k] = static_cast<int>(mesh[k].as_integer());
  }
  out.hubbard = settings.at("hubbard_Co").as_text();
  out.comparable = node.at("comparable_sha256").as_text();
  out.apart_from_u = fmt::format("{} {} {} {:.6g} eV, {} {:.4g} eV", out.engine, settings.at("mode").as_text(),
                                 settings.at("xc").as_text(), out.cutoff_eV, settings.at("smearing").as_text(),
                                 settings.at("width_eV").as_number());
  out.label = node.at("label").as_text();
  out.core_hours = node.number_at("cpu_core_hours").value_or(std::numeric_limits<double>::quiet_NaN());
  out.face = node.text_at("face").value_or("");
  out.planes = static_cast<int>(node.number_at("planes").value_or(0.0));
  out.area_A2 = node.number_at("area_A2").value_or(0.0);
  out.mesh_length_A = mesh_length(out, file.parent_path() / "structure.extxyz");
  if (const Value* trace = node.find("trace")) {
    out.path_eV = trace->at("energy_eV").as_numbers();
    out.path_eV_per_A = trace->at("fmax_eV_A").as_numbers();
  }
  if (const Value* states = node.find("pdos")) {
    out.states = read_states(*states);
  }
  return out;
}

bool has_cobalt(const EnergyRecord& record) {
  return record.composition.contains("Co");
}

bool is_cobalt_metal(const EnergyRecord& record) {
  return has_cobalt(record) && record.composition.size() == 1;
}

/// Whether the mix lets this record go without U.
bool excused(const EnergyRecord& record, Mix mix) {
  return record.hubbard.empty() && mix != Mix::none &&
         (!has_cobalt(record) || (mix == Mix::metal_without_u && is_cobalt_metal(record)));
}

[[noreturn]] void refuse(const EnergyRecord& one, const EnergyRecord& other, const std::string& what) {
  throw Error(Errc::refused, fmt::format("no energy difference between {} and {}: {}", one.name, other.name, what),
              "Compute both with one setting, or name the mix");
}

std::vector<double> broadened(const ProjectedStates& states, const std::vector<double>& curve) {
  const double step = states.energy_eV[1] - states.energy_eV[0];
  std::vector<double> out(curve.size(), 0.0);
  for (std::size_t i = 0; i < curve.size(); ++i) {
    double weight = 0.0;
    for (std::size_t j = 0; j < curve.size(); ++j) {
      const double u = (states.energy_eV[i] - states.energy_eV[j]) / std::max(states.width_eV, 0.1 * step);
      const double w = std::exp(-0.5 * u * u);
      out[i] += w * curve[j];
      weight += w;
    }
    out[i] /= weight;
  }
  return out;
}

double shared_area(const std::vector<double>& energy, const std::vector<double>& p, const std::vector<double>& d) {
  double p_sum = 0.0;
  double d_sum = 0.0;
  for (std::size_t i = 0; i < energy.size() && energy[i] <= 0.0; ++i) {
    p_sum += p[i];
    d_sum += d[i];
  }
  if (p_sum <= 0.0 || d_sum <= 0.0) {
    throw Error(Errc::bad_input, "a density of states has nothing below the top of the occupied states");
  }
  double out = 0.0;
  for (std::size_t i = 0; i < energy.size() && energy[i] <= 0.0; ++i) {
    out += std::min(p[i] / p_sum, d[i] / d_sum);
  }
  return out;
}

}  // namespace

std::vector<EnergyRecord> read_energy_records(const fs::path& folder) {
  std::vector<EnergyRecord> out;
  for (const fs::path& file : result_files(folder)) {
    out.push_back(read_record(file));
  }
  return out;
}

std::vector<EnergyRecord> read_energy_records() {
  return read_energy_records(data_folder("energetics"));
}

std::string energy_fingerprint(const fs::path& folder) {
  std::string all;
  if (!fs::is_directory(folder)) {
    return all;
  }
  for (const fs::path& file : result_files(folder)) {
    all += file.parent_path().filename().string() + " " + io::sha256_file(file) + "\n";
  }
  return io::sha256(all);
}

const EnergyRecord* find_record(std::span<const EnergyRecord> records, std::string_view name) {
  const auto found = std::ranges::find_if(records, [&](const EnergyRecord& r) { return r.name == name; });
  return found == records.end() ? nullptr : &*found;
}

std::string_view name(Mix mix) {
  switch (mix) {
    case Mix::no_u_without_cobalt:
      return "U on Co only, phases without Co need none";
    case Mix::metal_without_u:
      return "metal without U, oxides with it";
    case Mix::none:
      break;
  }
  return "one setting";
}

void require_comparable(std::span<const Part> parts, Mix mix) {
  const EnergyRecord* first = nullptr;
  const EnergyRecord* with_u = nullptr;
  for (const Part& part : parts) {
    HOTSTAGE_EXPECTS(part.record != nullptr);
    const EnergyRecord& record = *part.record;
    first = first != nullptr ? first : &record;
    if (record.apart_from_u != first->apart_from_u) {
      refuse(*first, record, fmt::format("{} and {}", first->apart_from_u, record.apart_from_u));
    }
    if (excused(record, mix)) {
      continue;
    }
    with_u = with_u != nullptr ? with_u : &record;
    if (record.comparable != with_u->comparable) {
      refuse(*with_u, record, fmt::format("U \"{}\" and \"{}\", mix: {}", with_u->hubbard, record.hubbard, name(mix)));
    }
  }
}

double energy_difference(std::span<const Part> parts, Mix mix, Mesh mesh) {
  require_comparable(parts, mix);
  double out = 0.0;
  for (const Part& part : parts) {
    const EnergyRecord& record = *part.record;
    const EnergyRecord& first = *parts.front().record;
    if (mesh == Mesh::same && record.mesh != first.mesh) {
      refuse(first, record, "their k-point meshes differ");
    }
    if (mesh == Mesh::dense && !is_molecule(record) && record.mesh_length_A < dense_mesh_A) {
      refuse(first, record,
             fmt::format("the k-points of {} reach {:.1f} Å, {:.0f} Å are needed between different cells", record.name,
                         record.mesh_length_A, dense_mesh_A));
    }
    out += part.amount * record.energy_eV;
  }
  return out;
}

const EnergyRecord* lowest(std::span<const EnergyRecord* const> records) {
  const auto found = std::ranges::min_element(records, {}, [](const EnergyRecord* r) { return r->energy_eV; });
  return found == records.end() ? nullptr : *found;
}

std::optional<double> mesh_spread(std::span<const EnergyRecord> records) {
  double least = std::numeric_limits<double>::infinity();
  double most = -least;
  int count = 0;
  for (const char* wanted : {"bulk_lco_u391_400", "bulk_lco_u391_k6", "pdos_lco_u391"}) {
    if (const EnergyRecord* record = find_record(records, wanted)) {
      least = std::min(least, record->energy_eV);
      most = std::max(most, record->energy_eV);
      ++count;
    }
  }
  return count < 2 ? std::nullopt : std::optional(0.5 * (most - least));
}

Overlap state_overlap(const ProjectedStates& states) {
  const double value = shared_area(states.energy_eV, states.oxygen_2p, states.cobalt_3d);
  const double wider =
      shared_area(states.energy_eV, broadened(states, states.oxygen_2p), broadened(states, states.cobalt_3d));
  return {value, std::abs(wider - value)};
}

}  // namespace hotstage::thermo
