// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/element.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/core/nearest.hpp"

#include <fmt/format.h>
#include <gemmi/elem.hpp>

#include <cctype>
#include <string>
#include <vector>

namespace hotstage::atoms {

namespace {

constexpr int last_element = 118;

Element from_number(int number) {
  const auto el = static_cast<gemmi::El>(number);
  Element out;
  out.number = number;
  out.symbol = gemmi::element_name(el);
  out.mass_u = gemmi::molecular_weight(el);
  return out;
}

// IUPAC names in order of Z.
constexpr const char* names[last_element] = {
    "Hydrogen",    "Helium",    "Lithium",      "Beryllium",   "Boron",        "Carbon",        "Nitrogen",
    "Oxygen",      "Fluorine",  "Neon",         "Sodium",      "Magnesium",    "Aluminium",     "Silicon",
    "Phosphorus",  "Sulfur",    "Chlorine",     "Argon",       "Potassium",    "Calcium",       "Scandium",
    "Titanium",    "Vanadium",  "Chromium",     "Manganese",   "Iron",         "Cobalt",        "Nickel",
    "Copper",      "Zinc",      "Gallium",      "Germanium",   "Arsenic",      "Selenium",      "Bromine",
    "Krypton",     "Rubidium",  "Strontium",    "Yttrium",     "Zirconium",    "Niobium",       "Molybdenum",
    "Technetium",  "Ruthenium", "Rhodium",      "Palladium",   "Silver",       "Cadmium",       "Indium",
    "Tin",         "Antimony",  "Tellurium",    "Iodine",      "Xenon",        "Caesium",       "Barium",
    "Lanthanum",   "Cerium",    "Praseodymium", "Neodymium",   "Promethium",   "Samarium",      "Europium",
    "Gadolinium",  "Terbium",   "Dysprosium",   "Holmium",     "Erbium",       "Thulium",       "Ytterbium",
    "Lutetium",    "Hafnium",   "Tantalum",     "Tungsten",    "Rhenium",      "Osmium",        "Iridium",
    "Platinum",    "Gold",      "Mercury",      "Thallium",    "Lead",         "Bismuth",       "Polonium",
    "Astatine",    "Radon",     "Francium",     "Radium",      "Actinium",     "Thorium",       "Protactinium",
    "Uranium",     "Neptunium", "Plutonium",    "Americium",   "Curium",       "Berkelium",     "Californium",
    "Einsteinium", "Fermium",   "Mendelevium",  "Nobelium",    "Lawrencium",   "Rutherfordium", "Dubnium",
    "Seaborgium",  "Bohrium",   "Hassium",      "Meitnerium",  "Darmstadtium", "Roentgenium",   "Copernicium",
    "Nihonium",    "Flerovium", "Moscovium",    "Livermorium", "Tennessine",   "Oganesson"};

const std::vector<Element>& table() {
  static const std::vector<Element> elements = [] {
    std::vector<Element> out;
    for (int z = 1; z <= last_element; ++z) {
      out.push_back(from_number(z));
      out.back().name = names[z - 1];
    }
    return out;
  }();
  return elements;
}

std::string capitalised(std::string_view word) {
  std::string out(word);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto c = static_cast<unsigned char>(out[i]);
    out[i] = static_cast<char>(i == 0 ? std::toupper(c) : std::tolower(c));
  }
  return out;
}

// Symbols are too short for edit distance alone: the right letters in the wrong case, or the element's full name, come
// first.
std::string suggestion(std::string_view word) {
  const std::string proper = capitalised(word);
  std::vector<std::string> symbols;
  for (const Element& e : table()) {
    if (e.symbol == proper || e.name == proper) {
      return fmt::format("Did you mean \"{}\"?", e.symbol);
    }
    symbols.emplace_back(e.symbol);
  }
  const auto guess = nearest(proper, symbols);
  return guess ? fmt::format("Did you mean \"{}\"?", *guess) : "Write the symbol of an element, for example \"Co\"";
}

}  // namespace

std::optional<Element> find_element(std::string_view symbol) {
  for (const Element& e : table()) {
    if (e.symbol == symbol) {
      return e;
    }
  }
  return std::nullopt;
}

Element element(std::string_view symbol) {
  if (const auto found = find_element(symbol)) {
    return *found;
  }
  throw Error(Errc::bad_input, fmt::format("\"{}\" is not a chemical element", symbol), suggestion(symbol));
}

Element element(int number) {
  if (number < 1 || number > last_element) {
    throw Error(Errc::bad_input, fmt::format("there is no element with atomic number {}", number));
  }
  return table()[static_cast<std::size_t>(number - 1)];
}

}  // namespace hotstage::atoms
