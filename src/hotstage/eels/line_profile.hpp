// SPDX-License-Identifier: GPL-3.0-or-later
// O K and Co L2,3 of every position of a dual line scan: amounts behind the fine structure, pre-peak, white lines.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/eels/chain.hpp"
#include "hotstage/eels/white_lines.hpp"

#include <optional>
#include <span>
#include <vector>

namespace hotstage::eels {

struct LineOptions {
  Energy oxygen_start = 20.0 * units::eV;
  Energy oxygen_width = 60.0 * units::eV;
  Energy cobalt_start = 30.0 * units::eV;
  Energy cobalt_width = 70.0 * units::eV;
  Energy pre_peak_half = 2.5 * units::eV;
  ChainOptions chain;

  template <class V>
  void fields(V& v) {
    v("oxygen_start", oxygen_start,
      {.help = "start of the O window behind 532 eV, where fine structure has died out", .unit = "eV", .min = 0.0});
    v("oxygen_width", oxygen_width, {.help = "width of the O window", .unit = "eV", .min = 5.0});
    v("cobalt_start", cobalt_start, {.help = "start of the Co window behind the L3 maximum", .unit = "eV", .min = 0.0});
    v("cobalt_width", cobalt_width, {.help = "width of the Co window", .unit = "eV", .min = 5.0});
    v("pre_peak_half", pre_peak_half,
      {.help = "half-width of the window on the O K pre-peak", .unit = "eV", .min = 1.0, .max = 4.0});
    chain.fields(v);
  }
};

/// top/bottom of one position; σ is that of the quotient. Quotients of several positions are pooled as Σtop/Σbottom.
struct Quotient {
  double top = 0.0;
  double bottom = 0.0;
  double sigma = 0.0;
};

/// Σtop/Σbottom with the σ that follows from the members, which are independent; members with σ ≤ 0 are left out.
[[nodiscard]] Estimate pooled(std::span<const Quotient> members);

/// One position. σ are counting only. Amounts are in counts per electron of the zero-loss peak of the same position:
/// proportional to atoms per area (Egerton, 3rd ed., eq. 4.65), no thickness needed.
struct LinePosition {
  ItemStatus status = ItemStatus::ok;
  Estimate thickness;  ///< t/λ
  Estimate oxygen;     ///< O window
  Estimate cobalt;     ///< Co window
  Estimate pre_area;   ///< pre-peak above its baseline
  Quotient raw;        ///< Co over O, background-free counts of onset −5 … +45 eV, plural scattering left in
  Quotient pre_peak;   ///< area above its baseline over the O window
  Quotient pre_net;    ///< all of the O signal in the pre-peak window over the O window: twice as precise
  Quotient l3_l2;
  Quotient l3_centroid;  ///< first moment of L3 above the double step about the anchor, eV
  Quotient low_side;     ///< share of L3 below the maximum of the whole scan's mean
};

struct LineProfile {
  std::vector<LinePosition> positions;
  double axis_shift_eV = 0.0;  ///< the file reads this much too high, from L3 of the scan's mean against the anchor
  double pre_peak_eV = 0.0;    ///< in the scan's mean, on the calibrated axis; windows hang here
  LinePositions lines;         ///< white lines of the scan's mean, file axis
  Window oxygen_window;        ///< file axis
  Window cobalt_window;
  EnergyAxis axis;                ///< aligned
  std::vector<PlacedEdge> edges;  ///< O K, Co L3
  std::vector<ZeroLoss> zero_loss;
  MeanSpectra means;
  std::vector<Warning> warnings;
  std::vector<std::string> assumed;
  // per position, on the aligned axis, for mean spectra of regions
  std::vector<std::vector<float>> oxygen_signal;
  std::vector<std::vector<float>> cobalt_signal;
  std::vector<std::vector<float>> counts;
};

/// Two passes: places (L3 maximum, pre-peak) from the mean spectrum, then every position. The anchor is the L3 maximum
/// of LiCoO2 (data/eels_phases/references.csv). A scan without O K or Co L gets positions without signal, no error.
[[nodiscard]] LineProfile measure_line(const ChainInput& input, const LineOptions& options, Run& run);

/// Sum over positions of a stored spectrum.
[[nodiscard]] std::vector<double> sum_of(const std::vector<std::vector<float>>& spectra,
                                         std::span<const std::size_t> positions);

/// Maximum of L3 in a background-free spectrum: parabola through 1.2 eV on either side of the highest channel; nothing
/// when it does not bend down.
[[nodiscard]] std::optional<Estimate> l3_maximum(std::span<const double> signal, std::span<const double> variance,
                                                 const EnergyAxis& axis, double near_eV);

/// Centre of the pre-peak: Gaussian beside the rise of the main edge (second Gaussian and arctan step), fitted from 7
/// eV below to 14 eV above `near_eV`. Nothing when the fit does not converge or the peak is not positive within 3σ.
[[nodiscard]] std::optional<Estimate> fit_pre_peak(std::span<const double> signal, std::span<const double> variance,
                                                   const EnergyAxis& axis, double near_eV);

}  // namespace hotstage::eels
