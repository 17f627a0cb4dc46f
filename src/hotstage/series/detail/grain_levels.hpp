// SPDX-License-Identifier: GPL-3.0-or-later
// Local brightness of every grain, without what stands out in it.

#pragma once

#include "hotstage/core/array.hpp"

#include <opencv2/core.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace hotstage::series::detail {

/// Mean over the pixels of a pixel's own grain with Gaussian weights of 12 px (normalised convolution). The sums are
/// made on bins of 2 px and read between them, the Gaussian narrowed by what both add to its variance: within 1e-3 of
/// the sums over pixels (grain_levels_test.cpp), at a seventh of the time.
class GrainLevels {
 public:
  explicit GrainLevels(View<const std::int32_t, 2> labels);

  /// `image` float, `use` 8 bit: 0 leaves a pixel out. Returns float, 0 without a grain and where too little is near.
  [[nodiscard]] cv::Mat of(const cv::Mat& image, const cv::Mat& use) const;

 private:
  struct Grain {
    cv::Rect bins;          ///< that its pixels fall into, and one more on every side
    std::size_t first = 0;  ///< of its bins among those of all grains
  };

  Buffer<std::int32_t, 2> index_;  ///< into grains_; −1: none
  std::vector<Grain> grains_;
  std::size_t bins_ = 0;
};

}  // namespace hotstage::series::detail
