// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/cell.hpp"
#include "hotstage/atoms/edit.hpp"
#include "hotstage/atoms/format.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/core/rng.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/io/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <cmath>
#include <string>

namespace hotstage::atoms {
namespace {

namespace tol {
constexpr double rounding = 1e-12;
}  // namespace tol

Frame read(const std::string& text) {
  return format_named("poscar").read(text, "POSCAR").front();
}

std::string written(const Frame& frame) {
  return format_named("poscar").write(std::array{frame});
}

std::string failure(const std::string& text) {
  try {
    (void)read(text);
  } catch (const Error& e) {
    return e.what();
  }
  return "read";
}

const std::string head = "some oxide\n2.0\n1 0 0\n0 2 0\n0 0.5 3\n";

TEST(Poscar, direct_and_cartesian_places_are_the_same_places) {
  const Frame direct = read(head + "Co O\n1 1\nDirect\n0 0 0\n0.5 0.25 0.5\n");
  EXPECT_EQ(formula(direct.structure), "CoO");
  EXPECT_EQ(direct.structure.cell_A[2], (Vector{0.0, 1.0, 6.0}));
  EXPECT_EQ(direct.structure.positions_A[1], (Vector{1.0, 1.5, 3.0}));
  const Frame cartesian = read(head + "Co O\n1 1\nCartesian\n0 0 0\n0.5 0.75 1.5\n");
  EXPECT_EQ(cartesian.structure.positions_A, direct.structure.positions_A);  // scaled as well
  EXPECT_EQ(read(head + "Co O\n1 1\nkartesisch\n0 0 0\n0.5 0.75 1.5\n").structure.positions_A,
            direct.structure.positions_A);
}

TEST(Poscar, a_negative_scale_is_the_volume_and_three_scales_stretch_each_axis) {
  const Frame f = read("x\n-24.0\n1 0 0\n0 1 0\n0 0 3\nLi\n1\nD\n0 0 0.5\n");
  EXPECT_NEAR(volume_A3(f.structure.cell_A), 24.0, tol::rounding * 24.0);
  EXPECT_NEAR(f.structure.positions_A[0][2], 3.0, tol::rounding);
  const Frame g = read("x\n1 2 3\n1 0 0\n0 1 0\n0 0 1\nLi\n1\nC\n1 1 1\n");
  EXPECT_EQ(g.structure.positions_A[0], (Vector{1.0, 2.0, 3.0}));
}

TEST(Poscar, selective_dynamics_holds_whole_atoms_or_single_directions) {
  const Frame whole = read(head + "Co O\n1 1\nSelective dynamics\nDirect\n0 0 0 F F F\n0.5 0.5 0.5 T T T\n");
  EXPECT_EQ(whole.structure.fixed, (std::vector<char>{1, 0}));
  EXPECT_TRUE(whole.columns.empty());
  const Frame partly = read(head + "Co O\n1 1\ns\nD\n0 0 0 F F T Co1\n0.5 0.5 0.5 .TRUE. T T\n");
  EXPECT_TRUE(partly.structure.fixed.empty());
  ASSERT_EQ(partly.columns.size(), 1U);
  EXPECT_EQ(partly.columns[0].numbers, (std::vector<double>{0, 0, 1, 1, 1, 1}));
  EXPECT_NE(written(partly).find("F F T\n"), std::string::npos);
}

TEST(Poscar, names_of_potentials_and_files_without_element_line_are_understood) {
  EXPECT_EQ(formula(read(head + "Li_sv O/0a1b2c3d\n1 1\nD\n0 0 0\n0.5 0.5 0.5\n").structure), "LiO");
  EXPECT_EQ(formula(read("Co O from somewhere\n1\n4 0 0\n0 4 0\n0 0 4\n1 1\nD\n0 0 0\n0.5 0.5 0.5\n").structure),
            "CoO");
  EXPECT_NE(failure("my crystal\n1\n4 0 0\n0 4 0\n0 0 4\n1 1\nD\n0 0 0\n0.5 0.5 0.5\n").find("VASP 4"),
            std::string::npos);
}

RC_GTEST_PROP(Poscar, read_undoes_write_to_the_last_bit, (std::uint32_t seed)) {
  Rng rng(seed, 1, 0);
  Frame f;
  Structure& s = f.structure;
  for (std::size_t k = 0; k < 3; ++k) {
    s.cell_A[k] = {0.1 * rng.normal(), 0.1 * rng.normal(), 0.1 * rng.normal()};
    s.cell_A[k][k] += 3.0 + rng.uniform();
  }
  const int count = 1 + int(6.0 * rng.uniform());
  const char* symbols[] = {"Li", "Co", "O"};
  for (int i = 0; i < count; ++i) {
    s.elements.push_back(element(symbols[std::size_t(3.0 * rng.uniform())]));  // runs of one element in any order
    s.positions_A.push_back({10.0 * rng.normal(), rng.normal(), -rng.uniform()});
    s.fixed.push_back(rng.uniform() < 0.5 ? 1 : 0);
  }
  s.comment = "made by chance";
  const Frame back = read(written(f));
  RC_ASSERT(back.structure.cell_A == s.cell_A);
  RC_ASSERT(back.structure.elements == s.elements);
  RC_ASSERT(back.structure.positions_A == s.positions_A);
  RC_ASSERT(back.structure.fixed == s.fixed);
  RC_ASSERT(back.structure.comment == s.comment);
}

TEST(Poscar, files_are_known_by_content_or_by_name) {
  const io::TemporaryFolder folder;
  const std::string text = head + "Co O\n1 1\nD\n0 0 0\n0.5 0.5 0.5\n";
  for (const char* name : {"POSCAR", "CONTCAR_relaxed", "oxide.vasp", "anything"}) {
    io::write_text(folder.path() / name, text);
    EXPECT_EQ(formula(load_structure(folder.path() / name)), "CoO") << name;
  }
  const Structure s = load_structure(folder.path() / "POSCAR");
  save_structure(s, folder.path() / "POSCAR_again");
  save_structure(s, folder.path() / "again.extxyz");
  EXPECT_EQ(load_structure(folder.path() / "POSCAR_again").positions_A, s.positions_A);
  EXPECT_EQ(load_structure(folder.path() / "again.extxyz").positions_A, s.positions_A);
  EXPECT_THROW(save_structure(s, folder.path() / "again.cif"), Error);
  io::write_text(folder.path() / "notes.txt", "nothing of the kind\n");
  EXPECT_THROW((void)load_structure(folder.path() / "notes.txt"), Error);
}

TEST(Poscar, what_the_format_cannot_hold_is_refused) {
  Frame f = read(head + "Li\n1\nD\n0 0 0\n");
  f.structure.periodic[2] = false;
  EXPECT_THROW((void)written(f), Error);
  EXPECT_THROW((void)format_named("poscar").write(std::vector<Frame>(2, read(head + "Li\n1\nD\n0 0 0\n"))), Error);
}

TEST(Poscar, broken_files_are_refused_with_their_line) {
  EXPECT_NE(failure(head + "Co O\n1\nD\n0 0 0\n").find("POSCAR:7: 1 counts of atoms for 2 elements"),
            std::string::npos);
  EXPECT_NE(failure(head + "Co\n9999999999\nD\n0 0 0\n").find("9999999999 Co atoms are announced"), std::string::npos);
  EXPECT_NE(failure(head + "Co\n99999999999999999999999\nD\n0 0 0\n").find("not a count"), std::string::npos);
  EXPECT_NE(failure(head + "Cx\n1\nD\n0 0 0\n").find("POSCAR:6: \"Cx\""), std::string::npos);
  EXPECT_NE(failure(head + "Co\n1\nD\n0 zero 0\n").find("POSCAR:9: \"zero\" is not a number"), std::string::npos);
  EXPECT_NE(failure(head + "Co\n1\nD\n0 0\n").find("three numbers should stand here, there are 2"), std::string::npos);
  EXPECT_NE(failure(head + "Co\n1\nS\nD\n0 0 0 T F\n").find("three flags"), std::string::npos);
  EXPECT_NE(failure(head + "Co\n1\nS\nD\n0 0 0 T F perhaps\n").find("neither T nor F"), std::string::npos);
  EXPECT_NE(failure("x\n0\n1 0 0\n0 1 0\n0 0 1\nLi\n1\nD\n0 0 0\n").find("scale factor is 0"), std::string::npos);
  EXPECT_NE(failure("x\n-1\n1 0 0\n0 1 0\n1 1 0\nLi\n1\nD\n0 0 0\n").find("span none"), std::string::npos);
  EXPECT_NE(failure("x\n1\n1 0 0\n0 1 0\n").find("ends where a lattice vector"), std::string::npos);
  EXPECT_NE(
      failure("x\n1\n1 0 0\n0 1 0\n1 1 0\nLi\n1\nD\n0 0 0\n").find("POSCAR:5: the lattice vectors span no volume"),
      std::string::npos);
}

}  // namespace
}  // namespace hotstage::atoms
