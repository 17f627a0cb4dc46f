// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/crystal.hpp"

#include "hotstage/atoms/bonding.hpp"
#include "hotstage/atoms/edit.hpp"
#include "hotstage/atoms/neighbours.hpp"
#include "hotstage/atoms/symmetry.hpp"
#include "hotstage/core/error.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

namespace hotstage::atoms {
namespace {

namespace tol {
constexpr double table_digits_A = 1e-4;  // lattice constants are given to 0.001 Å or better
}  // namespace tol

std::set<int> counts_of(const Structure& s, std::string_view symbol) {
  const std::vector<int> bonds = bond_counts(s, Bonding(s));
  std::set<int> out;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s.elements[i].symbol == symbol) {
      out.insert(bonds[i]);
    }
  }
  return out;
}

struct Expected {
  const char* name;
  int group;
  const char* conventional;
  const char* primitive;
};

// Cells per textbook; CoO and Co3O4 in the cells of their magnetic order.
constexpr Expected table[] = {{"LiCoO2", 166, "Li3Co3O6", "LiCoO2"},
                              {"CoO", 225, "Co6O6", "Co2O2"},
                              {"Co3O4", 227, "Co24O32", "Co6O8"},
                              {"Co", 194, "Co2", "Co2"},
                              {"Co_fcc", 225, "Co4", "Co"},
                              {"Li2O", 225, "Li8O4", "Li2O"},
                              {"Li", 229, "Li2", "Li"},
                              {"O2", 47, "O2", "O2"}};

TEST(Crystal, every_phase_has_the_space_group_and_content_of_the_textbook) {
  for (const Expected& e : table) {
    const Structure conventional = phase_structure(e.name);
    const Structure primitive_cell = phase_structure(e.name, {.cell = CellKind::primitive});
    EXPECT_EQ(formula(conventional), e.conventional) << e.name;
    EXPECT_EQ(formula(primitive_cell), e.primitive) << e.name;
    EXPECT_EQ(find_symmetry(conventional).number, e.group) << e.name;
    EXPECT_EQ(find_symmetry(primitive_cell).number, e.group) << e.name;
    EXPECT_EQ(find_phase(e.name).space_group, e.group) << e.name;
    EXPECT_NEAR(volume_A3(conventional.cell_A) / double(conventional.size()),
                volume_A3(primitive_cell.cell_A) / double(primitive_cell.size()), 1e-9)
        << e.name;
  }
  EXPECT_EQ(phases().size(), std::size(table));
}

TEST(Crystal, coordination_numbers_are_those_of_the_structure_types) {
  EXPECT_EQ(counts_of(phase_structure("LiCoO2"), "Co"), std::set<int>{6});
  EXPECT_EQ(counts_of(phase_structure("LiCoO2"), "Li"), std::set<int>{6});
  EXPECT_EQ(counts_of(phase_structure("LiCoO2"), "O"), std::set<int>{6});
  EXPECT_EQ(counts_of(phase_structure("CoO"), "Co"), std::set<int>{6});
  EXPECT_EQ(counts_of(phase_structure("Co3O4"), "Co"), (std::set<int>{4, 6}));
  EXPECT_EQ(counts_of(phase_structure("Co3O4"), "O"), std::set<int>{4});
  EXPECT_EQ(counts_of(phase_structure("Li2O"), "Li"), std::set<int>{4});
  EXPECT_EQ(counts_of(phase_structure("Co"), "Co"), std::set<int>{12});
  EXPECT_EQ(counts_of(phase_structure("Co_fcc"), "Co"), std::set<int>{12});
}

TEST(Crystal, bond_lengths_follow_from_the_published_coordinates) {
  // LiCoO2: Co–O = sqrt(a²/3 + (1/3 − z)² c²), Akimoto et al. print 1.9217 Å.
  const auto shortest = [](const Structure& s) {
    return std::ranges::min(neighbours(s, 3.5), {}, &Neighbour::distance_A).distance_A;
  };
  EXPECT_NEAR(shortest(phase_structure("LiCoO2")), std::hypot(2.816 / std::sqrt(3.0), (1.0 / 3.0 - 0.2605) * 14.054),
              tol::table_digits_A);
  EXPECT_NEAR(shortest(phase_structure("CoO")), 4.261 / 2.0, tol::table_digits_A);
  EXPECT_NEAR(shortest(phase_structure("O2")), 1.2075, tol::table_digits_A);
  EXPECT_NEAR(shortest(phase_structure("Li2O")), 4.619 * std::sqrt(3.0) / 4.0, tol::table_digits_A);
}

TEST(Crystal, antiferromagnets_have_no_net_moment_and_opposite_neighbours) {
  for (const char* name : {"CoO", "Co3O4"}) {
    const Structure s = phase_structure(name, {.cell = CellKind::primitive});
    EXPECT_DOUBLE_EQ(std::accumulate(s.moments_muB.begin(), s.moments_muB.end(), 0.0), 0.0);
  }
  // Second kind: the six neighbours over an oxygen (one cubic lattice constant away) all point the other way.
  const Structure coo = phase_structure("CoO");
  int over_oxygen = 0;
  for (const Neighbour& n : neighbours(coo, 4.3)) {
    if (n.from == 0 && coo.elements[n.to].symbol == "Co" && n.distance_A > 4.2) {
      EXPECT_LT(coo.moments_muB[n.from] * coo.moments_muB[n.to], 0.0);
      ++over_oxygen;
    }
  }
  EXPECT_EQ(over_oxygen, 6);
}

TEST(Crystal, lattice_options_change_the_cell_and_the_height_of_oxygen) {
  const Structure s = phase_structure("LiCoO2", {.a_A = 2.85, .c_A = 14.1, .z = 0.26});
  const CellParameters p = parameters(s.cell_A);
  EXPECT_NEAR(p.a_A, 2.85, 1e-12);
  EXPECT_NEAR(p.b_A, 2.85, 1e-12);
  EXPECT_NEAR(p.c_A, 14.1, 1e-12);
  bool found = false;
  for (const Vector& f : fractional_positions(s)) {
    found = found || std::abs(f[2] - 0.26) < 1e-9;
  }
  EXPECT_TRUE(found);
  EXPECT_NEAR(parameters(phase_structure("Co3O4", {.a_A = 8.1}).cell_A).c_A, 8.1, 1e-12);
}

TEST(Crystal, options_that_a_phase_does_not_have_are_refused) {
  EXPECT_THROW((void)phase_structure("Co3O4", {.c_A = 8.0}), Error);
  EXPECT_THROW((void)phase_structure("Co", {.z = 0.2}), Error);
  try {
    (void)phase_structure("LiCO2");
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("Did you mean \"LiCoO2\""), std::string::npos) << e.what();
  }
}

TEST(Crystal, a_cell_without_the_symmetry_of_its_group_is_refused) {
  const Crystal bent{.hall_number = 523, .cell = {4.0, 4.0, 4.1}, .sites = {{.element = element("Co")}}};
  EXPECT_THROW((void)build(bent), Error);
  const Crystal crowded{
      .hall_number = 523, .cell = {4.0, 4.0, 4.0}, .sites = {{.element = element("Co"), .fraction = {0.0, 0.0, 0.05}}}};
  EXPECT_THROW((void)build(crowded), Error);
  EXPECT_THROW((void)build({.hall_number = 531}), Error);
}

}  // namespace
}  // namespace hotstage::atoms
