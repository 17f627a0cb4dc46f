// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/moved_frame.hpp"

#include "hotstage/core/clones.hpp"

namespace hotstage::series::detail {

namespace {

struct Corners {
  const float* above;
  const float* below;
  const float* part;  ///< along x
  float fy;
};

HOTSTAGE_CLONES void add_values(const Corners& c, std::size_t n, float* __restrict sum, float* __restrict count) {
  for (std::size_t x = 0; x < n; ++x) {
    const float top = c.above[x] + c.part[x] * (c.above[x + 1] - c.above[x]);
    const float bottom = c.below[x] + c.part[x] * (c.below[x + 1] - c.below[x]);
    sum[x] += top + c.fy * (bottom - top);
    count[x] += 1.0F;
  }
}

HOTSTAGE_CLONES void add_squares(const Corners& c, std::size_t n, double* __restrict squares) {
  for (std::size_t x = 0; x < n; ++x) {
    const float top = c.above[x] + c.part[x] * (c.above[x + 1] - c.above[x]);
    const float bottom = c.below[x] + c.part[x] * (c.below[x + 1] - c.below[x]);
    const auto value = static_cast<double>(top + c.fy * (bottom - top));
    squares[x] += value * value;
  }
}

}  // namespace

MovedFrame::MovedFrame(View<const float, 2> frame, double dy_px, double dx_px)
    : frame_(frame), dy_px_(dy_px), from_(frame.extent(1)), part_(frame.extent(1)) {
  const auto width = static_cast<double>(frame.extent(1));
  const auto at = [&](std::size_t x) { return static_cast<double>(x) + dx_px; };
  while (first_ < from_.size() && at(first_) < 0.0) {
    ++first_;
  }
  last_ = first_;
  for (; last_ < from_.size() && at(last_) < width - 1.0; ++last_) {
    from_[last_] = static_cast<std::size_t>(at(last_));
    part_[last_] = static_cast<float>(at(last_) - static_cast<double>(from_[last_]));
    aligned_ = aligned_ && from_[last_] - from_[first_] == last_ - first_;
  }
}

void MovedFrame::add_row(std::size_t y, const RowSums& to) const {
  const double at = static_cast<double>(y) + dy_px_;
  if (at < 0.0 || at >= static_cast<double>(frame_.extent(0)) - 1.0) {
    return;
  }
  const auto row = static_cast<std::size_t>(at);
  const float* const above = frame_.row(row).data();
  const float* const below = frame_.row(row + 1).data();
  const auto fy = static_cast<float>(at - static_cast<double>(row));
  const auto add = [&](std::size_t x, std::size_t n) {
    const Corners corners{above + from_[x], below + from_[x], part_.data() + x, fy};
    add_values(corners, n, to.sum.data() + x, to.n.data() + x);
    if (!to.squares.empty()) {
      add_squares(corners, n, to.squares.data() + x);
    }
  };
  if (aligned_ && first_ < last_) {
    add(first_, last_ - first_);
    return;
  }
  for (std::size_t x = first_; x < last_; ++x) {
    add(x, 1);
  }
}

}  // namespace hotstage::series::detail
