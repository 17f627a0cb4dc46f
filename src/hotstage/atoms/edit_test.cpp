// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/edit.hpp"

#include "hotstage/atoms/crystal.hpp"
#include "hotstage/atoms/symmetry.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/core/rng.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <cmath>

namespace hotstage::atoms {
namespace {

TEST(Edit, formulas_count_in_the_order_of_the_atoms) {
  const Structure s = repeated(phase_structure("LiCoO2"), {2, 2, 1});
  EXPECT_EQ(formula(s), "Li12Co12O24");
  EXPECT_EQ(reduced_formula(s), "LiCoO2");
  EXPECT_EQ(formula_units(s), 12U);
  EXPECT_EQ(formula(Structure{}), "");
}

TEST(Edit, a_supercell_holds_the_volume_and_the_atoms_of_its_matrix) {
  const Structure s = phase_structure("Co3O4", {.cell = CellKind::primitive});
  const Structure big = supercell(s, {IntVector{2, 1, 0}, IntVector{0, -1, 3}, IntVector{1, 0, 1}});
  // det = 2·(−1·1 − 3·0) − 1·(0·1 − 3·1) = 1
  EXPECT_EQ(big.size(), s.size());
  const Structure bigger = supercell(s, {IntVector{2, 1, 0}, IntVector{0, -1, 3}, IntVector{1, 1, 1}});
  // det = 2·(−1 − 3) − 1·(0 − 3) = −5
  EXPECT_EQ(bigger.size(), 5 * s.size());
  EXPECT_NEAR(std::abs(volume_A3(bigger.cell_A)), 5.0 * volume_A3(s.cell_A), 1e-9);
  EXPECT_EQ(find_symmetry(bigger).number, 227);
  EXPECT_EQ(bigger.moments_muB.size(), bigger.size());
}

TEST(Edit, flat_matrices_and_empty_repeats_are_refused) {
  const Structure s = phase_structure("Li");
  EXPECT_THROW((void)supercell(s, {IntVector{1, 0, 0}, IntVector{2, 0, 0}, IntVector{0, 0, 1}}), Error);
  EXPECT_THROW((void)repeated(s, {1, 0, 1}), Error);
}

TEST(Edit, the_primitive_cell_of_a_supercell_is_the_primitive_cell) {
  for (const Phase& phase : phases()) {
    if (phase.molecule) {
      continue;
    }
    const Structure small = phase_structure(phase.name, {.cell = CellKind::primitive});
    const Structure big = supercell(small, {IntVector{2, 0, 1}, IntVector{0, 1, 0}, IntVector{-1, 1, 2}});
    const Structure back = primitive(big);
    EXPECT_EQ(back.size(), small.size()) << phase.name;
    EXPECT_NEAR(volume_A3(back.cell_A), std::abs(volume_A3(small.cell_A)), 1e-6) << phase.name;
    EXPECT_EQ(find_symmetry(back).number, phase.space_group) << phase.name;
  }
}

TEST(Edit, moments_keep_cells_apart_that_atoms_alone_would_merge) {
  Structure coo = phase_structure("CoO", {.cell = CellKind::primitive});
  EXPECT_EQ(primitive(coo).size(), 4U);
  coo.moments_muB.clear();
  EXPECT_EQ(primitive(coo).size(), 2U);
}

RC_GTEST_PROP(Edit, wrapping_moves_atoms_by_lattice_vectors_only, (std::uint32_t seed)) {
  Rng rng(seed, 1, 0);
  Structure s = phase_structure("LiCoO2");
  for (Vector& place : s.positions_A) {
    place = add(place, Vector{40.0 * rng.uniform() - 20.0, 40.0 * rng.uniform(), -40.0 * rng.uniform()});
  }
  const Structure in = wrapped(s);
  const Lattice lattice(s.cell_A);
  for (std::size_t i = 0; i < s.size(); ++i) {
    RC_ASSERT(norm(lattice.nearest_image(subtract(in.positions_A[i], s.positions_A[i]), s.periodic)) < 1e-9);
    for (const double x : lattice.fractional(in.positions_A[i])) {
      RC_ASSERT(x > -1e-6 && x < 1.0);
    }
  }
}

TEST(Edit, taking_and_leaving_out_atoms_keeps_every_list) {
  Structure s = phase_structure("CoO");
  s.fixed.assign(s.size(), 0);
  s.fixed[3] = 1;
  const Structure rest = without(s, std::array<std::size_t, 2>{0, 5});
  EXPECT_EQ(rest.size(), s.size() - 2);
  EXPECT_EQ(rest.fixed[2], 1);
  EXPECT_EQ(rest.moments_muB[0], s.moments_muB[1]);
  EXPECT_THROW((void)take(s, std::array<std::size_t, 1>{99}), Error);
  EXPECT_THROW((void)without(s, std::array<std::size_t, 1>{99}), Error);
}

TEST(Edit, inconsistent_lists_are_refused) {
  Structure s = phase_structure("Li");
  s.moments_muB = {1.0};
  EXPECT_THROW(require_consistent(s), Error);
  s = phase_structure("Li");
  s.positions_A[0][1] = std::nan("");
  EXPECT_THROW(require_consistent(s), Error);
}

}  // namespace
}  // namespace hotstage::atoms
