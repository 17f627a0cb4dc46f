// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/meso/detail/front_solver.hpp"
#include "hotstage/meso/detail/ledger.hpp"
#include "hotstage/meso/detail/vacancy_solver.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

namespace hotstage::meso::detail {
namespace {

Polycrystal open_field(std::size_t cells, int grains = 1) {
  Polycrystal crystal{.cells = cells, .pixel_nm = 1.0};
  crystal.centres.resize(static_cast<std::size_t>(grains));
  for (std::size_t cell = 0; cell < cells * cells; ++cell) {
    crystal.label.push_back(grains == 1 || cell % cells < cells / 2 ? 1 : 2);
  }
  complete(crystal);
  return crystal;
}

TEST(VacancySolver, keeps_the_sum_however_fast_the_boundary_is) {
  const Polycrystal crystal = open_field(40, 2);
  for (const double fast : {0.0, 1e4, 1e9}) {
    VacancySolver solver(crystal, fast);
    std::vector<double> v(1600, 0.0);
    v[20 * 40 + 19] = 0.3;
    v[5 * 40 + 3] = 0.1;
    for (int step = 0; step < 50; ++step) {
      solver.diffuse(v, 1e3);
    }
    EXPECT_NEAR(std::accumulate(v.begin(), v.end(), 0.0) / 0.4, 1.0, 1e-12) << fast;
    EXPECT_GE(*std::min_element(v.begin(), v.end()), 0.0);
  }
}

TEST(VacancySolver, spreads_a_cosine_at_the_rate_of_its_mode_to_first_order_in_time) {
  constexpr std::size_t n = 32;
  const Polycrystal crystal = open_field(n);
  const auto error = [&](int steps) {
    VacancySolver solver(crystal, 0.0);
    std::vector<double> v(n * n);
    for (std::size_t i = 0; i < n * n; ++i) {
      v[i] = 1.0 + 0.5 * std::cos(std::numbers::pi * (static_cast<double>(i % n) + 0.5) / n);
    }
    constexpr double total = 40.0;  // D t/h²
    for (int step = 0; step < steps; ++step) {
      solver.diffuse(v, total / steps);
    }
    const double mode = 2.0 - 2.0 * std::cos(std::numbers::pi / n);  // exact for the discrete Laplacian
    const double expected = 1.0 + 0.5 * std::cos(std::numbers::pi * 0.5 / n) * std::exp(-mode * total);
    return std::abs(v[0] - expected);
  };
  EXPECT_LT(error(40), 1e-3);
  EXPECT_NEAR(error(40) / error(80), 2.0, 0.05);
}

TEST(VacancySolver, runs_ahead_along_a_boundary) {
  const Polycrystal crystal = open_field(64, 2);
  VacancySolver solver(crystal, 200.0);
  std::vector<double> v(64 * 64, 0.0);
  v[31] = 1.0;  // on the boundary at the upper edge
  for (int step = 0; step < 20; ++step) {
    solver.diffuse(v, 1.0);
  }
  EXPECT_GT(v[40 * 64 + 31], 50.0 * v[40 * 64 + 10]);
}

TEST(FrontSolver, does_not_pass_a_closed_wall_and_passes_an_open_one) {
  const Polycrystal crystal = open_field(32, 2);
  for (const Walls walls : {Walls::closed, Walls::open}) {
    FrontSolver front(crystal, walls);
    front.eta()[3 * 32 + 2] = 1.0;
    for (int i = 0; i < 100 && front.find_active(); ++i) {
      front.advance(8, 0.05, 0.2);
    }
    const double beyond = front.eta()[20 * 32 + 25];
    EXPECT_NEAR(beyond, walls == Walls::open ? 1.0 : 0.0, 1e-6);
    EXPECT_NEAR(front.eta()[20 * 32 + 5], 1.0, 1e-6);
  }
}

TEST(FrontSolver, gives_the_turned_answer_for_a_turned_start) {
  const Polycrystal crystal = open_field(24);
  FrontSolver a(crystal, Walls::closed);
  FrontSolver b(crystal, Walls::closed);
  a.eta()[5 * 24 + 9] = 1.0;
  b.eta()[9 * 24 + 5] = 1.0;
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(a.find_active());
    ASSERT_TRUE(b.find_active());
    a.advance(8, 0.05, 0.2);
    b.advance(8, 0.05, 0.2);
  }
  constexpr double rounding = 1e-14;  // the order of the four neighbours differs
  for (std::size_t r = 0; r < 24; ++r) {
    for (std::size_t c = 0; c < 24; ++c) {
      EXPECT_NEAR(a.eta()[r * 24 + c], b.eta()[c * 24 + r], rounding);
    }
  }
}

TEST(FrontSolver, grows_by_the_logistic_law_where_nothing_diffuses) {
  const Polycrystal crystal = open_field(16);
  FrontSolver front(crystal, Walls::closed);
  std::fill(front.eta().begin(), front.eta().end(), 0.01);
  ASSERT_TRUE(front.find_active());
  for (int i = 0; i < 10; ++i) {
    front.advance(8, 0.1, 0.2);
  }
  const double expected = 1.0 / (1.0 + 99.0 * std::exp(-8.0));
  constexpr double series = 1e-6;  // e^g to g⁴, 80 steps of 0.1
  EXPECT_NEAR(front.eta()[100], expected, series);
}

TEST(ExactSum, keeps_small_terms_beside_large_ones) {
  ExactSum sum;
  sum.add(1e16);
  for (int i = 0; i < 1000; ++i) {
    sum.add(0.25);
  }
  sum.add(-1e16);
  EXPECT_EQ(sum.value(), 250.0);
}

}  // namespace
}  // namespace hotstage::meso::detail
