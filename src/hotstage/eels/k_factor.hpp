// SPDX-License-Identifier: GPL-3.0-or-later
// k factors from items of known composition in the same measurement, with counting and composition uncertainty.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/core/fields.hpp"
#include "hotstage/eels/quantify.hpp"
#include "hotstage/signal/signal.hpp"

#include <cstddef>
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
               "empty: all",
       .min = 0.0});
  }

  [[nodiscard]] bool given() const { return !atoms.empty(); }
};

/// 1 for the items of a region of `data`, else 0. One navigation axis takes [first, last], two take [x0, x1, y0, y1],
/// all inclusive. Throws Error{bad_input} when it does not fit the data.
[[nodiscard]] std::vector<char> items_of(std::span<const int> region, const signal::Signal& data);

/// Throws Error{bad_input} when there is not one positive number of atoms per edge.
void check_standard(const StandardOptions& standard, std::span<const std::string> edges);

/// What turns a ratio of intensities into one of atoms: n_e/n_ref = k·I_e/I_ref (Cliff–Lorimer form; Egerton 2011,
/// §4.5.1).
struct KFactor {
  Estimate k;                ///< counting and composition
  double counting = 0.0;     ///< part of σ from the counts of the standard
  double composition = 0.0;  ///< part of σ from the stated atoms
  std::size_t items = 0;     ///< of the standard
};

/// From the ratio of summed intensities over the items of the standard and its atoms. Throws Error{refused} when no
/// item of the standard has a result or the ratio is within 3 σ of zero.
[[nodiscard]] KFactor k_factor(const RatioResult& intensities, const StandardOptions& standard);

/// Multiplies a ratio by k; the σ of k stays apart in `model_uncertainty` (relative).
void apply(const KFactor& factor, RatioResult& ratio);

}  // namespace hotstage::eels
