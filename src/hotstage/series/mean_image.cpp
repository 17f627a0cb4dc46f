// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/parallel.hpp"
#include "hotstage/series/detail/moved_frame.hpp"
#include "hotstage/series/registration.hpp"

#include <algorithm>

namespace hotstage::series {

namespace {

constexpr std::size_t most_at_once = 16;
constexpr std::size_t band_rows = 16;

/// Frames read side by side and added in their order, band by band.
std::size_t frames_at_once(const FrameShape& shape, const Run& run) {
  const std::size_t pixels = shape.rows * shape.columns;
  const std::size_t kept = pixels * (3 * sizeof(float) + sizeof(double));
  const std::size_t fit = run.memory > kept ? (run.memory - kept) / 2 / (pixels * sizeof(float)) : 1;
  return std::clamp<std::size_t>(fit, 1, most_at_once);
}

}  // namespace

MeanImage drift_corrected_mean(const signal::Signal& series, std::span<const FrameDrift> drift, std::size_t first,
                               std::size_t last, Run& run) {
  const FrameShape shape = shape_of(series, 1);
  HOTSTAGE_EXPECTS(drift.size() == shape.frames && first < last && last <= shape.frames);
  MeanImage out{Buffer<float, 2>({shape.rows, shape.columns}), Buffer<float, 2>({shape.rows, shape.columns}),
                Buffer<float, 2>({shape.rows, shape.columns})};
  Buffer<double, 2> squares({shape.rows, shape.columns});
  std::vector<std::size_t> kept;
  for (std::size_t i = first; i < last; ++i) {
    if ((drift[i].flags & frame_lost) == 0) {
      kept.push_back(i);
    }
  }
  const std::size_t at_once = frames_at_once(shape, run);
  for (std::size_t from = 0; from < kept.size(); from += at_once) {
    run.check_stop();
    const std::size_t n = std::min(at_once, kept.size() - from);
    std::vector<Buffer<float, 2>> frames(n);
    parallel_chunks(run, n, 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t k = begin; k < end; ++k) {
        frames[k] = read_frame(series, kept[from + k]);
      }
    });
    std::vector<detail::MovedFrame> moved;
    for (std::size_t k = 0; k < n; ++k) {
      moved.emplace_back(frames[k].view(), drift[kept[from + k]].dy_px, drift[kept[from + k]].dx_px);
    }
    parallel_chunks(run, shape.rows, band_rows, [&](std::size_t begin, std::size_t end) {
      for (std::size_t y = begin; y < end; ++y) {
        for (const detail::MovedFrame& frame : moved) {
          frame.add_row(y, {out.mean.row(y), out.n_averaged.row(y), squares.row(y)});
        }
      }
    });
  }
  for (std::size_t i = 0; i < out.mean.size(); ++i) {
    if (out.n_averaged.data()[i] > 0.0F) {
      out.mean.data()[i] /= out.n_averaged.data()[i];
      const auto n = static_cast<double>(out.n_averaged.data()[i]);
      const auto mean = static_cast<double>(out.mean.data()[i]);
      out.variance.data()[i] =
          n > 1.0 ? static_cast<float>(std::max(0.0, squares.data()[i] - n * mean * mean) / (n * (n - 1.0))) : 0.0F;
    }
  }
  return out;
}

}  // namespace hotstage::series
