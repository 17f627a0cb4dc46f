// SPDX-License-Identifier: GPL-3.0-or-later
// k factors from items of known composition in the same measurement, with counting and composition uncertainty.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/eels/quantify.hpp"
#include "hotstage/eels/standard.hpp"

#include <cstddef>

namespace hotstage::eels {

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
