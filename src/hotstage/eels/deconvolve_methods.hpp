// SPDX-License-Identifier: GPL-3.0-or-later
// Two deconvolutions of one mean spectrum, Fourier-ratio and Richardson–Lucy, with bootstrap σ of their window sums.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/core/fields.hpp"
#include "hotstage/core/run.hpp"
#include "hotstage/eels/background.hpp"
#include "hotstage/eels/fourier_ratio.hpp"
#include "hotstage/eels/richardson_lucy.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace hotstage::eels {

struct BootstrapOptions {
  int replicates = 100;
  int seed = 1;

  template <class V>
  void fields(V& v) {
    v("replicates", replicates,
      {.help = "Poisson replicates of the mean spectra; 0: no sigma", .min = 0, .max = 100000});
    v("seed", seed, {.help = "seed of the replicates", .min = 0});
  }
};

/// Mean core loss and low loss of several items on one calibration.
struct SpectrumPair {
  EnergyAxis core_axis;
  EnergyAxis low_axis;
  std::span<const double> core;  ///< mean counts per item, background included
  std::span<const double> low;
  std::size_t items = 1;
  std::size_t low_items = 1;       ///< 1 when all items share one low loss
  double core_noise_factor = 1.0;  ///< variance/mean of one item's counts
  double low_noise_factor = 1.0;
};

struct MethodsOptions {
  Window background;  ///< fit window
  Window window;      ///< whose sum is compared
  BackgroundOptions law;
  ZeroLossOptions zero_loss;
  FourierRatioOptions fourier_ratio;
  RichardsonLucyOptions richardson_lucy;
  BootstrapOptions bootstrap;
};

/// One method on the mean spectrum.
struct MethodSpectrum {
  std::vector<float> signal;  ///< counts per channel and item; empty when not done
  Estimate sum;               ///< over the window; σ from the replicates, 0 without
  DeconvolutionStatus status = DeconvolutionStatus::refused_zero_loss;
};

struct MethodComparison {
  std::vector<float> net;  ///< background removed, plural scattering kept
  Estimate net_sum;
  MethodSpectrum fourier_ratio;
  std::optional<MethodSpectrum> richardson_lucy;  ///< none when the dispersions differ
  RichardsonLucyResult iteration;
  int replicates = 0;
};

/// Both methods on the mean of all items. σ by the parametric bootstrap (Efron & Tibshirani 1993, §6.5): the summed
/// counts of both spectra are drawn again, Poisson with their noise factors, and background, zero-loss peak and
/// deconvolution repeated; σ is the standard deviation of the window sums. It holds the counting noise of both spectra
/// and what the stopping rule makes of it, not the bias of a method. Replicate r uses stream r of the seed, so results
/// do not depend on threads.
[[nodiscard]] MethodComparison compare_methods(const SpectrumPair& pair, const MethodsOptions& options, const Run& run);

}  // namespace hotstage::eels
