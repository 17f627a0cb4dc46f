// SPDX-License-Identifier: GPL-3.0-or-later
// Which atoms are bonded, how many bonds each has, and formal charges.

#pragma once

#include "hotstage/atoms/structure.hpp"

#include <vector>

namespace hotstage::atoms {

/// Nearest-neighbour bonds: metal–oxygen in an oxide (cation–cation and O–O pairs are no bonds), all pairs where there
/// is no oxygen or nothing else.
class Bonding {
 public:
  /// Each bonding pair of elements reaches `stretch` times its shortest distance in `bulk`. 1.25 keeps the six
  /// neighbours of a distorted octahedron and stays below the next shell (1.41 times in rock salt and fcc).
  explicit Bonding(const Structure& bulk, double stretch = 1.25);

  /// In Å; 0 for pairs that do not bond.
  [[nodiscard]] double cutoff_A(const Element& a, const Element& b) const;

  [[nodiscard]] double longest_A() const;

 private:
  struct Kind {
    int low = 0;  ///< smaller atomic number
    int high = 0;
    double cutoff_A = 0.0;
  };

  std::vector<Kind> kinds_;
};

/// Bonds of every atom, periodic images included.
[[nodiscard]] std::vector<int> bond_counts(const Structure& structure, const Bonding& bonding);

/// Formal charges in e that make a neutral structure: O −2, Li +1, the other elements share what is left equally; all 0
/// without oxygen.
[[nodiscard]] std::vector<double> formal_charges(const Structure& structure);

}  // namespace hotstage::atoms
