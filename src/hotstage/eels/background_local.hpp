// SPDX-License-Identifier: GPL-3.0-or-later
// Local background averaging: the exponent of a spatial neighbourhood, the amplitude of each item.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/eels/background.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace hotstage::eels {

/// A scan of rows × columns items in C order; a line or a series has one row.
struct ScanShape {
  std::size_t rows = 1;
  std::size_t columns = 1;
};

/// Exponent of the square of (2·radius + 1)² items around each item, cut at the borders of the scan (Cueva et al.
/// 2012, doi:10.1017/S1431927612000244, pools spectra; here the sums that fix the maximum-likelihood exponent are
/// pooled, which is the same for spectra of one axis, needs four numbers per item, and follows their energy shifts).
/// σ is that of counting with the fitter's noise factor (1 when unset). An item whose neighbourhood holds no counts
/// gets {0, 0}.
[[nodiscard]] std::vector<Estimate> local_exponents(const PowerLawFitter& fitter,
                                                    std::span<const WindowMoments> moments, const ScanShape& shape);

}  // namespace hotstage::eels
