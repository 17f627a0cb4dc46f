// SPDX-License-Identifier: GPL-3.0-or-later
// The O K pre-peak as a Gaussian on a straight line: the second method beside the area above a fixed baseline.

#pragma once

#include "hotstage/eels/chain.hpp"

#include <optional>

namespace hotstage::eels {

struct PrePeakFit {
  WindowSum area;     ///< counts, with its response to the raw counts
  Estimate position;  ///< eV; counting σ
  Estimate fwhm;      ///< eV
};

/// Least squares over [window.low − foot, window.high + valley/2]: Gaussian (centre inside the window, FWHM 0.7 … 6 eV)
/// and a straight line, by variable projection. Nothing when the fit does not converge, ends at a bound, or the
/// Gaussian is negative. σ by the response of the fit at its solution (deconvolution and background included).
[[nodiscard]] std::optional<PrePeakFit> fit_pre_peak_line(const EdgeSignal& edge, const Window& window, double foot_eV,
                                                          double valley_eV);

}  // namespace hotstage::eels
