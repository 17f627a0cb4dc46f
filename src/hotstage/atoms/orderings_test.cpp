// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/orderings.hpp"

#include "hotstage/atoms/crystal.hpp"
#include "hotstage/atoms/edit.hpp"
#include "hotstage/atoms/symmetry.hpp"
#include "hotstage/core/error.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace hotstage::atoms {
namespace {

/// Pólya and Burnside: the number of distinct choices of k sites is the mean, over the moves of the sites, of the
/// coefficient of t^k in Π (1 + t^length) over the cycles of the move.
double burnside(const Structure& host, std::size_t remove) {
  std::set<std::vector<std::size_t>> moves;
  for (const Operation& op : find_symmetry(host).operations) {
    const auto all = permutation(host, op);
    std::vector<std::size_t> lithium;
    for (std::size_t i = 0; i < host.size() && host.elements[i].symbol == "Li"; ++i) {
      lithium.push_back(all[i]);  // lithium stands first in the hosts of this test
    }
    moves.insert(lithium);
  }
  double sum = 0.0;
  for (const auto& move : moves) {
    std::vector<double> polynomial{1.0};
    std::vector<char> seen(move.size(), 0);
    for (std::size_t i = 0; i < move.size(); ++i) {
      std::size_t length = 0;
      for (std::size_t j = i; seen[j] == 0; j = move[j]) {
        seen[j] = 1;
        ++length;
      }
      if (length > 0) {
        std::vector<double> next(polynomial.size() + length, 0.0);
        for (std::size_t k = 0; k < polynomial.size(); ++k) {
          next[k] += polynomial[k];
          next[k + length] += polynomial[k];
        }
        polynomial = next;
      }
    }
    sum += polynomial[remove];
  }
  return sum / double(moves.size());
}

double binomial(int n, int k) {
  return std::round(std::exp(std::lgamma(n + 1.0) - std::lgamma(k + 1.0) - std::lgamma(n - k + 1.0)));
}

TEST(Orderings, their_number_is_that_of_burnsides_lemma_and_their_weights_add_up) {
  const Structure host = repeated(phase_structure("LiCoO2"), {2, 2, 1});
  for (const std::size_t remove : {0U, 1U, 3U, 6U, 12U}) {
    const auto all = orderings(host, {.element = element("Li"), .remove = remove});
    EXPECT_DOUBLE_EQ(double(all.size()), burnside(host, remove)) << remove;
    double weight = 0.0;
    for (const Ordering& o : all) {
      weight += double(o.multiplicity);
      EXPECT_EQ(o.removed.size(), remove);
      EXPECT_EQ(o.structure.size(), host.size() - remove);
    }
    EXPECT_DOUBLE_EQ(weight, binomial(12, int(remove))) << remove;
  }
}

TEST(Orderings, half_filled_cells_offer_at_least_three_orders) {
  const Structure host = repeated(phase_structure("LiCoO2"), {2, 2, 1});
  const auto all = orderings(host, {.element = element("Li"), .remove = lithium_to_remove(host, 0.5)});
  EXPECT_EQ(all.size(), 17U);
  EXPECT_EQ(formula(all.front().structure), "Li6Co12O24");
  for (std::size_t k = 1; k < all.size(); ++k) {
    EXPECT_GE(all[k].close_pairs, all[k - 1].close_pairs);
  }
  // One full layer keeps all its pairs: the most crowded order is at the end.
  EXPECT_GT(all.back().close_pairs, all.front().close_pairs);
}

TEST(Orderings, two_sites_along_a_row_have_one_order_and_a_known_weight) {
  const Structure host = repeated(phase_structure("LiCoO2", {.cell = CellKind::primitive}), {2, 1, 1});
  const auto all = orderings(host, {.element = element("Li"), .remove = 1});
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all.front().multiplicity, 2U);
}

TEST(Orderings, impossible_and_endless_requests_are_refused) {
  const Structure host = repeated(phase_structure("LiCoO2"), {2, 2, 1});
  EXPECT_THROW((void)orderings(host, {.element = element("Li"), .remove = 13}), Error);
  const Structure large = repeated(phase_structure("LiCoO2"), {4, 4, 1});
  EXPECT_THROW((void)orderings(large, {.element = element("Li"), .remove = 24}), Error);
  EXPECT_THROW((void)lithium_to_remove(host, 1.5), Error);
  EXPECT_THROW((void)lithium_to_remove(host, std::nan("")), Error);
}

}  // namespace
}  // namespace hotstage::atoms
