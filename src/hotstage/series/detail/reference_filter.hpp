// SPDX-License-Identifier: GPL-3.0-or-later
// A mean of few frames, cut down to what stands out of its noise.

#pragma once

#include "hotstage/core/array.hpp"
#include "hotstage/num/fft2.hpp"

#include <vector>

namespace hotstage::series::detail {

/// Wiener filter S/(S + N/n) per mode, S and N from the means of even and odd frames; lattice spots stand for
/// themselves (detail/band.hpp).
class ReferenceFilter {
 public:
  /// `even`, `odd`: means of `frames`/2 frames each, level taken off, 0 where nothing is.
  ReferenceFilter(View<const float, 2> even, View<const float, 2> odd, double frames);

  /// Filters a mean of `frames` frames in place; 0 stands for the level.
  void apply(View<float, 2> mean, double frames) const;

  /// Nothing stands out of the noise.
  [[nodiscard]] bool empty() const { return empty_; }

 private:
  num::RealFft2 fft_;
  std::vector<float> signal_;  ///< rows × bins
  double noise_ = 1.0;         ///< of one frame
  bool empty_ = true;
};

}  // namespace hotstage::series::detail
