// SPDX-License-Identifier: GPL-3.0-or-later
// How a specimen usually moves from frame to frame, and how surprising a step is.

#pragma once

#include <array>
#include <vector>

namespace hotstage::series::detail {

struct Habit {
  std::array<double, 2> velocity{};  ///< px per usual time
  double scale = 0.0;                ///< of a step about it, px per axis
};

/// From the last steps (px per usual time): median of the newest eight, median deviation, and a first guess of the
/// scale that counts like four steps.
[[nodiscard]] Habit habit(const std::vector<std::array<double, 2>>& steps, double first_step);

/// log probability density of a step whose square is `square` px²: usual steps of `sigma` px per axis, or, with a
/// chance of 2 %, a jump of `jump` px. Without 2π.
[[nodiscard]] double log_step(double square, double sigma, double jump);

}  // namespace hotstage::series::detail
