// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eds/lines.hpp"

#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/io/delimited.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hotstage::eds {

namespace {

constexpr double mn_ka = 5898.8;                  // eV
constexpr double fano_times_pair = 0.123 * 3.65;  // eV

bool is_alpha(const XrayLine& line) {
  return line.name.size() > 1 && line.name[1] == 'a';
}

const std::vector<std::string>& texts_of(const io::Table& table, std::string_view name) {
  const io::Column& column = table.column(name);
  if (!column.is_text) {
    throw Error(Errc::bad_input, Location{.file = table.file},
                fmt::format("the column \"{}\" should hold names", name));
  }
  return column.texts;
}

std::vector<LineFamily> read_lines(const std::filesystem::path& file) {
  const io::Table table = io::read_table(file);
  const auto& elements = texts_of(table, "element");
  const auto& shells = texts_of(table, "family");
  const auto& names = texts_of(table, "line");
  const auto& vacancies = texts_of(table, "vacancy");
  const auto& energies = table.numbers("energy");
  const auto& weights = table.numbers("weight");
  std::vector<LineFamily> out;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const bool sound = shells[i].size() == 1 && std::isfinite(energies[i]) && energies[i] > 0.0 && weights[i] > 0.0;
    if (!sound) {
      throw Error(Errc::bad_input, Location{.file = table.file, .line = table.lines.empty() ? 0 : table.lines[i]},
                  fmt::format("{} {} is not a line with energy and weight", elements[i], names[i]));
    }
    const atoms::Element element = atoms::element(elements[i]);
    if (out.empty() || !(out.back().element == element) || out.back().shell != shells[i][0]) {
      out.push_back({.element = element, .shell = shells[i][0], .lines = {}, .absorption = {}});
    }
    out.back().lines.push_back({names[i], energies[i], weights[i], vacancies[i]});
  }
  for (LineFamily& family : out) {
    double sum = 0.0;
    for (const XrayLine& line : family.lines) {
      sum += line.weight;
    }
    for (XrayLine& line : family.lines) {
      line.weight /= sum;
    }
  }
  return out;
}

}  // namespace

std::string LineFamily::name() const {
  return fmt::format("{} {}", element.symbol, shell);
}

double LineFamily::alpha_share() const {
  double sum = 0.0;
  for (const XrayLine& line : lines) {
    sum += is_alpha(line) ? line.weight : 0.0;
  }
  return sum;
}

double LineFamily::alpha_energy() const {
  double sum = 0.0;
  for (const XrayLine& line : lines) {
    sum += is_alpha(line) ? line.weight * line.energy_eV : 0.0;
  }
  return sum / alpha_share();
}

LineTable LineTable::load(const std::optional<std::filesystem::path>& folder) {
  const std::filesystem::path root = folder ? *folder : data_folder("xray_lines");
  LineTable out;
  out.families_ = read_lines(root / "lines.csv");
  const io::Table absorption = io::read_table(root / "absorption.csv");
  const auto& elements = texts_of(absorption, "element");
  const auto& shells = texts_of(absorption, "family");
  for (std::size_t c = 2; c < absorption.columns.size(); ++c) {
    out.absorbers_.push_back(atoms::element(absorption.columns[c].name));
  }
  for (std::size_t i = 0; i < elements.size(); ++i) {
    const auto family = std::ranges::find(out.families_, elements[i] + " " + shells[i], &LineFamily::name);
    if (family == out.families_.end()) {
      throw Error(Errc::bad_input, Location{.file = absorption.file},
                  fmt::format("{} {} has absorption but no lines", elements[i], shells[i]));
    }
    for (std::size_t c = 2; c < absorption.columns.size(); ++c) {
      family->absorption.push_back(io::numbers_of(absorption.columns[c])[i]);
    }
  }
  return out;
}

const LineFamily& LineTable::find(std::string_view name) const {
  std::string wanted(name);
  if (wanted.ends_with("a") || wanted.ends_with("α")) {
    wanted.resize(wanted.size() - (wanted.ends_with("a") ? 1 : std::string_view("α").size()));
  }
  const auto found = std::ranges::find(families_, wanted, &LineFamily::name);
  if (found != families_.end()) {
    return *found;
  }
  const std::string symbol = wanted.substr(0, wanted.find(' '));
  std::string known;
  for (const LineFamily& family : families_) {
    if (family.element.symbol == symbol) {
      known += fmt::format("{}{}", known.empty() ? "" : ", ", family.name());
    }
  }
  throw Error(Errc::bad_input, fmt::format("no X-ray lines are known as \"{}\"", name),
              known.empty() ? "Write an element and a shell, for example \"Co K\"" : "Known are " + known);
}

std::vector<const LineFamily*> LineTable::families_of(const atoms::Element& element, double low_eV,
                                                      double high_eV) const {
  std::vector<const LineFamily*> out;
  for (const LineFamily& family : families_) {
    if (family.element == element && family.alpha_energy() > low_eV && family.alpha_energy() < high_eV) {
      out.push_back(&family);
    }
  }
  std::ranges::sort(out, {}, &LineFamily::shell);
  return out;
}

std::optional<double> LineTable::absorption(const LineFamily& family, const atoms::Element& absorber) const {
  for (std::size_t i = 0; i < family.absorption.size(); ++i) {
    if (absorbers_[i] == absorber) {
      return family.absorption[i];
    }
  }
  return std::nullopt;
}

double Resolution::fwhm(double energy_eV) const {
  constexpr double narrowest = 20.0;  // eV: below it the formula has left its range
  const double square = mn_ka_eV * mn_ka_eV + 8.0 * std::numbers::ln2 * fano_times_pair * (energy_eV - mn_ka);
  return std::sqrt(std::max(square, narrowest * narrowest));
}

double Resolution::sigma(double energy_eV) const {
  return fwhm(energy_eV) / std::sqrt(8.0 * std::numbers::ln2);
}

std::vector<Interference> find_interferences(const LineTable& table, std::span<const LineFamily* const> listed,
                                             std::span<const atoms::Element> suspects, const Resolution& resolution) {
  // A fit separates lines a width apart at little cost, but says so; what is not in the fit counts up to one width.
  constexpr double reach_listed = 1.5;
  constexpr double reach_unlisted = 1.0;
  constexpr double weakest = 0.02;
  std::vector<Interference> out;
  for (const LineFamily* mine : listed) {
    const double at = mine->alpha_energy();
    const double width = resolution.fwhm(at);
    for (const LineFamily& other : table.families()) {
      const bool in_fit = std::ranges::find(listed, &other) != listed.end();
      const bool suspect = std::ranges::find(suspects, other.element) != suspects.end();
      if (other.element == mine->element || (!in_fit && !suspect)) {
        continue;
      }
      const double reach = (in_fit ? reach_listed : reach_unlisted) * width;
      // Lines stand strongest first.
      const auto close = std::ranges::find_if(other.lines, [&](const XrayLine& line) {
        return line.weight >= weakest && std::abs(line.energy_eV - at) < reach;
      });
      if (close != other.lines.end()) {
        out.push_back({.line = mine->name() + "a",
                       .other = fmt::format("{} {}", other.element.symbol, close->name),
                       .distance_eV = close->energy_eV - at,
                       .fwhm_eV = width,
                       .listed = in_fit});
      }
    }
  }
  return out;
}

}  // namespace hotstage::eds
