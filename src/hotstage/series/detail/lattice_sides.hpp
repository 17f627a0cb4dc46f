// SPDX-License-Identifier: GPL-3.0-or-later
// The line between two lattices: which of them a place shows, by the strength of the fringes that only one has.

#pragma once

#include <opencv2/core.hpp>

#include <vector>

namespace hotstage::series::detail {

struct LatticeSides {
  std::vector<double> row;  ///< of the line per column, px, 0 at the upper edge of the first pixel
  double contrast = 0.0;    ///< how far the spectra of upper and lower quarter differ in the fringes used, 0 … 1
};

/// A line across the columns of a float image. Up to six fringes of each side: maxima of the difference of the power
/// spectra of the two sides, at first of the upper and the lower quarter, then of the two sides of the line found.
/// Their local power (demodulated, Gaussian of 3, then 2, then 1.5 spacings; what leaks from one side's fringes into
/// the filters of the other's taken out) over its mean beside the line gives the logarithm of a ratio, cut at ±1; the
/// line has the largest sum above less that below. A row up or down costs as much as 1.25 spacings of clear preference.
/// `contrast` is 0 where no fringe tells the sides apart; the line is then the middle row.
[[nodiscard]] LatticeSides lattice_sides(const cv::Mat& image);

}  // namespace hotstage::series::detail
