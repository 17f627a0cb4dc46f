// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/path.hpp"

#include "hotstage/atoms/crystal.hpp"
#include "hotstage/atoms/detail/assignment.hpp"
#include "hotstage/atoms/edit.hpp"
#include "hotstage/atoms/hop.hpp"
#include "hotstage/atoms/neighbours.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/core/rng.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace hotstage::atoms {
namespace {

double closest_A(const Structure& s) {
  return std::ranges::min(neighbours(s, 4.0), {}, &Neighbour::distance_A).distance_A;
}

RC_GTEST_PROP(Assignment, is_the_cheapest_of_all_permutations, (std::uint32_t seed)) {
  Rng rng(seed, 1, 0);
  const std::size_t n = 1 + std::size_t(6.0 * rng.uniform());
  std::vector<double> cost(n * n);
  for (double& c : cost) {
    c = rng.uniform() < 0.3 ? std::floor(5.0 * rng.uniform()) : 10.0 * rng.uniform() - 2.0;  // with ties
  }
  const auto total = [&](const std::vector<std::size_t>& columns) {
    double sum = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
      sum += cost[i * n + columns[i]];
    }
    return sum;
  };
  std::vector<std::size_t> all(n);
  std::iota(all.begin(), all.end(), std::size_t{0});
  double best = 1e300;
  do {
    best = std::min(best, total(all));
  } while (std::ranges::next_permutation(all).found);
  RC_ASSERT(std::abs(total(detail::cheapest_assignment(cost, n)) - best) < 1e-9);
}

RC_GTEST_PROP(Path, shuffled_atoms_are_matched_again, (std::uint32_t seed)) {
  Rng rng(seed, 2, 0);
  const Structure start = repeated(phase_structure("LiCoO2"), {2, 1, 1});
  std::vector<std::size_t> order(start.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::shuffle(order.begin(), order.end(), rng);
  Structure end = take(start, order);
  for (Vector& place : end.positions_A) {
    for (double& x : place) {
      x += 0.4 * rng.uniform() - 0.2;  // less than half a bond
    }
    place = add(place, scale(start.cell_A[0], std::floor(3.0 * rng.uniform())));
  }
  const auto match = match_atoms(start, end);
  for (std::size_t i = 0; i < start.size(); ++i) {
    RC_ASSERT(order[match[i]] == i);
  }
  RC_ASSERT(match_atoms(start, in_order_of(start, end)) == [&] {
    std::vector<std::size_t> same(start.size());
    std::iota(same.begin(), same.end(), std::size_t{0});
    return same;
  }());
}

TEST(Path, images_lie_evenly_on_the_straight_line_through_the_nearest_images) {
  Structure start = phase_structure("Co");
  Structure end = start;
  end.positions_A[0] = add(end.positions_A[0], add(start.cell_A[0], Vector{0.4, 0.0, 0.2}));  // and one cell further
  const auto images = linear_path(start, end, {.images = 3});
  ASSERT_EQ(images.size(), 5U);
  const auto length = path_length_A(images);
  EXPECT_NEAR(length.back(), std::hypot(0.4, 0.2), 1e-9);
  for (std::size_t n = 1; n < 5; ++n) {
    EXPECT_NEAR(length[n] - length[n - 1], length.back() / 4.0, 1e-9);
  }
}

TEST(Path, stops_are_passed_and_images_stay_evenly_spaced) {
  const Hop hop = hop_into_lithium_layer(repeated(phase_structure("LiCoO2"), {2, 2, 1}));
  const auto images = linear_path(hop.start, hop.end, {.images = 9, .stops = hop.stops});
  const auto length = path_length_A(images);
  double nearest = 1e300;
  for (const Structure& image : images) {
    nearest = std::min(nearest, norm(subtract(image.positions_A[hop.mover], hop.stops[0].positions_A[hop.mover])));
  }
  EXPECT_LT(nearest, length.back() / 18.0 + 1e-9);  // half a spacing
  EXPECT_GT(length.back(), hop.length_A + 0.2);     // longer than straight across the edge
}

TEST(Path, another_order_of_atoms_is_refused_and_named) {
  const Hop hop = hop_into_lithium_layer(repeated(phase_structure("LiCoO2"), {2, 2, 1}));
  Structure other = hop.end;
  std::swap(other.elements[0], other.elements[20]);
  std::swap(other.positions_A[0], other.positions_A[20]);
  try {
    (void)linear_path(hop.start, other);
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("atom 0 is Li at one end and Co at the other"), std::string::npos) << e.what();
  }
  other = hop.end;
  std::swap(other.positions_A[0], other.positions_A[1]);  // two lithium atoms exchanged
  try {
    (void)linear_path(hop.start, other);
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("order of atoms differs: with 2 atoms exchanged"), std::string::npos)
        << e.what();
  }
  EXPECT_NO_THROW((void)linear_path(hop.start, other, {.order = Order::as_given}));
  EXPECT_NO_THROW((void)linear_path(hop.start, in_order_of(hop.start, other)));
}

TEST(Path, ends_with_other_atoms_or_cells_are_refused) {
  const Structure a = phase_structure("LiCoO2");
  EXPECT_THROW((void)linear_path(a, phase_structure("CoO")), Error);
  EXPECT_THROW((void)linear_path(a, phase_structure("LiCoO2", {.c_A = 14.2})), Error);
  EXPECT_THROW((void)linear_path(a, a, {.images = 0}), Error);
}

// The straight line of a molecule turning by 180° goes through its centre; pair distances keep it apart.
TEST(Idpp, a_turning_molecule_does_not_collapse) {
  Structure start;
  start.cell_A = {Vector{10, 0, 0}, Vector{0, 10, 0}, Vector{0, 0, 10}};
  start.elements.assign(5, element("Co"));
  start.elements[0] = start.elements[1] = element("O");
  start.positions_A = {Vector{4.4, 5.0, 5.0}, Vector{5.6, 5.05, 5.0}, Vector{5.0, 7.5, 5.0}, Vector{5.0, 4.0, 7.3},
                       Vector{5.5, 3.5, 2.8}};
  start.fixed = {0, 0, 1, 1, 1};
  Structure end = start;
  std::swap(end.positions_A[0], end.positions_A[1]);
  const PathOptions options{.images = 5, .order = Order::as_given};
  EXPECT_LT(closest_A(linear_path(start, end, options)[3]), 0.2);
  const IdppPath path = idpp_path(start, end, options);
  EXPECT_TRUE(path.converged) << path.steps;
  for (const Structure& image : path.images) {
    EXPECT_GT(closest_A(image), 1.0);
  }
}

TEST(Idpp, images_come_nearer_to_their_distances_and_stay_evenly_spaced) {
  for (const OxygenVacancy oxygen : {OxygenVacancy::none, OxygenVacancy::crossed_face}) {
    const Hop hop = hop_into_lithium_layer(repeated(phase_structure("LiCoO2"), {2, 2, 1}), {.oxygen = oxygen});
    const IdppPath path = idpp_path(hop.start, hop.end, {.images = 4, .stops = hop.stops});
    EXPECT_TRUE(path.converged);
    EXPECT_EQ(path.images.front().positions_A, hop.start.positions_A);
    EXPECT_EQ(path.images.back().positions_A, hop.end.positions_A);
    // Springs slide images along the path, so the whole of it counts.
    const double before = std::accumulate(path.objective_linear.begin(), path.objective_linear.end(), 0.0);
    const double after = std::accumulate(path.objective.begin(), path.objective.end(), 0.0);
    EXPECT_LT(after, 0.8 * before);
    const auto length = path_length_A(path.images);
    for (std::size_t n = 1; n < length.size(); ++n) {
      EXPECT_NEAR(length[n] - length[n - 1], length.back() / 5.0, 0.05 * length.back());  // springs keep them even
    }
    const auto straight = linear_path(hop.start, hop.end, {.images = 4, .stops = hop.stops});
    const auto least = [](const std::vector<Structure>& images) {
      double out = 1e300;
      for (const Structure& image : images) {
        out = std::min(out, closest_A(image));
      }
      return out;
    };
    EXPECT_GT(least(path.images), least(straight));
  }
}

TEST(Idpp, fixed_atoms_stay) {
  Hop hop = hop_into_lithium_layer(repeated(phase_structure("LiCoO2"), {2, 2, 1}));
  hop.start.fixed.assign(hop.start.size(), 0);
  hop.start.fixed[3] = 1;
  const IdppPath path = idpp_path(hop.start, hop.end);
  for (const Structure& image : path.images) {
    EXPECT_EQ(image.positions_A[3], hop.start.positions_A[3]);
  }
}

}  // namespace
}  // namespace hotstage::atoms
