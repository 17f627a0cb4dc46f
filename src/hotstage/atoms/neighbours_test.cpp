// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/neighbours.hpp"

#include "hotstage/atoms/crystal.hpp"
#include "hotstage/atoms/edit.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/core/rng.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

namespace hotstage::atoms {
namespace {

using Key = std::tuple<std::size_t, std::size_t, IntVector>;

/// Every image up to far beyond the cutoff, one by one.
std::set<Key> plain_neighbours(const Structure& s, double cutoff_A) {
  constexpr int far = 7;
  std::set<Key> out;
  const auto reach = [&](std::size_t k) { return s.periodic[k] ? far : 0; };
  for (std::size_t a = 0; a < s.size(); ++a) {
    for (std::size_t b = 0; b < s.size(); ++b) {
      for (int i = -reach(0); i <= reach(0); ++i) {
        for (int j = -reach(1); j <= reach(1); ++j) {
          for (int k = -reach(2); k <= reach(2); ++k) {
            const Vector image = combine({double(i), double(j), double(k)}, s.cell_A);
            const double d = norm(add(subtract(s.positions_A[b], s.positions_A[a]), image));
            if (d < cutoff_A && !(a == b && i == 0 && j == 0 && k == 0)) {
              out.emplace(a, b, IntVector{i, j, k});
            }
          }
        }
      }
    }
  }
  return out;
}

/// Atoms anywhere, also outside the cell; oblique cells, some thinner than the cutoff, open directions.
Structure random_structure(Rng& rng) {
  Structure s;
  do {
    for (Vector& row : s.cell_A) {
      for (double& x : row) {
        x = 10.0 * rng.uniform() - 5.0;
      }
    }
  } while (std::abs(volume_A3(s.cell_A)) < 40.0);
  for (bool& p : s.periodic) {
    p = rng.uniform() < 0.8;
  }
  const int atoms = 1 + int(6.0 * rng.uniform());
  for (int n = 0; n < atoms; ++n) {
    s.elements.push_back(element("O"));
    s.positions_A.push_back(combine({1.5 * rng.uniform(), rng.uniform() - 0.5, rng.uniform()}, s.cell_A));
  }
  return s;
}

RC_GTEST_PROP(Neighbours, the_cell_list_finds_exactly_what_brute_force_finds, (std::uint32_t seed)) {
  Rng rng(seed, 1, 0);
  const Structure s = random_structure(rng);
  const double cutoff_A = 1.0 + 3.5 * rng.uniform();
  std::set<Key> found;
  double last = 0.0;
  std::size_t from = 0;
  for (const Neighbour& n : neighbours(s, cutoff_A)) {
    RC_ASSERT(found.emplace(n.from, n.to, n.image).second);  // each once
    RC_ASSERT(n.from > from || n.distance_A >= last);        // sorted
    RC_ASSERT(std::abs(norm(n.step_A) - n.distance_A) < 1e-12);
    from = n.from;
    last = n.distance_A;
  }
  RC_ASSERT(found == plain_neighbours(s, cutoff_A));
}

TEST(Neighbours, a_large_cell_with_many_bins_agrees_with_brute_force_on_counts) {
  Rng rng(5, 2, 0);
  Structure s = repeated(phase_structure("Co3O4"), {2, 2, 2});
  for (Vector& place : s.positions_A) {
    for (double& x : place) {
      x += 0.3 * rng.normal();
    }
  }
  constexpr double cutoff_A = 4.0;
  const Lattice lattice(s.cell_A);
  std::size_t pairs = 0;  // the cell is larger than twice the cutoff: one image per pair
  for (std::size_t i = 0; i < s.size(); ++i) {
    for (std::size_t j = 0; j < s.size(); ++j) {
      pairs +=
          i != j && norm(lattice.nearest_image(subtract(s.positions_A[j], s.positions_A[i]), s.periodic)) < cutoff_A
              ? 1U
              : 0U;
    }
  }
  EXPECT_EQ(neighbours(s, cutoff_A).size(), pairs);
}

TEST(Neighbours, coordination_counts_ligands_of_centres_only) {
  const Structure s = phase_structure("LiCoO2");
  const std::vector<int> counts = coordination(s, {element("Co"), element("O"), 2.2});
  for (std::size_t i = 0; i < s.size(); ++i) {
    EXPECT_EQ(counts[i], s.elements[i].symbol == "Co" ? 6 : 0);
  }
}

TEST(Neighbours, absurd_distances_are_refused) {
  const Structure s = phase_structure("LiCoO2");
  EXPECT_THROW((void)neighbours(s, 0.0), Error);
  EXPECT_THROW((void)neighbours(s, std::nan("")), Error);
  EXPECT_THROW((void)neighbours(s, 1e4), Error);
}

}  // namespace
}  // namespace hotstage::atoms
