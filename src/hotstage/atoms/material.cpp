// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/material.hpp"

#include "hotstage/core/constants.hpp"
#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/core/nearest.hpp"
#include "hotstage/io/delimited.hpp"

#include <fmt/format.h>

#include <charconv>

namespace hotstage::atoms {

namespace {

constexpr double nm3_per_cm3 = 1e21;

bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}

[[noreturn]] void refuse(std::string_view formula, std::size_t place, std::string_view why) {
  throw Error(Errc::bad_input, fmt::format("formula \"{}\", character {}: {}", formula, place + 1, why),
              "Write element symbols with optional numbers and no brackets, for example Li0.5CoO2");
}

/// The number at `place`, 1 when none stands there; moves `place` behind it.
double read_count(std::string_view formula, std::size_t& place) {
  const std::size_t start = place;
  while (place < formula.size() && ((formula[place] >= '0' && formula[place] <= '9') || formula[place] == '.')) {
    ++place;
  }
  if (place == start) {
    return 1.0;
  }
  double count = 0.0;
  const char* end = formula.data() + place;
  const auto [stop, status] = std::from_chars(formula.data() + start, end, count);
  if (status != std::errc{} || stop != end) {
    refuse(formula, start, "not a number");
  }
  if (count <= 0.0) {
    refuse(formula, start, "a count must be positive");
  }
  return count;
}

std::vector<Material> read_materials() {
  const std::filesystem::path file = data_folder("materials") / "materials.csv";
  const io::Table table = io::read_table(file, {.delimiter = ',', .header = io::Header::present});
  const io::Column& names = table.column("name");
  const io::Column& formulas = table.column("formula");
  const std::vector<double>& densities = table.numbers("density");
  std::vector<Material> out;
  for (std::size_t i = 0; i < table.rows(); ++i) {
    if (!(densities[i] > 0.0)) {
      throw Error(Errc::bad_input, Location{.file = file.string(), .line = table.lines[i]},
                  "a density must be positive");
    }
    out.push_back({names.texts[i], parse_formula(formulas.texts[i]), densities[i]});
  }
  return out;
}

const std::vector<Material>& materials() {
  static const std::vector<Material> table = read_materials();
  return table;
}

}  // namespace

std::vector<FormulaPart> parse_formula(std::string_view formula) {
  std::vector<FormulaPart> out;
  std::size_t place = 0;
  while (place < formula.size()) {
    const std::size_t start = place;
    if (!is_upper(formula[place])) {
      refuse(formula, place, "an element symbol starts with a capital letter");
    }
    ++place;
    while (place < formula.size() && is_lower(formula[place])) {
      ++place;
    }
    const std::optional<Element> found = find_element(formula.substr(start, place - start));
    if (!found) {
      refuse(formula, start, fmt::format("\"{}\" is not a chemical element", formula.substr(start, place - start)));
    }
    const double count = read_count(formula, place);
    bool merged = false;
    for (FormulaPart& part : out) {
      if (part.element == *found) {
        part.count += count;
        merged = true;
      }
    }
    if (!merged) {
      out.push_back({*found, count});
    }
  }
  if (out.empty()) {
    refuse(formula, 0, "there is no element");
  }
  return out;
}

double molar_mass(const std::vector<FormulaPart>& formula) {
  double sum = 0.0;
  for (const FormulaPart& part : formula) {
    sum += part.count * part.element.mass_u;
  }
  return sum;
}

double Material::units_per_nm3() const {
  return density_g_cm3 * constants::avogadro_per_mol / (molar_mass(formula) * nm3_per_cm3);
}

double Material::atoms_per_nm3(const Element& element) const {
  for (const FormulaPart& part : formula) {
    if (part.element == element) {
      return part.count * units_per_nm3();
    }
  }
  return 0.0;
}

const Material& find_material(std::string_view name) {
  std::vector<std::string> known;
  for (const Material& material : materials()) {
    if (material.name == name) {
      return material;
    }
    known.push_back(material.name);
  }
  throw Error(Errc::bad_input, fmt::format("no material \"{}\" is known", name), nearest_hint(name, known));
}

}  // namespace hotstage::atoms
