// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/calc/settings.hpp"

#include "hotstage/io/document.hpp"
#include "hotstage/io/sha256.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::calc {

namespace {

/// Differ between a bulk cell, a slab and a molecule although the method is the same.
constexpr std::array<std::string_view, 4> belongs_to_cell{"kpts", "gamma", "spin", "convergence"};

bool of_cell(std::string_view name) {
  return std::find(belongs_to_cell.begin(), belongs_to_cell.end(), name) != belongs_to_cell.end();
}

void note_difference(const Value& a, const Value& b, std::vector<std::string>& out) {
  if (!a.is_object()) {
    return;
  }
  for (const Member& member : a.as_object()) {
    const Value* other = b.find(member.key);
    const bool known = std::find(out.begin(), out.end(), member.key) != out.end();
    if (!known && !of_cell(member.key) && (other == nullptr || !(*other == member.value))) {
      out.push_back(member.key);
    }
  }
}

std::string join(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

}  // namespace

std::string_view name(Label label) noexcept {
  return label == Label::reduced ? "reduced" : "paper settings";
}

Value to_value(const Settings& settings) {
  Value out = Value::object();
  out["engine"] = settings.engine;
  out["label"] = name(settings.label);
  out["parameters"] = settings.parameters;
  return out;
}

Settings settings_from(const Value& record) {
  Settings out;
  out.engine = record.at("engine").as_text();
  out.parameters = record.at("parameters");
  const std::string& label = record.at("label").as_text();
  if (label != name(Label::reduced) && label != name(Label::paper_settings)) {
    throw Error(Errc::bad_input, record.at("label").where,
                fmt::format("the label \"{}\" is neither \"reduced\" nor \"paper settings\"", label));
  }
  out.label = label == name(Label::reduced) ? Label::reduced : Label::paper_settings;
  return out;
}

std::string settings_hash(const Settings& settings) {
  Value sorted = Value::object();
  std::vector<Member> members;
  if (settings.parameters.is_object()) {
    members = settings.parameters.as_object();
  }
  std::sort(members.begin(), members.end(), [](const Member& a, const Member& b) { return a.key < b.key; });
  for (const Member& member : members) {
    sorted[member.key] = member.value;
  }
  Value out = Value::object();
  out["engine"] = settings.engine;
  out["parameters"] = sorted;
  return io::sha256(io::to_json(out, io::JsonStyle::compact)).substr(0, 16);
}

std::vector<std::string> mixed_parameters(const Settings& a, const Settings& b) {
  std::vector<std::string> out;
  if (a.engine != b.engine) {
    out.emplace_back("engine");
  }
  note_difference(a.parameters, b.parameters, out);
  note_difference(b.parameters, a.parameters, out);
  return out;
}

EnergyDifference energy_difference(std::span<const EnergyTerm> terms, const std::vector<std::string>& allowed) {
  if (terms.empty()) {
    throw Error(Errc::bad_input, "an energy difference without terms");
  }
  EnergyDifference out{.energy_eV = 0.0, .formula = {}, .mixed = {}, .label = Label::paper_settings};
  for (const EnergyTerm& term : terms) {
    if (!std::isfinite(term.energy_eV) || !std::isfinite(term.count)) {
      throw Error(Errc::bad_input, fmt::format("the energy of {} is not a finite number", term.name));
    }
    for (const std::string& parameter : mixed_parameters(terms.front().settings, term.settings)) {
      if (std::find(allowed.begin(), allowed.end(), parameter) == allowed.end()) {
        throw Error(
            Errc::refused,
            fmt::format("{} and {} were computed with different settings ({}): their difference would measure "
                        "the settings",
                        terms.front().name, term.name, join(mixed_parameters(terms.front().settings, term.settings))),
            fmt::format("compute both alike, or name the mix: allowed = [\"{}\"]", parameter));
      }
      if (std::find(out.mixed.begin(), out.mixed.end(), parameter) == out.mixed.end()) {
        out.mixed.push_back(parameter);
      }
    }
    out.energy_eV += term.count * term.energy_eV;
    out.formula += fmt::format("{}{} × E({}) [{:.4f} eV]",
                               out.formula.empty() ? (term.count < 0 ? "− " : "")
                               : term.count < 0    ? " − "
                                                   : " + ",
                               io::shortest(std::abs(term.count)), term.name, term.energy_eV);
    if (term.settings.label == Label::reduced) {
      out.label = Label::reduced;
    }
  }
  return out;
}

}  // namespace hotstage::calc
