// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/cell.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/core/rng.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>

namespace hotstage::atoms {
namespace {

namespace tol {
constexpr double rounding = 1e-9;
}  // namespace tol

/// A random cell that is not flat: edges 2…8 Å, some of them very oblique.
Cell random_cell(Rng& rng) {
  while (true) {
    Cell out{};
    for (Vector& row : out) {
      for (double& x : row) {
        x = 16.0 * rng.uniform() - 8.0;
      }
    }
    if (std::abs(volume_A3(out)) > 10.0) {
      return out;
    }
  }
}

TEST(Cell, parameters_come_back_from_the_cell_they_made) {
  const CellParameters p{3.1, 4.7, 9.2, 71.0, 102.0, 118.0};
  const CellParameters back = parameters(cell_from(p));
  EXPECT_NEAR(back.a_A, p.a_A, tol::rounding);
  EXPECT_NEAR(back.c_A, p.c_A, tol::rounding);
  EXPECT_NEAR(back.alpha_deg, p.alpha_deg, tol::rounding);
  EXPECT_NEAR(back.beta_deg, p.beta_deg, tol::rounding);
  EXPECT_NEAR(back.gamma_deg, p.gamma_deg, tol::rounding);
}

TEST(Cell, angles_that_close_no_cell_are_refused) {
  EXPECT_THROW((void)cell_from({3.0, 3.0, 3.0, 30.0, 30.0, 90.0}), Error);
  EXPECT_THROW((void)cell_from({-3.0, 3.0, 3.0}), Error);
}

TEST(Cell, a_flat_cell_is_refused_with_a_hint) {
  try {
    const Lattice flat(Cell{Vector{1, 0, 0}, Vector{0, 1, 0}, Vector{1, 1, 0}});
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("span no volume"), std::string::npos);
    EXPECT_NE(e.hint().find("box"), std::string::npos);
  }
}

RC_GTEST_PROP(Cell, fractional_and_cartesian_are_inverse, (std::uint32_t seed)) {
  Rng rng(seed, 1, 0);
  const Lattice lattice(random_cell(rng));
  const Vector f{rng.uniform(), -3.0 * rng.uniform(), 5.0 * rng.uniform()};
  const Vector back = lattice.fractional(lattice.cartesian(f));
  RC_ASSERT(norm(subtract(back, f)) < tol::rounding);
}

RC_GTEST_PROP(Cell, nearest_image_is_the_shortest_of_all_images, (std::uint32_t seed)) {
  Rng rng(seed, 2, 0);
  const Cell cell = random_cell(rng);
  const Lattice lattice(cell);
  const Vector step = lattice.cartesian({4.0 * rng.uniform() - 2.0, 4.0 * rng.uniform() - 2.0, rng.uniform()});
  double shortest = 1e300;
  constexpr int reach = 9;  // oblique cells need images far away
  for (int i = -reach; i <= reach; ++i) {
    for (int j = -reach; j <= reach; ++j) {
      for (int k = -reach; k <= reach; ++k) {
        shortest = std::min(shortest, norm(add(step, combine({double(i), double(j), double(k)}, cell))));
      }
    }
  }
  const Vector nearest = lattice.nearest_image(step, {true, true, true});
  RC_ASSERT(norm(nearest) < shortest + tol::rounding);
  // It is an image at all.
  const Vector moved = lattice.fractional(subtract(nearest, step));
  for (const double x : moved) {
    RC_ASSERT(std::abs(x - std::round(x)) < 1e-6);
  }
}

TEST(Cell, open_directions_have_no_images) {
  const Lattice box(Cell{Vector{10, 0, 0}, Vector{0, 10, 0}, Vector{0, 0, 10}});
  EXPECT_EQ(box.nearest_image({9, 9, 9}, {false, true, false}), (Vector{9, -1, 9}));
}

RC_GTEST_PROP(Cell, reduction_keeps_the_lattice_and_shortens_it, (std::uint32_t seed)) {
  Rng rng(seed, 3, 0);
  const Cell cell = random_cell(rng);
  const Cell short_cell = reduced(cell);
  RC_ASSERT(std::abs(volume_A3(short_cell) - std::abs(volume_A3(cell))) < 1e-6);
  const Lattice old(cell);
  for (const Vector& row : short_cell) {
    for (const double x : old.fractional(row)) {
      RC_ASSERT(std::abs(x - std::round(x)) < 1e-6);
    }
  }
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      // No sum of two is shorter than the longer of them.
      const double longer = std::max(norm(short_cell[i]), norm(short_cell[j]));
      RC_ASSERT(i == j || norm(subtract(short_cell[i], short_cell[j])) > longer - tol::rounding);
      RC_ASSERT(i == j || norm(add(short_cell[i], short_cell[j])) > longer - tol::rounding);
    }
  }
}

}  // namespace
}  // namespace hotstage::atoms
