// SPDX-License-Identifier: GPL-3.0-or-later
// A standard inside the measurement: items of known composition.

#pragma once

#include "hotstage/core/fields.hpp"
#include "hotstage/signal/signal.hpp"

#include <span>
#include <string>
#include <vector>

namespace hotstage::eels {

/// A standard inside the measurement, as the user writes it.
struct StandardOptions {
  std::vector<double> atoms;
  std::vector<double> atoms_sigma;
  std::vector<int> region;

  template <class V>
  void fields(V& v) {
    v("atoms", atoms,
      {.help = "atoms of each edge's element in the standard, for example [1, 2] for Co and O of LiCoO2; empty: no "
               "standard",
       .min = 0.0});
    v("atoms_sigma", atoms_sigma, {.help = "standard uncertainty of each; empty: exact", .min = 0.0});
    v("region", region,
      {.help = "items of the standard: [first, last] along a line, [x first, x last, y first, y last] in an image; "
               "empty: all. Take a part that has not changed (a pristine interior), never the aged lamella itself",
       .min = 0.0});
  }

  [[nodiscard]] bool given() const { return !atoms.empty(); }
};

/// 1 for the items of a region of `data`, else 0. One navigation axis takes [first, last], two take [x0, x1, y0, y1],
/// all inclusive. Throws Error{bad_input} when it does not fit the data.
[[nodiscard]] std::vector<char> items_of(std::span<const int> region, const signal::Signal& data);

/// Throws Error{bad_input} when there is not one positive number of atoms per edge.
void check_standard(const StandardOptions& standard, std::span<const std::string> edges);

}  // namespace hotstage::eels
