// SPDX-License-Identifier: GPL-3.0-or-later
// Two Gaussian lines on two arctan steps, fitted by variable projection: areas, positions and widths of L3 and L2.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/eels/spectrum.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace hotstage::eels {

struct LineFitOptions {
  double step_width_eV = 1.0;    ///< full width at half maximum of the derivative of a step
  double step_behind_eV = 0.0;   ///< distance of a step behind the maximum of its line
  double decay = 3.0;            ///< continuum ∝ E^−decay behind the steps
  bool free_steps = false;       ///< two heights; else 2 : 1
  double reach_below_eV = 12.0;  ///< fitted range: from L3 less this …
  double reach_above_eV = 25.0;  ///< … to L2 plus this
  double start_fwhm_eV = 2.5;
  int max_iterations = 40;
};

enum class LineFitStatus { converged, iterations_exhausted, at_a_bound, singular, too_few_channels };

/// Result in counts and eV. σ take the channels as independent with the variance given (sandwich form, so they hold for
/// any weights); signals whose channels are correlated use `response`.
struct LineFit {
  /// Order of `value`.
  enum Parameter : std::size_t { l3_at, l2_at, l3_sigma, l2_sigma, l3_area, l2_area, step_3, step_2, count };

  LineFitStatus status = LineFitStatus::too_few_channels;
  int iterations = 0;
  double chi2_per_dof = 0.0;
  std::array<double, count> value{};  ///< positions eV, Gaussian σ eV, areas counts, steps counts per channel
  Estimate l3_eV, l2_eV, l3_fwhm_eV, l2_fwhm_eV, l3, l2, ratio;
  ChannelRange range;
  std::vector<double> l3_response, l2_response, l3_at_response;  ///< ∂/∂signal of the channels of `range`

  [[nodiscard]] bool ok() const { return status == LineFitStatus::converged; }
};

/// Minimises Σ (y − a₃G₃ − a₂G₂ − h(⅔A₃ + ⅓A₂))²/variance over positions and widths of the lines, the amplitudes
/// eliminated in every step (Golub & Pereyra, doi:10.1088/0266-5611/19/2/201, with Kaufman's Jacobian), damped after
/// Marquardt. Steps sit at the lines. Positions stay within 4 eV of the start, Gaussian σ within 0.2 … 5 eV: a fit
/// that ends at such a bound is no fit. `signal` is free of background; `variance` of the same channels, > 0.
[[nodiscard]] LineFit fit_white_lines(std::span<const float> signal, std::span<const double> variance,
                                      const EnergyAxis& axis, double l3_start_eV, double l2_start_eV,
                                      const LineFitOptions& options = {});

}  // namespace hotstage::eels
