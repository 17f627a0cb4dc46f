// SPDX-License-Identifier: GPL-3.0-or-later
// Chemical elements: symbol, atomic number, name and standard atomic mass.

#pragma once

#include <optional>
#include <string_view>

namespace hotstage::atoms {

struct Element {
  int number = 0;           ///< atomic number Z, 1…118
  std::string_view symbol;  ///< "Co"
  std::string_view name;    ///< "Cobalt"
  double mass_u = 0.0;      ///< standard atomic weight in unified atomic mass units

  friend bool operator==(const Element& a, const Element& b) { return a.number == b.number; }
};

/// The element of a symbol, case as chemists write it ("Co" is cobalt, "CO" is not). Nothing if there is none.
[[nodiscard]] std::optional<Element> find_element(std::string_view symbol);

/// As find_element; throws Error{bad_input} with the nearest symbol ("co" → "Co").
[[nodiscard]] Element element(std::string_view symbol);

/// The element of an atomic number. Throws Error{bad_input} outside 1…118.
[[nodiscard]] Element element(int number);

}  // namespace hotstage::atoms
