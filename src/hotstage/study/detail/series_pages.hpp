// SPDX-License-Identifier: GPL-3.0-or-later
// Tables, signals and figures that the steps over frame series share.

#pragma once

#include "hotstage/series/events.hpp"
#include "hotstage/series/paper_sampling.hpp"
#include "hotstage/series/registration.hpp"
#include "hotstage/series/segment.hpp"
#include "hotstage/series/voids.hpp"
#include "hotstage/study/detail/series_denoised.hpp"
#include "hotstage/study/step.hpp"

#include <map>
#include <string>
#include <vector>

namespace hotstage::study::detail {

/// The drift table: one row per frame; gain and black level of the detector stand in every row.
[[nodiscard]] io::Table drift_table(const series::Registration& registration, const signal::Timeline& timeline);

/// What the drift table says. Throws Error{bad_input} when the number of rows is not that of the frames.
struct SeriesState {
  std::vector<series::FrameDrift> drift;
  series::DetectorResponse detector;
};

[[nodiscard]] SeriesState read_drift(const io::Table& table, const signal::Signal& frames);

/// A map in the coordinates of frame 0: axes of the frames, `step` pixels per element.
[[nodiscard]] signal::Signal map_signal(const signal::Signal& frames, std::size_t rows, std::size_t columns,
                                        std::size_t step, std::vector<float> values);

/// Labels as they come out of a signal of that kind. Throws Error{bad_input} when the size is not that of the frames.
[[nodiscard]] Buffer<std::int32_t, 2> read_labels(const signal::Signal& labels, const signal::Signal& frames);

[[nodiscard]] report::Figure drift_figure(const series::Registration& registration, const signal::Timeline& timeline);

/// The mean image with the boundaries of the grains and the outlines of voids.
[[nodiscard]] report::Figure grain_figure(const signal::Signal& frames, const series::MeanImage& mean,
                                          const series::Segmentation& segmentation);

[[nodiscard]] report::Figure void_figure(const std::vector<series::VoidTrack>& tracks, const signal::Timeline& timeline,
                                         double pixel_nm);

/// Onset temperatures per block, boundaries drawn over them.
[[nodiscard]] report::Figure onset_figure(const signal::Signal& frames, const series::BlockGrid& grid,
                                          const std::vector<series::BlockOnset>& onsets,
                                          View<const std::int32_t, 2> labels);

[[nodiscard]] report::Figure grain_bars(const std::vector<series::GrainOnset>& onsets);

}  // namespace hotstage::study::detail
