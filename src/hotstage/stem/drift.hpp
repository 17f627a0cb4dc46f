// SPDX-License-Identifier: GPL-3.0-or-later
// Specimen drift as a continuous path: a steady rate, a random walk and a few jumps that settle.

#pragma once

#include "hotstage/core/rng.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace hotstage::stem {

struct DriftModel {
  double rate_nm_per_s = 0.15;      ///< speed; the direction is drawn
  double walk_nm_per_root_s = 0.5;  ///< standard deviation along each axis after one second
  int jumps = 2;
  double jump_nm = 8.0;  ///< length; direction and time are drawn
};

struct Displacement {
  double x_nm = 0.0;
  double y_nm = 0.0;
};

/// Positive: the specimen moves towards larger x and y of the frame. Zero at `first_s`.
class DriftPath {
 public:
  DriftPath(const DriftModel& model, double first_s, double last_s, std::uint64_t seed);

  /// At any time; the walk stands still outside [first_s, last_s].
  [[nodiscard]] Displacement at(double time_s) const;

  struct Extent {
    Displacement least;
    Displacement most;
  };

  /// Smallest box around the path inside [first_s, last_s], to a tenth of a nanometre or better.
  [[nodiscard]] Extent extent() const;

 private:
  struct Jump {
    double time_s = 0.0;
    Displacement to;
  };

  double first_s_ = 0.0;
  double last_s_ = 0.0;
  Displacement rate_nm_per_s_;
  std::vector<Displacement> walk_;  ///< at first_s + i · knot_s
  std::vector<Jump> jumps_;
};

}  // namespace hotstage::stem
