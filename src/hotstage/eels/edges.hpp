// SPDX-License-Identifier: GPL-3.0-or-later
// Ionisation edges: names as spectroscopists write them ("O K", "Ti L3", "Mn L2,3") and their tabulated onset energies.

#pragma once

#include "hotstage/core/units.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::eels {

struct Edge {
  std::string element;  ///< "Ti"
  int number = 0;       ///< atomic number Z
  std::string shell;    ///< "K", "L3", "L2", "L1", "M5", "M4", "M3" or "M2"
  Energy onset;         ///< tabulated; chemical shifts of some eV come on top

  [[nodiscard]] std::string name() const { return element + ' ' + shell; }

  friend bool operator==(const Edge&, const Edge&) = default;
};

/// Every edge in the table (10 to 3000 eV), ordered by atomic number, then shell.
[[nodiscard]] std::span<const Edge> all_edges();

/// The edge of a name: "Ti L3", "O K", "Mn_L3"; "Mn L2,3", "Mn L23" and "Mn L" mean the member with the lowest onset
/// (L3). Throws Error{bad_input} with the nearest known name.
[[nodiscard]] Edge find_edge(std::string_view name);

/// Edges of one element, ordered by onset. Empty if none lies in the table.
[[nodiscard]] std::vector<Edge> element_edges(std::string_view element);

}  // namespace hotstage::eels
