// SPDX-License-Identifier: GPL-3.0-or-later
// O K pre-peak: area above the rise of the main edge, its ratio to the main peak, and its position.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/eels/chain.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace hotstage::eels {

struct PrePeakOptions {
  std::string edge = "O K";
  std::vector<std::string> behind;
  Energy low = 527.0 * units::eV;
  Energy high = 533.0 * units::eV;
  Energy foot = 2.0 * units::eV;
  Energy valley = 1.0 * units::eV;
  Energy main_low = 533.0 * units::eV;
  Energy main_high = 545.0 * units::eV;
  Energy post_low = 545.0 * units::eV;
  Energy post_high = 580.0 * units::eV;
  bool fit = true;
  ChainOptions chain;

  PrePeakOptions() { chain.placement = Placement::tabulated; }

  template <class V>
  void fields(V& v) {
    v("edge", edge, {.help = "edge with the pre-peak"});
    v("peak_low", low, {.help = "start of the pre-peak window on the calibrated axis", .unit = "eV"});
    v("peak_high", high, {.help = "end of the pre-peak window: the valley before the main peak", .unit = "eV"});
    v("foot", foot, {.help = "width in front of the window that fixes the baseline", .unit = "eV", .min = 0.1});
    v("valley", valley,
      {.help = "width around the end of the window that fixes the baseline", .unit = "eV", .min = 0.1});
    v("main_low", main_low, {.help = "start of the main-peak window", .unit = "eV"});
    v("main_high", main_high, {.help = "end of the main-peak window", .unit = "eV"});
    v("post_low", post_low, {.help = "start of the post-edge window (normalisation)", .unit = "eV"});
    v("post_high", post_high, {.help = "end of the post-edge window", .unit = "eV"});
    v("fit", fit, {.help = "also fit a Gaussian on a straight line: the second method, and the spread of the two"});
    chain.fields(v);
  }
};

enum class PrePeakStatus {
  ok,
  below_noise,     ///< area within 3σ of zero (or negative): no pre-peak, area and ratio are upper bounds
  no_edge,         ///< main peak within 3σ of zero: metal, vacuum, or a wrong axis
  off_axis,        ///< a window leaves the axis
  not_measurable,  ///< no background, zero-loss peak or deconvolution
};

[[nodiscard]] std::string_view name(PrePeakStatus status) noexcept;

/// σ are counting only. The baseline is the straight line from the mean in `foot` to the mean in `valley`: what is left
/// of the rise of the main peak under the pre-peak when the two overlap.
struct PrePeak {
  PrePeakStatus status = PrePeakStatus::not_measurable;
  Estimate area;      ///< counts above the baseline
  Estimate to_main;   ///< area / main-peak window
  Estimate to_post;   ///< area / post-edge window
  Estimate position;  ///< centroid above the baseline, eV on the calibrated axis; {0, 0} unless ok
  // second method: a Gaussian on a straight line (pre_peak_fit.hpp); {0, 0} when it does not fit or status is not ok
  Estimate fit_area;
  Estimate fit_to_main;
  Estimate fit_to_post;
  Estimate fit_position;
  double spread_to_main = 0.0;      ///< standard deviation over the two methods: model σ, apart from counting
  double spread_position_eV = 0.0;  ///< of the position
};

[[nodiscard]] PrePeak measure_pre_peak(const EdgeSignal& edge, const PrePeakOptions& options);

struct PrePeakResult {
  std::vector<PrePeak> items;
  PlacedEdge placed;
  std::vector<double> shift_eV;
  std::vector<double> thickness;
  MeanSpectra means;
  std::vector<Warning> warnings;
  std::vector<std::string> assumed;
};

/// The pass over all items. With placement = anchor the axis is first calibrated by an edge other than this one: the
/// onset of O K itself moves with the pre-peak.
[[nodiscard]] PrePeakResult measure_pre_peaks(const ChainInput& input, const PrePeakOptions& options, Run& run);

}  // namespace hotstage::eels
