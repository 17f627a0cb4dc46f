// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/symmetry.hpp"

#include "hotstage/atoms/crystal.hpp"
#include "hotstage/atoms/edit.hpp"
#include "hotstage/core/error.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <set>

namespace hotstage::atoms {
namespace {

TEST(Symmetry, a_supercell_has_the_group_of_its_crystal_and_all_its_translations) {
  const Structure s = repeated(phase_structure("LiCoO2"), {2, 2, 1});
  const Symmetry found = find_symmetry(s);
  EXPECT_EQ(found.international, "R-3m");
  EXPECT_EQ(found.point_group, "-3m");
  EXPECT_EQ(found.operations.size(), 12U * 3U * 4U);  // point group, centring, copies
  EXPECT_EQ(distinct_atoms(found).size(), 3U);
}

TEST(Symmetry, moments_lower_the_symmetry_only_when_asked) {
  const Structure coo = phase_structure("CoO");
  EXPECT_EQ(find_symmetry(coo).number, 225);
  EXPECT_EQ(find_symmetry(coo, 0.01, Moments::distinguish).number, 166);
  EXPECT_EQ(distinct_atoms(find_symmetry(coo)).size(), 2U);
  EXPECT_EQ(distinct_atoms(find_symmetry(coo, 0.01, Moments::distinguish)).size(), 3U);
}

TEST(Symmetry, the_standard_cell_of_a_turned_primitive_cell_is_the_conventional_one) {
  const Structure s = standard_cell(phase_structure("Co3O4", {.cell = CellKind::primitive}));
  EXPECT_EQ(formula(s), "Co24O32");
  const CellParameters p = parameters(s.cell_A);
  EXPECT_NEAR(p.a_A, 8.084, 1e-6);
  EXPECT_NEAR(p.alpha_deg, 90.0, 1e-6);
}

TEST(Symmetry, every_operation_permutes_the_atoms) {
  const Structure s = phase_structure("LiCoO2");
  for (const Operation& op : find_symmetry(s).operations) {
    const std::vector<std::size_t> places = permutation(s, op);
    EXPECT_EQ(std::set<std::size_t>(places.begin(), places.end()).size(), s.size());
  }
}

TEST(Symmetry, wyckoff_letters_are_those_of_the_tables) {
  const Structure s = phase_structure("LiCoO2");
  const Symmetry found = find_symmetry(s);
  for (std::size_t i = 0; i < s.size(); ++i) {
    // 3a and 3b are alike up to the choice of origin.
    EXPECT_EQ(found.wyckoff[i], s.elements[i].symbol == "O" ? "c" : found.wyckoff[i]);
    EXPECT_TRUE(s.elements[i].symbol == "O" || found.wyckoff[i] == "a" || found.wyckoff[i] == "b");
  }
}

TEST(Symmetry, atoms_on_top_of_each_other_are_refused) {
  Structure s = phase_structure("Li");
  s.positions_A[1] = s.positions_A[0];
  EXPECT_THROW((void)find_symmetry(s), Error);
  EXPECT_THROW((void)find_symmetry(Structure{.cell_A = s.cell_A}), Error);
}

}  // namespace
}  // namespace hotstage::atoms
