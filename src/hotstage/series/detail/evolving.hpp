// SPDX-License-Identifier: GPL-3.0-or-later
// Where a specimen changes while it drifts: regions that would pull a registration along with what grows in them.

#pragma once

#include "hotstage/core/run.hpp"
#include "hotstage/series/detail/band.hpp"

#include <array>
#include <span>
#include <vector>

namespace hotstage::series::detail {

/// Sums of a few consecutive parts of a series; two become one when there are too many.
class Parts {
 public:
  struct Part {
    std::size_t first = 0;  ///< frames [first, last)
    std::size_t last = 0;
    double frames = 0.0;  ///< good ones, in the sum
    Spectrum sum;
  };

  /// Adds frames [first, last) whose spectra, moved back, sum up to `sum`.
  void add(std::size_t first, std::size_t last, double frames, const Spectrum& sum);

  [[nodiscard]] std::vector<Part>& all() { return parts_; }

 private:
  std::vector<Part> parts_;
  std::size_t full_ = 0;  ///< frames of one part
};

struct Evolving {
  Buffer<float, 2> weight;  ///< 0 … 1 per px of the field, at the mean position of the specimen
  double kept = 1.0;        ///< share of the information on a shift that the weights keep, the worse axis
  double bias_px = 0.0;     ///< largest difference per axis the weights make to where a part stands
  double moved_px = 0.0;    ///< largest of `shift`
  double noise = 0.0;       ///< of bias_px: its standard uncertainty over that of one frame
  std::vector<std::array<double, 2>> shift{};  ///< of every part: what it was moved back by, px
};

/// Parts are compared with the mean of all, in boxes of the field: residual power beyond that of noise (as much as the
/// median box has, in proportion to its brightness) gets less weight, (limit/residual)². Shift and brightness of every
/// part are fitted with the same weights first, in rounds, so that neither counts as a change (iteratively reweighted
/// least squares from the median over the boxes). The parts are moved back by what was found. `brightness`: per px of
/// the field, any unit; windows as the spectra were made with.
[[nodiscard]] Evolving find_evolving(const Band& band, const Spectra& spectra, double lowest,
                                     std::span<Parts::Part> parts, View<const double, 2> brightness,
                                     std::span<const float> window_y, std::span<const float> window_x, Run& run);

/// An image that was cut out and windowed, times the weights moved by (dy, dx) px; its mean under `window`·weights is
/// taken off.
void apply_weight(View<float, 2> windowed, View<const float, 2> weight, std::array<double, 2> d_px,
                  std::span<const float> window_y, std::span<const float> window_x);

}  // namespace hotstage::series::detail
