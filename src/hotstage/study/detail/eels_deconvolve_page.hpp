// SPDX-License-Identifier: GPL-3.0-or-later
// Options of eels.deconvolve, and the two methods side by side on the mean spectrum.

#pragma once

#include "hotstage/eels/deconvolve_methods.hpp"
#include "hotstage/study/detail/eels_cube.hpp"

#include <array>
#include <vector>

namespace hotstage::study::detail {

enum class DeconvolutionMethod { fourier_ratio, richardson_lucy };

constexpr auto enum_names(DeconvolutionMethod) {
  return std::array{EnumName<DeconvolutionMethod>{DeconvolutionMethod::fourier_ratio, "fourier_ratio"},
                    EnumName<DeconvolutionMethod>{DeconvolutionMethod::richardson_lucy, "richardson_lucy"}};
}

struct DeconvolveOptions {
  DeconvolutionMethod method = DeconvolutionMethod::fourier_ratio;
  CubeOptions cube;
  eels::RichardsonLucyOptions richardson_lucy;
  eels::BootstrapOptions bootstrap;

  template <class V>
  void fields(V& v) {
    v("method", method,
      {.help = "of the mean and the cube: fourier_ratio (linear, with sigma), or richardson_lucy (never negative, one "
               "dispersion, no sigma from theory)"});
    cube.fields(v);
    v("richardson_lucy", richardson_lucy, {.help = "Richardson-Lucy iteration"});
    v("bootstrap", bootstrap, {.help = "sigma of both methods' window sums of the mean spectrum"});
  }
};

/// What Richardson–Lucy leaves of every item: counts per channel in `window`, and how it ended.
struct IterationRecord {
  double sum = 0.0;
  eels::RichardsonLucyResult result;
};

/// Adds both methods on the mean spectrum: figure, window sums with bootstrap σ, a check of their difference; with
/// richardson_lucy as the method its columns of the item table and its mean. `records` is empty with fourier_ratio.
void add_methods(const eels::Chain& chain, const eels::MethodComparison& methods,
                 const std::vector<IterationRecord>& records, StepOutput& out);

/// The mean spectra of a finished pass, compared.
[[nodiscard]] eels::MethodComparison compare(const eels::Chain& chain, const eels::MeanSpectra& means,
                                             const DeconvolveOptions& options, const Run& run);

}  // namespace hotstage::study::detail
