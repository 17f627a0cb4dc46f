// SPDX-License-Identifier: GPL-3.0-or-later
// L3 and L2 white lines by named methods: ratio, sum, L3 position and its shift; refusal rules; spread over methods.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/eels/chain.hpp"
#include "hotstage/eels/white_line_continuum.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::eels {

/// What "L3/L2" means. The first three are areas above two steps of 2/3 and 1/3 (Pearson, Ahn & Fultz, Phys. Rev. B 47,
/// 8471 (1993), doi:10.1103/PhysRevB.47.8471); `second_derivative` is the second difference integrated over its
/// positive lobe (Botton et al., J. Microsc. 180, 211 (1995)); `height` the mean within 0.5 eV of the maxima above the
/// arctan steps; `fit` the areas of two Gaussians (white_line_fit.hpp).
enum class WhiteLineMethod { arctan_step, sharp_step, cross_section_step, second_derivative, height, fit };

inline constexpr std::size_t white_line_methods = 6;

constexpr auto enum_names(WhiteLineMethod) {
  return std::array{EnumName<WhiteLineMethod>{WhiteLineMethod::arctan_step, "arctan_step"},
                    EnumName<WhiteLineMethod>{WhiteLineMethod::sharp_step, "sharp_step"},
                    EnumName<WhiteLineMethod>{WhiteLineMethod::cross_section_step, "cross_section_step"},
                    EnumName<WhiteLineMethod>{WhiteLineMethod::second_derivative, "second_derivative"},
                    EnumName<WhiteLineMethod>{WhiteLineMethod::height, "height"},
                    EnumName<WhiteLineMethod>{WhiteLineMethod::fit, "fit"}};
}

[[nodiscard]] std::string_view name(WhiteLineMethod method) noexcept;

/// Where L3 is: the centre of the fitted Gaussian, or the top of a parabola within 1.2 eV of the highest point.
enum class LinePositionMethod { fit, maximum };

constexpr auto enum_names(LinePositionMethod) {
  return std::array{EnumName<LinePositionMethod>{LinePositionMethod::fit, "fit"},
                    EnumName<LinePositionMethod>{LinePositionMethod::maximum, "maximum"}};
}

/// Energies from the maxima of the mean spectrum (of the item with `follow`).
struct WhiteLineOptions {
  std::string edge;
  std::vector<std::string> behind;
  WhiteLineMethod method = WhiteLineMethod::arctan_step;
  bool all_methods = true;
  LinePositionMethod position = LinePositionMethod::fit;
  bool follow = false;
  Energy step_width = 1.0 * units::eV;
  Energy half_width = 5.0 * units::eV;
  Energy continuum_start = 15.0 * units::eV;
  Energy continuum_width = 20.0 * units::eV;
  Energy difference_width = 3.0 * units::eV;
  Energy fit_below = 12.0 * units::eV;
  Energy fit_above = 25.0 * units::eV;
  double max_thickness = 1.0;
  std::optional<std::int64_t> reference_first;
  std::optional<std::int64_t> reference_last;
  bool oxygen = true;
  std::optional<double> reference_oxygen;
  ChainOptions chain;

  template <class V>
  void fields(V& v) {
    v("edge", edge, {.help = "L3 edge, for example \"Mn L3\"", .required = true});
    v("behind", behind,
      {.help = "edges at most 150 eV in front of this one, whose tails lie under it, for example [\"Ti L3\"]"});
    v("method", method, {.help = "what the ratio, the areas and the valence are made of"});
    v("all_methods", all_methods, {.help = "also measure every other method, and the spread over methods"});
    v("position", position, {.help = "what the shift of L3 is made of"});
    v("follow", follow, {.help = "windows move with the L3 of each item (when its σ is below 0.3 eV)"});
    v("step_width", step_width, {.help = "width of an arctan step", .unit = "eV", .min = 0.01});
    v("half_width", half_width,
      {.help = "half-width of the line windows about their maxima, cut at the valley", .unit = "eV", .min = 0.5});
    v("continuum_start", continuum_start,
      {.help = "start of the continuum window behind L2", .unit = "eV", .min = 1.0});
    v("continuum_width", continuum_width, {.help = "width of the continuum window", .unit = "eV", .min = 1.0});
    v("difference_width", difference_width,
      {.help = "distance of the second difference", .unit = "eV", .min = 0.5, .max = 5.0});
    v("fit_below", fit_below, {.help = "fitted range in front of L3", .unit = "eV", .min = 3.0});
    v("fit_above", fit_above, {.help = "fitted range behind L2", .unit = "eV", .min = 3.0});
    v("max_thickness", max_thickness, {.help = "t/lambda above which the ratio is refused", .min = 0.0});
    v("reference_first", reference_first,
      {.help = "first item of the region against which the shift of L3 is measured; the mean of all when unset",
       .min = 0.0});
    v("reference_last", reference_last, {.help = "last item of that region", .min = 0.0});
    v("oxygen", oxygen,
      {.help =
           "also measure O K, which tells metal from oxide: when it is among `behind`, or more than 150 eV in front"});
    v("reference_oxygen", reference_oxygen,
      {.help =
           "O per metal atom of the reference region, which calibrates that of all items; cross-sections when unset",
       .min = 0.01});
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
  no_model,                ///< cross_section_step without angles, or for an element without a cross-section
  not_converged,           ///< the fit found no lines within its bounds
};

[[nodiscard]] std::string_view name(WhiteLineStatus status) noexcept;

/// One method; σ are counting only. Values are {0, 0} unless the status is ok.
struct MethodRatio {
  WhiteLineStatus status = WhiteLineStatus::not_measurable;
  Estimate l3;  ///< counts above the continuum (counts per channel for `height`)
  Estimate l2;
  Estimate ratio;  ///< L3/L2
};

/// Ratios of several methods: the model uncertainty of "the" ratio.
struct MethodSpread {
  std::size_t methods = 0;  ///< that gave a ratio
  double mean = 0.0;
  double sigma = 0.0;  ///< standard deviation over them; 0 below two
  double lowest = 0.0;
  double highest = 0.0;
};

[[nodiscard]] MethodSpread spread_of(std::span<const double> values);

/// σ are counting only; what the method moves is in `spread`. Values are {0, 0} unless the status is ok.
struct WhiteLines {
  WhiteLineStatus status = WhiteLineStatus::not_measurable;  ///< of the method asked for
  Estimate l3;                                               ///< area above the continuum, counts
  Estimate l2;
  Estimate ratio;       ///< L3/L2
  Estimate normalised;  ///< (L3 + L2) above the arctan steps / continuum window
  std::array<MethodRatio, white_line_methods> methods;
  MethodSpread spread;
  std::array<Estimate, 2> l3_eV;     ///< on the aligned axis, by LinePositionMethod; {0, 0}: not found
  std::array<Estimate, 2> l3_shift;  ///< eV from the reference, whose σ is in it
  Estimate l3_tail;                  ///< share of L3 more than 2 eV above its maximum, above the arctan steps
  Estimate oxygen_per_metal;         ///< atoms; counting σ; {0, 0}: not measured
  double fit_chi2_per_dof = 0.0;     ///< of the noise; channels of a deconvolved spectrum are not independent
};

/// Searches the maxima in a background-free spectrum: L3 within 10 eV of the onset, L2 at the tabulated splitting ± 4
/// eV.
[[nodiscard]] LinePositions find_white_lines(std::span<const double> signal, const EnergyAxis& axis,
                                             const PlacedEdge& placed);

/// What the methods share over all items. `cross_section` is empty when there is no model or no angles.
struct WhiteLineModels {
  WhiteLineContinuum arctan;
  WhiteLineContinuum sharp;
  std::optional<WhiteLineContinuum> cross_section;
};

[[nodiscard]] WhiteLineModels white_line_models(const WhiteLineOptions& options);

[[nodiscard]] WhiteLines measure_white_lines(const EdgeSignal& edge, const LinePositions& lines, Estimate thickness,
                                             const WhiteLineModels& models, const WhiteLineOptions& options);

struct WhiteLineResult {
  std::vector<WhiteLines> items;
  std::vector<double> thickness;
  LinePositions lines;
  PlacedEdge placed;
  double oxygen_model = 0.0;  ///< relative σ of all oxygen_per_metal together: cross-sections, or the reference
  MeanSpectra means;
  std::vector<ZeroLoss> zero_loss;
  std::vector<Warning> warnings;
  std::vector<std::string> assumed;
};

/// Two passes: line positions from the mean deconvolved spectrum, then every item. Co L3 takes its background from
/// 715 … 770 eV when the window of the options is the general one.
[[nodiscard]] WhiteLineResult measure_white_lines(const ChainInput& input, const WhiteLineOptions& options, Run& run);

/// Shift of every L3 from the mean of the items [first, last] (all when empty) that have one, with the σ of both.
void relate_positions(std::vector<WhiteLines>& items, std::optional<std::int64_t> first,
                      std::optional<std::int64_t> last);

}  // namespace hotstage::eels
