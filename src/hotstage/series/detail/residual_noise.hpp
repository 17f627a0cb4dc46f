// SPDX-License-Identifier: GPL-3.0-or-later
// Is what denoising took off a series counting noise? Sums over frames as they come.

#pragma once

#include "hotstage/series/denoise.hpp"

#include <array>
#include <vector>

namespace hotstage::series::detail {

class ResidualSums {
 public:
  ResidualSums(std::size_t frames, std::size_t rows, std::size_t columns);

  /// Frames in order; electrons. `shift`: whole pixels of drift. `together`: frames looked at together.
  void add(std::size_t frame, View<const float, 2> recorded, View<const float, 2> denoised, std::array<long, 2> shift,
           std::size_t together);

  [[nodiscard]] ResidualNoise result() const;

 private:
  struct Bin {
    double electrons = 0.0;
    double squares = 0.0;
    double pixels = 0.0;
  };

  std::size_t rows_;
  std::size_t columns_;
  std::vector<FrameResidual> frames_;
  std::vector<Bin> bins_;
  Buffer<float, 2> now_;
  Buffer<float, 2> before_;
  std::array<long, 2> shift_before_{};
  bool first_ = true;
};

}  // namespace hotstage::series::detail
