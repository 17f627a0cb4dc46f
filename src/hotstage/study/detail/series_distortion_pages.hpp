// SPDX-License-Identifier: GPL-3.0-or-later
// Tables and figures of the distortion of frames, and the tables read back.

#pragma once

#include "hotstage/series/frame_affine.hpp"
#include "hotstage/signal/timeline.hpp"
#include "hotstage/study/step.hpp"

#include <optional>
#include <string>
#include <vector>

namespace hotstage::study::detail {

/// What the frames are drawn over: time, or temperature where a log is known.
struct FrameAxis {
  std::vector<double> value;
  std::string label = "Time";
  std::string unit = "s";
};

/// A row per frame: terms as measured with σ, and as they are to be applied. Magnification, stretch and shear in %,
/// rotation in degrees, shifts in px.
[[nodiscard]] io::Table affine_table(const series::SeriesDistortion& distortion, const signal::Timeline& timeline,
                                     const FrameAxis& axis);

/// A row per frame and knot: the row of the frame it stands on, shifts to be applied, σ; no rows when none were found.
[[nodiscard]] io::Table scan_table(const series::SeriesDistortion& distortion, std::size_t rows);

/// Late against early frames per tile: place, vector, σ; px.
[[nodiscard]] io::Table residual_table(const series::SeriesDistortion& distortion);

/// What is to be applied; `scan` may be null. Throws Error{bad_input} when the tables are of another series.
[[nodiscard]] std::vector<series::FrameDistortion> read_distortion(const io::Table& affine, const io::Table* scan,
                                                                   const signal::Signal& frames);

/// For an average: as the tables "affine" and "scan" among the inputs say, else measured with the terms wanted, else
/// empty.
[[nodiscard]] std::vector<series::FrameDistortion> distortion_to_undo(
    const StepInputs& inputs, const std::optional<series::DistortionTerms>& wanted,
    const std::vector<series::FrameDrift>& drift, Run& run);

[[nodiscard]] Check undone_check(const std::vector<series::FrameDistortion>& distortion);

[[nodiscard]] report::Figure terms_figure(const series::SeriesDistortion& distortion, const FrameAxis& axis);

/// Spline of the frame where it is largest, with its band.
[[nodiscard]] report::Figure scan_figure(const series::SeriesDistortion& distortion, std::size_t rows);

/// Residual vectors over the field, drawn longer by a factor that the caption gives.
[[nodiscard]] report::Figure residual_figure(const series::SeriesDistortion& distortion, std::size_t rows,
                                             std::size_t columns);

}  // namespace hotstage::study::detail
