// SPDX-License-Identifier: GPL-3.0-or-later
// Means of groups of frames, of groups of groups and so on, each compared with those before it on its level: errors do
// not add up, and memory grows with the logarithm of the length of a series.

#pragma once

#include "hotstage/core/run.hpp"
#include "hotstage/series/detail/band.hpp"

#include <array>
#include <deque>
#include <span>
#include <vector>

namespace hotstage::series::detail {

class AnchorTree {
 public:
  /// `frames`: of one full group. `reach`: largest shift between two groups, px.
  AnchorTree(const Band& band, Spectra spectra, double frames, double lowest, double reach);

  /// Adds the next group of frames. `sum`: of their spectra, already moved back as well as is known; empty when no
  /// frame is good. Returns by how much more the group is to be moved back; `sum` is moved by it.
  std::array<double, 2> add(Spectrum& sum, Run& run);

  /// Corrections on top of what add() returned, one per group: robust least squares (Huber) over all comparisons;
  /// their mean is zero.
  [[nodiscard]] std::vector<std::array<double, 2>> solve() const;

  /// Variance of the position of one group per axis, px².
  [[nodiscard]] double variance() const;

  [[nodiscard]] std::size_t groups() const { return moved_.size(); }

 private:
  struct Node {
    std::size_t first = 0;  ///< groups [first, last)
    std::size_t last = 0;
    Spectrum sum;
  };

  struct Level {
    std::vector<float> weights;
    std::deque<Node> before;  ///< the last nodes, newest last
    Node growing;             ///< sum of the nodes that will be one of the next level
    std::size_t in_growing = 0;
  };

  /// Groups of a stand a shift further than groups of b, beyond what they were moved by then.
  struct Comparison {
    std::size_t a_first = 0, a_last = 0, b_first = 0, b_last = 0;
    std::array<double, 2> shift{};
    std::array<double, 2> variance{};
  };

  std::array<double, 2> enter(std::size_t level, Node node, Run& run);
  [[nodiscard]] std::vector<double> solve_axis(std::size_t axis) const;

  Band band_;
  Spectra spectra_;
  double frames_;
  double lowest_;
  double reach_;
  std::vector<Level> levels_;
  std::vector<Comparison> comparisons_;
  std::vector<std::array<double, 2>> moved_;
  std::vector<char> good_;
};

}  // namespace hotstage::series::detail
