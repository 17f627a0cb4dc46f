// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/registration.hpp"

#include <algorithm>

namespace hotstage::series {

MeanImage drift_corrected_mean(const signal::Signal& series, std::span<const FrameDrift> drift, std::size_t first,
                               std::size_t last, Run& run) {
  const FrameShape shape = shape_of(series, 1);
  HOTSTAGE_EXPECTS(drift.size() == shape.frames && first < last && last <= shape.frames);
  MeanImage out{Buffer<float, 2>({shape.rows, shape.columns}), Buffer<float, 2>({shape.rows, shape.columns}),
                Buffer<float, 2>({shape.rows, shape.columns})};
  Buffer<double, 2> squares({shape.rows, shape.columns});
  const auto n_rows = static_cast<double>(shape.rows);
  const auto n_columns = static_cast<double>(shape.columns);
  for (std::size_t i = first; i < last; ++i) {
    run.check_stop();
    if ((drift[i].flags & frame_lost) != 0) {
      continue;
    }
    const Buffer<float, 2> frame = read_frame(series, i);
    const double y_shift = drift[i].dy_px;
    const double x_shift = drift[i].dx_px;
    for (std::size_t y = 0; y < shape.rows; ++y) {
      const double sy = static_cast<double>(y) + y_shift;
      if (sy < 0.0 || sy >= n_rows - 1.0) {
        continue;
      }
      const auto y0 = static_cast<std::size_t>(sy);
      const auto fy = static_cast<float>(sy - static_cast<double>(y0));
      const float* const above = frame.row(y0).data();
      const float* const below = frame.row(y0 + 1).data();
      for (std::size_t x = 0; x < shape.columns; ++x) {
        const double sx = static_cast<double>(x) + x_shift;
        if (sx < 0.0 || sx >= n_columns - 1.0) {
          continue;
        }
        const auto x0 = static_cast<std::size_t>(sx);
        const auto fx = static_cast<float>(sx - static_cast<double>(x0));
        const float top = above[x0] + fx * (above[x0 + 1] - above[x0]);
        const float bottom = below[x0] + fx * (below[x0 + 1] - below[x0]);
        const float value = top + fy * (bottom - top);
        out.mean.view()(y, x) += value;
        squares.view()(y, x) += static_cast<double>(value) * static_cast<double>(value);
        out.n_averaged.view()(y, x) += 1.0F;
      }
    }
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
