// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/stem/drift.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace hotstage::stem {
namespace {

namespace tol {
constexpr double rounding = 1e-9;  // nm
constexpr double scatter = 0.15;   // four sigma of a variance over 1500 paths
constexpr double box_nm = 0.1;     // what the header states
}  // namespace tol

TEST(DriftPath, starts_at_zero_and_runs_at_the_stated_rate_when_nothing_else_moves) {
  const DriftPath path({.rate_nm_per_s = 0.3, .walk_nm_per_root_s = 0.0, .jumps = 0}, -10.0, 200.0, 7);
  EXPECT_NEAR(std::hypot(path.at(-10.0).x_nm, path.at(-10.0).y_nm), 0.0, tol::rounding);
  EXPECT_NEAR(std::hypot(path.at(90.0).x_nm, path.at(90.0).y_nm), 30.0, tol::rounding);
}

TEST(DriftPath, walks_as_far_as_stated) {
  double squares = 0.0;
  constexpr int paths = 1500;
  for (int seed = 0; seed < paths; ++seed) {
    const DriftPath path({.rate_nm_per_s = 0.0, .walk_nm_per_root_s = 0.5, .jumps = 0}, 0.0, 100.0,
                         static_cast<std::uint64_t>(seed));
    squares += std::pow(path.at(64.0).x_nm, 2) / paths;
  }
  EXPECT_NEAR(squares / (0.25 * 64.0), 1.0, tol::scatter);
}

TEST(DriftPath, has_no_steps_even_at_jumps_and_settles_by_their_length) {
  const DriftModel model{.rate_nm_per_s = 0.0, .walk_nm_per_root_s = 0.0, .jumps = 1, .jump_nm = 8.0};
  const DriftPath path(model, 0.0, 100.0, 3);
  constexpr double step_s = 0.001;
  double largest = 0.0;
  for (int i = 0; i < 100'000; ++i) {
    const Displacement a = path.at(i * step_s);
    const Displacement b = path.at((i + 1) * step_s);
    largest = std::max(largest, std::hypot(b.x_nm - a.x_nm, b.y_nm - a.y_nm));
  }
  EXPECT_LT(largest, 8.0 * step_s / 0.5 + tol::rounding);  // a decay of 0.5 s at its steepest
  EXPECT_GT(largest, 0.5 * 8.0 * step_s / 0.5);            // it did jump
  EXPECT_NEAR(std::hypot(path.at(1000.0).x_nm, path.at(1000.0).y_nm), 8.0, tol::rounding);
}

TEST(DriftPath, its_box_holds_every_position) {
  const DriftPath path({}, 5.0, 60.0, 11);
  const DriftPath::Extent box = path.extent();
  for (int i = 0; i <= 20'000; ++i) {
    const Displacement d = path.at(5.0 + 55.0 * i / 20'000.0);
    EXPECT_GE(d.x_nm, box.least.x_nm - tol::box_nm);
    EXPECT_LE(d.x_nm, box.most.x_nm + tol::box_nm);
    EXPECT_GE(d.y_nm, box.least.y_nm - tol::box_nm);
    EXPECT_LE(d.y_nm, box.most.y_nm + tol::box_nm);
  }
  EXPECT_GT(box.most.x_nm - box.least.x_nm, 1.0);
}

TEST(DriftPath, switching_jumps_off_leaves_the_walk_as_it_was) {
  DriftModel model{.rate_nm_per_s = 0.0, .jumps = 3, .jump_nm = 0.0};
  const DriftPath with(model, 0.0, 50.0, 2);
  model.jumps = 0;
  const DriftPath without(model, 0.0, 50.0, 2);
  EXPECT_EQ(with.at(33.3).x_nm, without.at(33.3).x_nm);
}

}  // namespace
}  // namespace hotstage::stem
