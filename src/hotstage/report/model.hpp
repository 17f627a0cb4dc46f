// SPDX-License-Identifier: GPL-3.0-or-later
// Balls and sticks in space: turned by hand on the page, drawn once for print.

#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace hotstage::report {

enum class Colour;

/// What several balls have in common.
struct BallKind {
  std::string name;
  double radius = 1.0;
  Colour colour{};
};

/// Seen from far away (no perspective), the z axis upright.
struct Model {
  std::string unit;  ///< of every length
  std::vector<BallKind> kinds;
  std::vector<double> x;  ///< centres
  std::vector<double> y;
  std::vector<double> z;
  std::vector<std::size_t> kind;  ///< of each ball, an index into kinds
  std::vector<std::size_t> from;  ///< sticks: a ball at each end
  std::vector<std::size_t> to;
  std::vector<double> edges;           ///< thin lines, six numbers each: x, y, z of both ends
  std::array<double, 2> view{20, 10};  ///< direction of the eye: azimuth from x, height above the plane, degrees
};

}  // namespace hotstage::report
