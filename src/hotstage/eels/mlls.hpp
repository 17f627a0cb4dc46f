// SPDX-License-Identifier: GPL-3.0-or-later
// Multiple linear least squares: every spectrum as a sum of reference spectra, with σ, residuals and collinearity.

#pragma once

#include "hotstage/core/run.hpp"
#include "hotstage/eels/chain.hpp"
#include "hotstage/eels/spectrum.hpp"
#include "hotstage/signal/signal.hpp"

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::eels {

/// What the squares are weighted by.
enum class MllsWeights {
  poisson,  ///< the model: counts
  uniform,  ///< nothing: spectra that are no counts any more (background subtracted, deconvolved)
};

constexpr auto enum_names(MllsWeights) {
  return std::array{EnumName<MllsWeights>{MllsWeights::poisson, "poisson"},
                    EnumName<MllsWeights>{MllsWeights::uniform, "uniform"}};
}

struct MllsOptions {
  Energy low = 0.0 * units::eV;
  Energy high = 0.0 * units::eV;
  std::vector<int> regions;
  std::vector<std::string> names;
  bool non_negative = true;
  MllsWeights weights = MllsWeights::poisson;
  std::optional<Energy> background_low;
  std::optional<Energy> background_high;
  Energy max_shift = 0.0 * units::eV;
  std::optional<double> noise_factor;

  template <class V>
  void fields(V& v) {
    v("low", low, {.help = "start of the fit", .unit = "eV", .required = true});
    v("high", high, {.help = "end of the fit", .unit = "eV", .required = true});
    v("regions", regions,
      {.help =
           "items whose mean is a reference, one region after the other: first, last along a line; x first, x last, "
           "y first, y last in an image",
       .min = 0.0});
    v("names", names, {.help = "names of the references: those of the inputs, then those of the regions"});
    v("non_negative", non_negative, {.help = "no reference can be subtracted"});
    v("weights", weights, {.help = "poisson for counts, uniform for spectra that were processed"});
    v("background_low", background_low,
      {.help = "start of the window where a power law is fitted, subtracted from the references and part of the model; "
               "none when unset",
       .unit = "eV"});
    v("background_high", background_high, {.help = "end of that window", .unit = "eV"});
    v("max_shift", max_shift,
      {.help = "how far the references may be moved along the energy axis, item by item; 0: not at all",
       .unit = "eV",
       .min = 0.0,
       .max = 20.0});
    v("noise_factor", noise_factor,
      {.help = "variance divided by mean of the counts; the larger of 1 and chi²/dof of the item when unset",
       .min = 1e-9});
  }
};

/// One reference over all items.
struct MllsReference {
  std::string name;
  double area = 0.0;                ///< counts in the fit window
  std::vector<double> spectrum;     ///< on the axis of the data, its power law removed
  std::vector<double> coefficient;  ///< per item: how much of the reference
  std::vector<double> sigma;  ///< per item: Cramér–Rao of the parameters in use, or from the residuals (uniform)
  std::vector<double> share;  ///< per item: coefficient·area over the sum of all
};

struct MllsResult {
  std::vector<MllsReference> references;
  std::vector<char> valid;           ///< per item: 0 when the counts do not determine the coefficients
  std::vector<double> chi2_per_dof;  ///< per item; residual variance for uniform weights
  std::vector<double> misfit;        ///< per item: Σ|residual|/Σ|counts|
  std::vector<double> shift_eV;      ///< per item: what the references were moved by
  std::vector<double> shift_sigma;
  double condition = 0.0;  ///< of the normalised references under the weights of the mean spectrum
  EnergyAxis axis;
  std::vector<double> mean;        ///< counts of the items with a result
  std::vector<double> fit;         ///< their mean model; 0 outside the window
  std::vector<double> background;  ///< their mean power law; empty without
  Window window;
  std::vector<Warning> warnings;
};

/// Counts = Σ_r c_r·S_r(E − shift) [+ power law] in the window, item by item (convex but for the shift, which is
/// searched on a grid of half channels and refined by a parabola). References come first from `references` (the mean of
/// each signal, interpolated to the axis of `data` by cubics), then from the regions of `options`. An item's energy
/// offset moves the references, never its counts.
///
/// A condition number above 30 makes coefficients exchange for each other (Belsley, Kuh & Welsch, Regression
/// Diagnostics (1980), §3.2): a warning. Noise of the references is not in σ. Throws Error{bad_input} without
/// references, for windows off an axis and regions off the data, Error{refused} for references that cannot be told
/// apart.
[[nodiscard]] MllsResult fit_references(const signal::Signal& data, std::span<const signal::Signal* const> references,
                                        const MllsOptions& options, Run& run);

}  // namespace hotstage::eels
