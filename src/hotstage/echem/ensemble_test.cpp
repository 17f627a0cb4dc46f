// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/echem/ensemble.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace hotstage::echem {
namespace {

EnsembleOptions small() {
  EnsembleOptions options;
  options.protocol.stride = 20;
  options.draws = 6;
  return options;
}

TEST(Ensemble, draws_do_not_depend_on_threads) {
  hotstage::Run one;
  hotstage::Run two;
  two.threads = 2;
  const auto a = draw_fades(small(), one);
  const auto b = draw_fades(small(), two);
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].polarisation_last_V, b[i].polarisation_last_V);
    EXPECT_EQ(a[i].loss, b[i].loss);
  }
}

TEST(Ensemble, a_film_that_grows_more_leaves_less_loss_of_material) {
  const auto draws = draw_fades(small(), hotstage::Run{});
  for (const FadeDraw& draw : draws) {
    ASSERT_TRUE(draw.reached);
    // The retention is shared: what the film takes, the material need not.
    EXPECT_GT(draw.growth(), draw.growth_without_film_V);
    EXPECT_GT(draw.growth_without_film_V, 0.0);
    EXPECT_GT(draw.lam, 0.3);
    EXPECT_LT(draw.lam, 0.5);
  }
}

TEST(Ensemble, rank_correlation_sees_order_only) {
  EXPECT_DOUBLE_EQ(rank_correlation({1, 2, 3, 4}, {1, 10, 100, 1000}), 1.0);
  EXPECT_DOUBLE_EQ(rank_correlation({1, 2, 3, 4}, {4, 3, 2, 1}), -1.0);
  EXPECT_NEAR(rank_correlation({1, 2, 3, 4}, {2, 4, 1, 3}), 0.0, 1e-12);
}

}  // namespace
}  // namespace hotstage::echem
