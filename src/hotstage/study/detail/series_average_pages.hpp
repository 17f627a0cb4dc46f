// SPDX-License-Identifier: GPL-3.0-or-later
// Signals, tables and figures of averages and of rows put right.

#pragma once

#include "hotstage/series/average.hpp"
#include "hotstage/study/detail/series_lattice.hpp"

namespace hotstage::study::detail {

/// Two images of one area side by side, grey levels of the second, each with a scale bar.
[[nodiscard]] report::Figure before_after_figure(const std::string& id, const std::string& title,
                                                 const ImagePart& before, const ImagePart& after,
                                                 const std::array<std::string, 2>& names);

/// Maps in the coordinates of frame 0: "mean", "sigma" (of the mean, counts) and "number" (frames averaged).
void add_average_signals(const signal::Signal& frames, const series::MeanImage& image, StepOutput& out);

/// Images that replace a part of those of `images`, one per row of `data`, on the axes of that part.
[[nodiscard]] signal::Signal part_signal(const signal::Signal& images, const ImagePart& part, Buffer<float, 2> data);

/// Shifts of the rows of every image: frame, row, dx, sigma; with a reference dy, sigma_y.
[[nodiscard]] io::Table row_table(const std::vector<series::RowMotion>& motions, std::size_t first_frame,
                                  std::size_t first_row);

/// Rms of the shifts along y, median of the images; they were measured against a reference.
[[nodiscard]] Result jitter_along_y(const std::vector<series::RowMotion>& motions);

/// Shift of every row of one image, with its band.
[[nodiscard]] report::Figure row_figure(const series::RowMotion& motion, std::size_t first_row);

}  // namespace hotstage::study::detail
