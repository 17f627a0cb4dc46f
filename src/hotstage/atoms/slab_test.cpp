// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/slab.hpp"

#include "hotstage/atoms/bonding.hpp"
#include "hotstage/atoms/crystal.hpp"
#include "hotstage/atoms/edit.hpp"
#include "hotstage/atoms/symmetry.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/core/rng.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>

namespace hotstage::atoms {
namespace {

namespace tol {
constexpr double two_decimals_A2 = 0.006;  // the oracle prints areas to 0.01 Å²
constexpr double rounding = 1e-9;
}  // namespace tol

/// The lattice constants for which pymatgen's areas were noted.
Structure oracle_bulk() {
  return phase_structure("LiCoO2", {.a_A = 2.816, .c_A = 14.05, .z = 0.2605});
}

struct Oracle {
  IntVector miller;
  std::size_t atoms;
  double area_A2;
  const char* faces;
};

// Atoms and areas: pymatgen 2022.11.7 SlabGenerator, 12 Å (tests/peers/pymatgen_slabs).
const Oracle oracles[] = {
    {{1, 0, 4}, 24, 16.06, "Li 5 of 6 (1), O 5 of 6 (2), Co 5 of 6 (1)"},
    {{1, 1, 0}, 36, 22.84, "Li 4 of 6 (1), O 4 of 6 (2), Co 4 of 6 (1)"},
    {{1, 0, 0}, 60, 39.56, "Li 3 of 6 (1), Li 5 of 6 (1), O 3 of 6 (2), O 5 of 6 (2), Co 3 of 6 (1), Co 5 of 6 (1)"},
};

TEST(Slab, the_three_faces_of_the_publication_have_the_areas_and_atoms_of_the_oracle) {
  for (const Oracle& o : oracles) {
    const Slab s = slab(oracle_bulk(), {.miller = o.miller});
    EXPECT_EQ(s.structure.size(), o.atoms);
    EXPECT_NEAR(s.area_A2, o.area_A2, tol::two_decimals_A2);
    EXPECT_NEAR(norm(cross(s.structure.cell_A[0], s.structure.cell_A[1])), s.area_A2, tol::rounding);
    EXPECT_EQ(reduced_formula(s.structure), "LiCoO2");
    EXPECT_TRUE(s.symmetric);
    EXPECT_NEAR(s.dipole_e_per_A, 0.0, tol::rounding);
    EXPECT_EQ(text(s.top), o.faces);
    EXPECT_EQ(text(s.bottom), o.faces);
  }
}

// Oxygen of (104) lies 0.08 Å off the cobalt; a cut that tears the plane leaves Co with 4 neighbours on one face and O
// with a single one on the other.
TEST(Slab, the_plane_of_104_is_not_torn_wherever_the_crystal_lies) {
  for (const double shift : {0.0, 0.05, 0.31, 0.5, 0.77, 0.999}) {
    Structure bulk = oracle_bulk();
    for (Vector& place : bulk.positions_A) {
      place = add(place, Vector{0.3 * shift, -shift, 14.05 * shift});
    }
    const Slab s = slab(wrapped(bulk), {.miller = {1, 0, 4}});
    EXPECT_EQ(text(s.top), oracles[0].faces) << shift;
    EXPECT_EQ(text(s.bottom), oracles[0].faces) << shift;
  }
}

TEST(Slab, a_tolerance_below_the_spread_of_a_plane_shows_the_torn_cuts_as_worse) {
  const std::vector<Slab> cuts = slabs(oracle_bulk(), {.miller = {1, 0, 4}, .plane_tolerance_A = 0.02});
  ASSERT_GT(cuts.size(), 1U);
  EXPECT_EQ(text(cuts.front().top), oracles[0].faces);
  for (std::size_t n = 1; n < cuts.size(); ++n) {
    EXPECT_GT(std::abs(cuts[n].dipole_e_per_A), 0.01);  // torn, so polar: what cost 6 eV
  }
}

TEST(Slab, equivalent_indices_give_the_same_face_and_others_do_not) {
  const double area = slab(oracle_bulk(), {.miller = {1, 0, 4}}).area_A2;
  EXPECT_NEAR(slab(oracle_bulk(), {.miller = {-1, 1, 4}}).area_A2, area, tol::rounding);
  EXPECT_NEAR(slab(oracle_bulk(), {.miller = {0, -1, 4}}).area_A2, area, tol::rounding);
  EXPECT_NEAR(slab(oracle_bulk(), {.miller = {2, 0, 8}}).area_A2, area, tol::rounding);
  // (014) is another plane in the obverse setting: the trap that gives 48.17 Å².
  EXPECT_NEAR(slab(oracle_bulk(), {.miller = {0, 1, 4}, .polar = Polar::allow}).area_A2, 3.0 * area, 0.02);
}

TEST(Slab, the_cell_that_is_given_does_not_change_the_slab_when_indices_mean_the_same_plane) {
  const Structure conventional = oracle_bulk();
  const Structure doubled = repeated(conventional, {1, 1, 2});  // (1 0 4) there is (1 0 8) here
  const Slab a = slab(conventional, {.miller = {1, 0, 4}});
  const Slab b = slab(doubled, {.miller = {1, 0, 8}});
  EXPECT_NEAR(a.area_A2, b.area_A2, tol::rounding);
  EXPECT_EQ(a.structure.size(), b.structure.size());
}

TEST(Slab, polar_faces_are_refused_and_allowed_on_request) {
  try {
    (void)slab(oracle_bulk(), {.miller = {0, 0, 3}});
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Errc::refused);
    EXPECT_NE(std::string(e.what()).find("is polar"), std::string::npos);
  }
  const Slab s = slab(oracle_bulk(), {.miller = {0, 0, 3}, .polar = Polar::allow});
  EXPECT_GT(std::abs(s.dipole_e_per_A), 0.3);
  EXPECT_FALSE(s.symmetric);
  EXPECT_NE(text(s.top), text(s.bottom));
}

TEST(Slab, thickness_and_vacuum_are_what_was_asked_for) {
  const Slab s = slab(oracle_bulk(), {.miller = {1, 1, 0}, .min_thickness_A = 20.0, .vacuum_A = 9.0});
  EXPECT_GE(s.periods * s.period_A, 20.0);
  EXPECT_LT((s.periods - 1) * s.period_A, 20.0);
  const auto [low, high] = std::ranges::minmax(s.structure.positions_A, {}, [](const Vector& r) { return r[2]; });
  EXPECT_NEAR(high[2] - low[2], s.thickness_A, tol::rounding);
  EXPECT_NEAR(s.structure.cell_A[2][2] - s.thickness_A, 9.0, tol::rounding);
  EXPECT_NEAR(low[2], 4.5, tol::rounding);
}

TEST(Slab, the_inside_of_a_slab_is_bulk) {
  for (const Oracle& o : oracles) {
    const Structure bulk = oracle_bulk();
    const Slab s = slab(bulk, {.miller = o.miller, .min_thickness_A = 20.0});
    const std::vector<int> bonds = bond_counts(s.structure, Bonding(bulk));
    const double middle = 0.5 * s.structure.cell_A[2][2];
    for (std::size_t i = 0; i < s.structure.size(); ++i) {
      if (std::abs(s.structure.positions_A[i][2] - middle) < 5.0) {
        EXPECT_EQ(bonds[i], 6);
      }
    }
  }
}

struct Metal {
  const char* phase;
  IntVector miller;
  int neighbours;  ///< of the outermost atoms
};

TEST(Slab, faces_of_metals_have_the_coordination_of_the_textbook) {
  for (const Metal& m : {Metal{"Co_fcc", {1, 1, 1}, 9}, Metal{"Co_fcc", {1, 0, 0}, 8}, Metal{"Co_fcc", {1, 1, 0}, 7},
                         Metal{"Co", {0, 0, 1}, 9}}) {
    const Slab s = slab(phase_structure(m.phase), {.miller = m.miller});
    ASSERT_FALSE(s.top.sites.empty());
    EXPECT_EQ(s.top.sites.front().neighbours, m.neighbours) << m.phase;
    EXPECT_EQ(text(s.top), text(s.bottom));
    EXPECT_TRUE(s.symmetric);
  }
}

RC_GTEST_PROP(Slab, any_face_is_stoichiometric_and_fills_area_times_period, ()) {
  const auto index = rc::gen::inRange(-4, 5);
  const IntVector miller{*index, *index, *index};
  RC_PRE(miller != IntVector{});
  const char* names[] = {"LiCoO2", "CoO", "Co3O4", "Li2O", "Co"};
  const Structure bulk = phase_structure(names[*rc::gen::inRange(0, 5)]);
  const Slab s = slab(bulk, {.miller = miller, .min_thickness_A = 5.0, .polar = Polar::allow});
  RC_ASSERT(reduced_formula(s.structure) == reduced_formula(bulk));
  const double per_atom = std::abs(volume_A3(bulk.cell_A)) / double(bulk.size());
  RC_ASSERT(std::abs(s.area_A2 * s.period_A * s.periods - per_atom * double(s.structure.size())) < 1e-6);
  // Each bond that is cut leaves one open end on either face.
  RC_ASSERT(s.periods < 3 || s.top.cut_bonds == s.bottom.cut_bonds);
}

TEST(Slab, options_out_of_range_are_refused) {
  EXPECT_THROW((void)slab(oracle_bulk(), {.miller = {0, 0, 0}}), Error);
  EXPECT_THROW((void)slab(oracle_bulk(), {.miller = {99, 0, 1}}), Error);
  EXPECT_THROW((void)slab(oracle_bulk(), {.vacuum_A = -1.0}), Error);
  EXPECT_THROW((void)slab(oracle_bulk(), {.min_thickness_A = 1e9}), Error);
}

}  // namespace
}  // namespace hotstage::atoms
