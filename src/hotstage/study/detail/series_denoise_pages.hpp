// SPDX-License-Identifier: GPL-3.0-or-later
// Results, table, checks and figures of denoised series.

#pragma once

#include "hotstage/series/denoise.hpp"
#include "hotstage/study/step.hpp"

namespace hotstage::study::detail {

/// Residual per frame.
[[nodiscard]] io::Table residual_table(const series::ResidualNoise& noise, const signal::Signal& frames);

/// Results and checks of the residual and of the detector.
void add_residual(const series::ResidualNoise& noise, const series::DetectorResponse& detector, std::size_t pixels,
                  StepOutput& out);

/// One frame as recorded, denoised, and what was taken off, in σ.
[[nodiscard]] report::Figure denoised_figure(const signal::Signal& frames, const signal::Signal& denoised,
                                             const series::DetectorResponse& detector, std::size_t frame);

/// Frames at equal distances, recorded above, denoised below.
[[nodiscard]] report::Figure denoised_strip(const signal::Signal& frames, const signal::Signal& denoised);

/// Variance against brightness, and correlation of neighbours frame by frame.
[[nodiscard]] report::Figure residual_noise_figure(const series::ResidualNoise& noise);

}  // namespace hotstage::study::detail
