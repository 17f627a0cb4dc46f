// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/crystal.hpp"
#include "hotstage/atoms/edit.hpp"
#include "hotstage/atoms/format.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/core/rng.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/io/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <string>

namespace hotstage::atoms {
namespace {

std::vector<Frame> read(const std::string& text) {
  return format_named("extxyz").read(text, "x.extxyz");
}

std::string written(const std::vector<Frame>& frames) {
  return format_named("extxyz").write(frames);
}

std::string failure(const std::string& text) {
  try {
    (void)read(text);
  } catch (const Error& e) {
    return e.what();
  }
  return "read";
}

// As ASE 3.22 writes it.
const std::string from_ase =
    "2\n"
    "Lattice=\"3.0 0.0 0.0 0.0 4.0 0.0 0.0 0.0 5.5\" "
    "Properties=species:S:1:pos:R:3:initial_magmoms:R:1:move_mask:L:1:forces:R:3:tag:I:1 "
    "energy=-12.5 free_energy=-12.75 pbc=\"T T F\" name=\"two words\" empty=\"\" converged\n"
    "Co       0.0 0.5 1.0 3.0 T 0.1 0.0 -0.1 7\n"
    "O        1.0 2.0 3.0 -0.25 F 0.0 0.0 0.2 8\n";

TEST(Extxyz, everything_that_ase_writes_finds_its_place) {
  const auto frames = read(from_ase);
  ASSERT_EQ(frames.size(), 1U);
  const Frame& f = frames.front();
  EXPECT_EQ(formula(f.structure), "CoO");
  EXPECT_EQ(f.structure.cell_A[2][2], 5.5);
  EXPECT_EQ(f.structure.periodic, (std::array<bool, 3>{true, true, false}));
  EXPECT_EQ(f.structure.positions_A[1], (Vector{1.0, 2.0, 3.0}));
  EXPECT_EQ(f.structure.moments_muB, (std::vector<double>{3.0, -0.25}));
  EXPECT_EQ(f.structure.fixed, (std::vector<char>{0, 1}));
  EXPECT_EQ(f.energy_eV, -12.5);
  EXPECT_EQ(f.forces_eV_per_A[0], (Vector{0.1, 0.0, -0.1}));
  ASSERT_EQ(f.columns.size(), 1U);
  EXPECT_EQ(f.columns[0].name, "tag");
  EXPECT_EQ(f.columns[0].numbers, (std::vector<double>{7.0, 8.0}));
  const decltype(f.notes) notes{{"free_energy", "-12.75"}, {"name", "two words"}, {"empty", ""}, {"converged", "T"}};
  EXPECT_EQ(f.notes, notes);
}

TEST(Extxyz, writing_and_reading_again_gives_the_same_text) {
  const std::string once = written(read(from_ase));
  EXPECT_EQ(written(read(once)), once);
}

TEST(Extxyz, plain_xyz_is_a_molecule_without_a_cell) {
  const auto frames = read("2\nwater, half of it\r\nO 0 0 0\r\nH 0 0 0.96\r\n");
  EXPECT_EQ(frames[0].structure.comment, "water, half of it");
  EXPECT_EQ(frames[0].structure.periodic, (std::array<bool, 3>{false, false, false}));
  EXPECT_EQ(written(frames).substr(0, 12), "2\nProperties");
}

TEST(Extxyz, trajectories_keep_their_frames_and_the_last_one_is_the_structure) {
  const io::TemporaryFolder folder;
  const auto file = folder.path() / "relaxation.xyz";
  io::write_text(file, "1\nstep=0\nLi 0 0 0\n1\nstep=1\nLi 0 0 1\n\n");
  EXPECT_EQ(load_frames(file).size(), 2U);
  EXPECT_EQ(load_structure(file).positions_A[0][2], 1.0);
}

/// A text with the characters that have a meaning in the comment line.
std::string random_text(Rng& rng) {
  const std::string letters = "aZ9 =\"'{}[]\\,:\t#";
  std::string out;
  const int length = int(12.0 * rng.uniform());
  for (int i = 0; i < length; ++i) {
    out += letters[std::size_t(double(letters.size()) * rng.uniform())];
  }
  return out;
}

RC_GTEST_PROP(Extxyz, read_undoes_write_to_the_last_bit, (std::uint32_t seed)) {
  Rng rng(seed, 1, 0);
  Frame f;
  Structure& s = f.structure;
  const int count = int(5.0 * rng.uniform());
  for (Vector& row : s.cell_A) {
    row = {rng.normal(), 1e-7 * rng.normal(), 1e5 * rng.normal()};
  }
  for (bool& p : s.periodic) {
    p = rng.uniform() < 0.5;
  }
  AtomColumn extra{.name = "charge", .type = 'R', .width = 2};
  AtomColumn label{.name = "label", .type = 'S', .width = 1};
  for (int i = 0; i < count; ++i) {
    s.elements.push_back(element(1 + int(117.0 * rng.uniform())));
    s.positions_A.push_back({rng.normal(), rng.normal(), 1e-300 * rng.normal()});
    s.moments_muB.push_back(rng.normal());
    s.fixed.push_back(rng.uniform() < 0.5 ? 1 : 0);
    f.forces_eV_per_A.push_back({rng.normal(), 0.0, -1.0 / 3.0});
    extra.numbers.insert(extra.numbers.end(), {rng.normal(), 1e20 * rng.normal()});
    label.texts.push_back("x" + std::to_string(i));
  }
  f.columns = {extra, label};
  f.energy_eV = rng.normal();
  s.comment = random_text(rng);
  f.notes = {{"k" + std::to_string(seed % 100), random_text(rng)}, {"other key", random_text(rng)}};
  const auto back = read(written({f, f}));
  RC_ASSERT(back.size() == 2U);
  for (const Frame& b : back) {
    RC_ASSERT(b.structure.cell_A == s.cell_A);
    RC_ASSERT(b.structure.periodic == s.periodic);
    RC_ASSERT(b.structure.elements == s.elements);
    RC_ASSERT(b.structure.positions_A == s.positions_A);
    RC_ASSERT(b.structure.moments_muB == s.moments_muB);
    RC_ASSERT(b.structure.fixed == s.fixed);
    RC_ASSERT(b.structure.comment == s.comment);
    RC_ASSERT(b.forces_eV_per_A == f.forces_eV_per_A);
    RC_ASSERT(b.energy_eV == f.energy_eV);
    RC_ASSERT(b.columns == f.columns);
    RC_ASSERT(b.notes == f.notes);
  }
}

TEST(Extxyz, broken_files_are_refused_with_their_line) {
  EXPECT_NE(failure("3\n\nLi 0 0 0\n").find("x.extxyz:2: the frame announces 3 atoms, the file has 1 more"),
            std::string::npos);
  EXPECT_NE(failure("99999999999999\n\nLi 0 0 0\n").find("announces 99999999999999 atoms"), std::string::npos);
  EXPECT_NE(failure("99999999999999999999999\n\n").find("not a count"), std::string::npos);
  EXPECT_NE(failure("-1\n\n").find("not a count"), std::string::npos);
  EXPECT_NE(failure("1\n\nLi 0 0\n").find("x.extxyz:3: this atom has 3 values, the columns announce 4"),
            std::string::npos);
  EXPECT_NE(failure("1\n\nLi 0 0 nan\n").find("\"nan\" is not a number"), std::string::npos);
  EXPECT_NE(failure("1\n\nLj 0 0 0\n").find("\"Lj\" is not a chemical element"), std::string::npos);
  EXPECT_NE(failure("1\nLattice=\"1 2 3\"\nLi 0 0 0\n").find("Lattice holds 3 numbers"), std::string::npos);
  EXPECT_NE(failure("1\nLattice=\"1 2 3\nLi 0 0 0\n").find("has no end"), std::string::npos);
  EXPECT_NE(failure("1\nProperties=pos:R:3\n0 0 0\n").find("name no species"), std::string::npos);
  EXPECT_NE(failure("1\nProperties=species:S:1\nLi\n").find("hold no places"), std::string::npos);
  EXPECT_NE(failure("1\nProperties=species:S:1:pos:R\nLi 0 0 0\n").find("triples"), std::string::npos);
  EXPECT_NE(failure("1\nProperties=species:S:999999999:pos:R:3\nLi 0 0 0\n").find("width"), std::string::npos);
  EXPECT_NE(failure("1\npbc=\"T T T\"\nLi 0 0 0\n").find("no Lattice"), std::string::npos);
  EXPECT_NE(failure("1\nZ=3 Properties=Z:I:1:pos:R:3\n400 0 0 0\n").find("atomic number"), std::string::npos);
  EXPECT_NE(failure("1").find("ends where the comment line"), std::string::npos);
}

}  // namespace
}  // namespace hotstage::atoms
