// SPDX-License-Identifier: GPL-3.0-or-later
// How likely a block changed at a time, for every time: what the brightness says before any front is assumed.

#pragma once

#include "hotstage/series/events.hpp"

#include <cstddef>
#include <vector>

namespace hotstage::series::detail {

/// log L(t, w) of one block: a step at time t with logistic width w against no step, a parabola free in both. Values
/// between the nodes are linear in t and log w; a time outside the series is "no step seen", log L = 0.
struct StepCurve {
  double first_s = 0.0;  ///< time of the first node
  double step_s = 1.0;   ///< between nodes
  std::size_t times = 0;
  std::vector<float> value;     ///< widths × times
  double elsewhere = -7.0;      ///< log L of a step at any time for a reason of its own (void, particle)
  double highest = 0.0;         ///< over all nodes
  double first_width_s = 0.15;  ///< of the first node; each next is `ratio` times wider
  static constexpr std::size_t widths = 6;
  static constexpr double ratio = 1.9;

  [[nodiscard]] double at(double time_s, double width_s) const;
};

/// Templates of a series: steps at every half frame, six widths, freed of a parabola within ± window.
class StepTemplates {
 public:
  StepTemplates(std::vector<char> usable, std::size_t window, double frame_s);

  /// Curve of a series of values with noise σ per value over the frames `from` … `to`. Its step has the height
  /// `change` ± `spread` (unit of the values). `offset_s`: time of frame 0 on the clock.
  [[nodiscard]] StepCurve curve(std::span<const float> values, double noise, double change, double spread,
                                double offset_s, std::size_t from, std::size_t to) const;

 private:
  struct Template {
    std::size_t first = 0;  ///< frame
    double norm = 0.0;      ///< Σ shape²
    std::vector<float> shape;
  };

  [[nodiscard]] const Template& of(std::size_t width, std::size_t half_frame) const;

  std::vector<char> usable_;
  double frame_s_ = 1.0;
  std::size_t nodes_ = 0;
  std::vector<Template> templates_;
};

/// A block whose time is all that is known: normal around it, with tails.
[[nodiscard]] StepCurve curve_of_time(double time_s, double sigma_s);

}  // namespace hotstage::series::detail
