// SPDX-License-Identifier: GPL-3.0-or-later
// L3 and L2 white lines: areas above a double step (Pearson's method), their ratio and sum, with refusal rules.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/eels/chain.hpp"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::eels {

enum class StepShape { arctan, sharp };

constexpr auto enum_names(StepShape) {
  return std::array{EnumName<StepShape>{StepShape::arctan, "arctan"}, EnumName<StepShape>{StepShape::sharp, "sharp"}};
}

/// Pearson, Ahn & Fultz, Phys. Rev. B 47, 8471 (1993), doi:10.1103/PhysRevB.47.8471: the continuum is two steps at the
/// maxima of the lines, 2/3 and 1/3 of the level behind L2. Energies from the maxima.
struct WhiteLineOptions {
  std::string edge;
  std::vector<std::string> behind;
  StepShape step = StepShape::arctan;
  Energy step_width = 1.0 * units::eV;
  Energy half_width = 5.0 * units::eV;
  Energy continuum_start = 15.0 * units::eV;
  Energy continuum_width = 20.0 * units::eV;
  double max_thickness = 1.0;
  ChainOptions chain;

  template <class V>
  void fields(V& v) {
    v("edge", edge, {.help = "L3 edge, for example \"Mn L3\"", .required = true});
    v("behind", behind,
      {.help = "edges at most 150 eV in front of this one, whose tails lie under it, for example [\"Ti L3\"]"});
    v("step", step, {.help = "shape of the two continuum steps"});
    v("step_width", step_width, {.help = "width of an arctan step", .unit = "eV", .min = 0.01});
    v("half_width", half_width,
      {.help = "half-width of the line windows about their maxima, cut at the valley", .unit = "eV", .min = 0.5});
    v("continuum_start", continuum_start,
      {.help = "start of the continuum window behind L2", .unit = "eV", .min = 1.0});
    v("continuum_width", continuum_width, {.help = "width of the continuum window", .unit = "eV", .min = 1.0});
    v("max_thickness", max_thickness, {.help = "t/lambda above which the ratio is refused", .min = 0.0});
    chain.fields(v);
  }
};

enum class WhiteLineStatus {
  ok,
  not_measurable,          ///< no background, zero-loss peak or deconvolution
  thickness_unknown,       ///< plural scattering was not removed: a ratio would mean nothing on a thick area
  too_thick,               ///< t/λ above max_thickness
  no_lines,                ///< no two maxima at about the tabulated distance in the mean spectrum
  off_axis,                ///< the continuum window leaves the axis
  continuum_above_valley,  ///< the double step lies above the valley between the lines: the model does not fit
  below_noise,             ///< a line is within 3σ of zero
};

[[nodiscard]] std::string_view name(WhiteLineStatus status) noexcept;

/// Maxima of the two lines and the valley between them, on the aligned axis.
struct LinePositions {
  double l3_eV = 0.0;
  double l2_eV = 0.0;
  double valley_eV = 0.0;
  bool found = false;
};

/// σ are counting only; the method itself moves the ratio by more (README.md). Values are {0, 0} unless the status is
/// ok.
struct WhiteLines {
  WhiteLineStatus status = WhiteLineStatus::not_measurable;
  Estimate l3;  ///< area above the continuum, counts
  Estimate l2;
  Estimate ratio;       ///< L3/L2
  Estimate normalised;  ///< (L3 + L2) / continuum window
};

/// Searches the maxima in a background-free spectrum: L3 within 10 eV of the onset, L2 at the tabulated splitting ± 4
/// eV.
[[nodiscard]] LinePositions find_white_lines(std::span<const double> signal, const EnergyAxis& axis,
                                             const PlacedEdge& placed);

[[nodiscard]] WhiteLines measure_white_lines(const EdgeSignal& edge, const LinePositions& lines, Estimate thickness,
                                             const WhiteLineOptions& options);

struct WhiteLineResult {
  std::vector<WhiteLines> items;
  std::vector<double> thickness;
  LinePositions lines;
  PlacedEdge placed;
  MeanSpectra means;
  std::vector<Warning> warnings;
  std::vector<std::string> assumed;
};

/// Two passes: line positions from the mean deconvolved spectrum, then every item.
[[nodiscard]] WhiteLineResult measure_white_lines(const ChainInput& input, const WhiteLineOptions& options, Run& run);

}  // namespace hotstage::eels
