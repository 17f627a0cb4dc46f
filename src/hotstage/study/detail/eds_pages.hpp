// SPDX-License-Identifier: GPL-3.0-or-later
// The pass behind eds.quantify: the sum spectrum and its fit, line areas of every item, tables and figures of them.

#pragma once

#include "hotstage/eds/fit.hpp"
#include "hotstage/eds/quantify.hpp"
#include "hotstage/study/step.hpp"

#include <span>
#include <string>
#include <vector>

namespace hotstage::study::detail {

/// Photon energies of a spectrum or a spectrum image. Throws Error{bad_input} when the axis is no energy.
[[nodiscard]] eds::EnergyAxis eds_axis(const signal::Signal& signal);

/// Sum over items, tile by tile: independent of threads and tiles, because counts are whole numbers.
[[nodiscard]] std::vector<double> sum_spectrum(const signal::Signal& signal, Run& run);

/// α areas of every item (families × items) with their counting variance.
struct AreaMaps {
  Buffer<double, 2> area;
  Buffer<double, 2> variance;
};

[[nodiscard]] AreaMaps area_maps(const signal::Signal& signal, const eds::AreaEstimator& estimator, Run& run);

/// One row per family: area, both σ, found or the bound.
[[nodiscard]] io::Table line_table(const eds::SpectrumFit& fit);

/// One row per element.
[[nodiscard]] io::Table composition_table(const eds::Composition& composition);

/// Spectrum with lines marked and the fit; residual in units of σ below.
[[nodiscard]] report::Figure spectrum_figure(std::span<const double> counts, const eds::SpectrumFit& fit);

/// Misfit, unexplained peaks, lines too close, what was not calibrated.
void add_eds_checks(std::span<const double> counts, const eds::SpectrumFit& fit,
                    std::span<const eds::Interference> interferences, StepOutput& out);

}  // namespace hotstage::study::detail
