// SPDX-License-Identifier: GPL-3.0-or-later
// PCA of Poisson counts: components by a stated rule, the low-rank signal, tests of what it lost.

#pragma once

#include "hotstage/core/fields.hpp"
#include "hotstage/core/run.hpp"
#include "hotstage/core/units.hpp"
#include "hotstage/eels/chain.hpp"
#include "hotstage/eels/component_number.hpp"
#include "hotstage/eels/feature_survival.hpp"
#include "hotstage/eels/spectrum.hpp"
#include "hotstage/signal/signal.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hotstage::eels {

struct DenoiseOptions {
  std::optional<std::int64_t> components;
  std::optional<double> noise_factor;
  Energy residual_width = 4.0 * units::eV;
  FeatureOptions feature;

  template <class V>
  void fields(V& v) {
    v("components", components,
      {.help = "components kept; automatic when unset: all that counting noise cannot explain (1 % level)", .min = 1});
    v("noise_factor", noise_factor,
      {.help = "variance divided by mean of the counts; measured from the eigenvalues when unset", .min = 1e-9});
    v("residual_width", residual_width,
      {.help = "width of the windows in which residuals are searched for a lost signal", .unit = "eV", .min = 0.01});
    v("feature", feature, {.help = "test feature whose survival is told"});
  }
};

/// One row of the scree table.
struct Component {
  double eigenvalue = 0.0;  ///< of the weighted data, in noise variances: noise alone ends at `edge`
  ComponentStrength strength;
};

/// Number of components by three rules.
struct ComponentNumber {
  std::size_t used = 0;
  std::size_t by_edge = 0;       ///< eigenvalues above the noise (1 % level): the default
  std::size_t by_threshold = 0;  ///< above the optimal hard threshold
  std::size_t by_thinning = 0;   ///< kept components of 4/5 of the counts predict the other 1/5 best
  double limit = 0.0;            ///< of by_edge, in noise variances
  double edge = 0.0;
  double threshold = 0.0;
};

/// Residual against counting noise. Values are 1 on average when noise is all that was removed.
struct ResidualTest {
  std::vector<double> item_chi2;     ///< per item, χ² per degree of freedom; 0 for items not used
  std::vector<double> channel_chi2;  ///< per channel
  std::vector<double> item_peak;     ///< largest |window residual| of the item, in σ
  std::vector<double> item_peak_eV;  ///< centre of that window
  double limit = 0.0;                ///< which noise alone exceeds once in 100 such scans
  std::size_t above = 0;             ///< items whose peak exceeds it
};

struct DenoiseResult {
  std::size_t items = 0;
  EnergyAxis axis;
  ComponentNumber number;
  NoiseMatrix noise;            ///< of the weighted data; variance = noise factor
  std::size_t empty_items = 0;  ///< without counts: left out, 0 in the result
  std::size_t empty_channels = 0;
  std::vector<Component> scree;  ///< all, largest first
  Buffer<double, 2> spectra;     ///< components × channels, counts: data = Σ score·spectrum
  Buffer<double, 2> scores;      ///< items × components
  std::vector<double> mean;      ///< mean spectrum of the counts
  std::vector<double> mean_denoised;
  double noise_left = 0.0;  ///< rms noise of a denoised channel over that of a counted one, on average
  ResidualTest residual;
  FeatureSurvival survival;
  std::vector<Warning> warnings;
};

/// Weighted PCA of the counts of all items, uncentred, in two passes over the source.
///
/// Each count is divided by the root of the product of mean image and mean spectrum (Keenan & Kotula 2004,
/// doi:10.1002/sia.1657), so that Poisson noise has one variance. One pass sums the channel covariance in float64; the
/// second projects. Memory: four matrices of channels² doubles and the scores; the result does not depend on threads or
/// memory. Energy offsets of items are not applied: the axis of the file is used. Throws Error{bad_input} below 16
/// items or channels or without counts, Error{no_space} when the matrices do not fit run.memory.
[[nodiscard]] DenoiseResult denoise(const signal::Signal& signal, const DenoiseOptions& options, Run& run);

/// The low-rank counts as a signal of the same axes whose source multiplies on reading, tagged as denoised.
[[nodiscard]] signal::Signal denoised_signal(const signal::Signal& signal, const DenoiseResult& result);

/// True for what `denoised_signal` made, also read back from a file: its counts have no counting statistics.
[[nodiscard]] bool is_denoised(const signal::Signal& signal);

}  // namespace hotstage::eels
