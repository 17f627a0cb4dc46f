// SPDX-License-Identifier: GPL-3.0-or-later
// Where the atoms are: what the fields hold, and what the processes released.

#pragma once

#include "hotstage/meso/simulation.hpp"

#include <cmath>

namespace hotstage::meso::detail {

/// A sum that does not lose small terms (Neumaier 1974, doi:10.1002/zamm.19740540106).
class ExactSum {
 public:
  void add(double value) {
    const double next = sum_ + value;
    carry_ += std::abs(sum_) >= std::abs(value) ? (sum_ - next) + value : (value - next) + sum_;
    sum_ = next;
  }

  [[nodiscard]] double value() const { return sum_ + carry_; }

 private:
  double sum_ = 0.0;
  double carry_ = 0.0;
};

struct Content {
  double oxygen = 0.0;
  double cobalt = 0.0;
  double lithium = 0.0;
};

/// Atoms in the foil, from the fields alone.
[[nodiscard]] Content content_of(const Chemistry& chemistry, const FoilState& state);

/// Li held as Li2O in a cell.
[[nodiscard]] double lithia_li(const Chemistry& chemistry, const FoilState& state, std::size_t cell);

struct Released {
  double oxygen = 0.0;      ///< in all
  double oxygen_gas = 0.0;  ///< as O2 or CO
  double lithium = 0.0;
  double metal = 0.0;
};

/// Adds up what each process sets free, as the reactions say, without looking at the fields.
class Ledger {
 public:
  /// O that leaves the lattice.
  void add_oxygen(double amount) { oxygen_.add(amount); }

  /// Li set free; it takes half an O each, as Li2O.
  void free_lithium(double amount) { lithium_.add(amount); }

  void add_metal(double amount) { metal_.add(amount); }

  [[nodiscard]] Released released(LiFate fate) const;

 private:
  ExactSum oxygen_;
  ExactSum lithium_;
  ExactSum metal_;
};

}  // namespace hotstage::meso::detail
