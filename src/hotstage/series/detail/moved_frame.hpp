// SPDX-License-Identifier: GPL-3.0-or-later
// Adds a frame, moved back by its drift (bilinear), to running sums row by row.

#pragma once

#include "hotstage/core/array.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace hotstage::series::detail {

/// Sums of one row over frames; `squares` may be empty.
struct RowSums {
  std::span<float> sum;
  std::span<float> n;
  std::span<double> squares;
};

class MovedFrame {
 public:
  /// `frame` must live as long.
  MovedFrame(View<const float, 2> frame, double dy_px, double dx_px);

  /// Row y of the coordinates of frame 0; places that the frame does not cover stay.
  void add_row(std::size_t y, const RowSums& to) const;

 private:
  View<const float, 2> frame_;
  double dy_px_ = 0.0;
  std::size_t first_ = 0;  ///< columns [first_, last_) are covered
  std::size_t last_ = 0;
  bool aligned_ = true;  ///< from_[x] − x is the same for all
  std::vector<std::size_t> from_;
  std::vector<float> part_;  ///< of the pixel to the right of from_
};

}  // namespace hotstage::series::detail
