// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/residual_noise.hpp"

#include "hotstage/num/statistics.hpp"

#include <algorithm>
#include <cmath>

namespace hotstage::series::detail {

namespace {

constexpr std::size_t block_px = 8;
constexpr std::size_t block_step_px = 4;  // blocks overlap: a spot is not cut by their grid
constexpr double bins_per_root = 4.0;
constexpr double least_electrons = 0.5;  // below, counts are no number of unit variance

/// Mean product of an image and itself moved by (dy, dx), over the mean square; `other` is compared with `image`.
double correlation(View<const float, 2> image, View<const float, 2> other, long dy, long dx) {
  const auto rows = static_cast<long>(image.extent(0));
  const auto columns = static_cast<long>(image.extent(1));
  double product = 0.0, square = 0.0, other_square = 0.0;
  for (long y = std::max(0L, -dy); y < std::min(rows, rows - dy); ++y) {
    const auto a = image.row(static_cast<std::size_t>(y));
    const auto b = other.row(static_cast<std::size_t>(y + dy));
    for (long x = std::max(0L, -dx); x < std::min(columns, columns - dx); ++x) {
      const auto p = static_cast<double>(a[static_cast<std::size_t>(x)]);
      const auto q = static_cast<double>(b[static_cast<std::size_t>(x + dx)]);
      product += p * q;
      square += p * p;
      other_square += q * q;
    }
  }
  const double norm = std::sqrt(square * other_square);
  return norm > 0.0 ? product / norm : 0.0;
}

}  // namespace

ResidualSums::ResidualSums(std::size_t frames, std::size_t rows, std::size_t columns)
    : rows_(rows), columns_(columns), frames_(frames), now_({rows, columns}), before_({rows, columns}) {}

void ResidualSums::add(std::size_t frame, View<const float, 2> recorded, View<const float, 2> denoised,
                       std::array<long, 2> shift, std::size_t together) {
  FrameResidual& out = frames_[frame];
  out.frames = together;
  double squares = 0.0, expected = 0.0;
  for (std::size_t y = 0; y < rows_; ++y) {
    for (std::size_t x = 0; x < columns_; ++x) {
      const auto mean = static_cast<double>(denoised(y, x));
      const double off = static_cast<double>(recorded(y, x)) - mean;
      squares += off * off;
      expected += std::max(0.0, mean);
      now_.view()(y, x) = mean > least_electrons ? static_cast<float>(off / std::sqrt(mean)) : 0.0F;
      const auto bin = static_cast<std::size_t>(bins_per_root * std::sqrt(std::max(0.0, mean)));
      if (bin >= bins_.size()) {
        bins_.resize(bin + 1);
      }
      bins_[bin].electrons += mean;
      bins_[bin].squares += off * off;
      bins_[bin].pixels += 1.0;
    }
  }
  out.variance = expected > 0.0 ? squares / expected : 0.0;
  out.along_y = correlation(now_.view(), now_.view(), 1, 0);
  out.along_x = correlation(now_.view(), now_.view(), 0, 1);
  if (!first_) {
    out.along_time = correlation(now_.view(), before_.view(), shift_before_[0] - shift[0], shift_before_[1] - shift[1]);
  }
  for (std::size_t y = 0; y + block_px <= rows_; y += block_step_px) {
    for (std::size_t x = 0; x + block_px <= columns_; x += block_step_px) {
      double sum = 0.0;
      for (std::size_t k = 0; k < block_px * block_px; ++k) {
        sum += static_cast<double>(now_.view()(y + k / block_px, x + k % block_px));
      }
      const double deviation = std::abs(sum) / static_cast<double>(block_px);
      if (deviation > out.worst_block) {
        out.worst_block = deviation;
        out.worst_y_px = static_cast<double>(y) + 0.5 * static_cast<double>(block_px - 1);
        out.worst_x_px = static_cast<double>(x) + 0.5 * static_cast<double>(block_px - 1);
      }
    }
  }
  std::swap(now_, before_);
  shift_before_ = shift;
  first_ = false;
}

ResidualNoise ResidualSums::result() const {
  ResidualNoise out{.frames = frames_};
  double squares = 0.0, expected = 0.0;
  for (const Bin& bin : bins_) {
    squares += bin.squares;
    expected += bin.electrons;
    if (bin.pixels > 0.0) {
      out.bins.push_back({bin.electrons / bin.pixels, bin.squares / bin.pixels, bin.pixels});
    }
  }
  out.variance = expected > 0.0 ? squares / expected : 0.0;
  const auto n = static_cast<double>(frames_.size());
  for (std::size_t f = 0; f < frames_.size(); ++f) {
    out.along_y += frames_[f].along_y / n;
    out.along_x += frames_[f].along_x / n;
    out.along_time += n > 1.0 ? frames_[f].along_time / (n - 1.0) : 0.0;
    if (frames_[f].worst_block > out.worst_block) {
      out.worst_block = frames_[f].worst_block;
      out.worst_frame = f;
    }
  }
  constexpr double chance = 0.01;
  const auto blocks = static_cast<double>((rows_ / block_step_px) * (columns_ / block_step_px));
  out.block_limit = num::upper_normal_quantile(0.5 * chance / (n * blocks));
  return out;
}

}  // namespace hotstage::series::detail
