// SPDX-License-Identifier: GPL-3.0-or-later
// Stored results of pymatgen and ASE; tests/peers/*/make.py makes them again and compares with the peers themselves.

#include "hotstage/atoms/crystal.hpp"
#include "hotstage/atoms/edit.hpp"
#include "hotstage/atoms/format.hpp"
#include "hotstage/atoms/neighbours.hpp"
#include "hotstage/atoms/path.hpp"
#include "hotstage/atoms/slab.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <utility>

namespace hotstage::atoms {
namespace {

namespace tol {
constexpr double peer_digits_A = 1e-6;  // the peer writes eight decimals
// ASE counts the nearest image of a pair only, ours all images within reach: many sit half a cell apart here.
constexpr double peer_method_A = 0.05;
constexpr double peer_method_rms_A = 0.02;
}  // namespace tol

std::filesystem::path peer(const std::string& file) {
  return std::filesystem::path(HOTSTAGE_SOURCE_DIR) / "tests/peers" / file;
}

/// All distances up to 7 Å by pair of elements, ascending: the same for structures that differ by a motion or a choice
/// of cell vectors, and hardly for any others.
std::map<std::pair<int, int>, std::vector<double>> distances(const Structure& s) {
  constexpr double reach_A = 7.0;
  std::map<std::pair<int, int>, std::vector<double>> out;
  for (const Neighbour& n : neighbours(s, reach_A)) {
    out[{s.elements[n.from].number, s.elements[n.to].number}].push_back(n.distance_A);
  }
  for (auto& [pair, list] : out) {
    std::ranges::sort(list);
  }
  return out;
}

TEST(Peers, slabs_have_the_distances_of_pymatgens_slabs) {
  const Structure bulk = phase_structure("LiCoO2", {.a_A = 2.816, .c_A = 14.05, .z = 0.2605});
  for (const IntVector& miller : {IntVector{1, 0, 4}, IntVector{1, 1, 0}, IntVector{1, 0, 0}}) {
    const Slab ours = slab(bulk, {.miller = miller});
    const Structure theirs =
        load_structure(peer(fmt::format("pymatgen_slabs/{}{}{}.extxyz", miller[0], miller[1], miller[2])));
    ASSERT_EQ(ours.structure.size(), theirs.size());
    EXPECT_NEAR(ours.area_A2, norm(cross(theirs.cell_A[0], theirs.cell_A[1])), tol::peer_digits_A);
    const auto left = distances(ours.structure);
    const auto right = distances(theirs);
    ASSERT_EQ(left.size(), right.size());
    for (const auto& [pair, list] : left) {
      const auto& other = right.at(pair);
      ASSERT_EQ(list.size(), other.size());
      for (std::size_t i = 0; i < list.size(); ++i) {
        EXPECT_NEAR(list[i], other[i], tol::peer_digits_A);
      }
    }
  }
}

TEST(Peers, pair_distance_images_lie_close_to_those_of_ase) {
  const std::vector<Frame> theirs = load_frames(peer("ase_idpp/path.extxyz"));
  const IdppPath ours = idpp_path(theirs.front().structure, theirs.back().structure, {.images = theirs.size() - 2});
  double straight_off = 0.0;
  const auto straight = linear_path(theirs.front().structure, theirs.back().structure, {.images = theirs.size() - 2});
  for (std::size_t n = 0; n < theirs.size(); ++n) {
    double largest = 0.0;
    double squares = 0.0;
    for (std::size_t i = 0; i < theirs[n].structure.size(); ++i) {
      const Vector& place = theirs[n].structure.positions_A[i];
      const double off = norm(subtract(ours.images[n].positions_A[i], place));
      largest = std::max(largest, off);
      squares += off * off;
      straight_off = std::max(straight_off, norm(subtract(straight[n].positions_A[i], place)));
    }
    EXPECT_LT(largest, tol::peer_method_A) << n;
    EXPECT_LT(std::sqrt(squares / double(theirs[n].structure.size())), tol::peer_method_rms_A) << n;
  }
  EXPECT_GT(straight_off, 2.0 * tol::peer_method_A);  // the straight path would not pass
}

}  // namespace
}  // namespace hotstage::atoms
