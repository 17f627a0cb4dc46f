// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/sites.hpp"

#include "hotstage/series/detail/test_scene.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

namespace hotstage::series {
namespace {

Buffer<std::int32_t, 2> true_labels(const detail::TestScene& scene) {
  Buffer<std::int32_t, 2> out({scene.rows, scene.columns});
  for (std::size_t y = 0; y < scene.rows; ++y) {
    for (std::size_t x = 0; x < scene.columns; ++x) {
      out.view()(y, x) = static_cast<std::int32_t>(scene.grain(static_cast<double>(y), static_cast<double>(x))) + 1;
    }
  }
  return out;
}

TEST(SiteTest, alarms_for_one_in_a_hundred_random_sets) {
  detail::TestScene scene = detail::make_test_scene(2, 6);
  scene.rows = 96;
  scene.columns = 90;
  for (auto& seed : scene.seeds) {
    seed = {seed[0] * 96.0 / 256.0, seed[1] * 90.0 / 240.0};
  }
  const Buffer<std::int32_t, 2> labels = true_labels(scene);
  constexpr std::size_t trials = 1200;
  std::size_t alarms = 0;
  for (std::size_t trial = 0; trial < trials; ++trial) {
    Rng rng(11, 1, trial);
    std::vector<Site> sites;
    for (int i = 0; i < 10; ++i) {
      sites.push_back({95.0 * rng.uniform(), 89.0 * rng.uniform()});
    }
    const SiteTest test = test_sites(labels.view(), sites, {.draws = 499, .seed = 100 + trial});
    alarms += test.p_boundary < 0.0101 ? 1U : 0U;
  }
  const double rate = static_cast<double>(alarms) / static_cast<double>(trials);
  std::printf("false alarms %.2f %%\n", 100.0 * rate);
  // 1 ± 0.5 % is the demand; 1200 trials alone scatter by 0.29 %.
  EXPECT_NEAR(rate, 0.01, 0.005 + 2.0 * 0.0029);
}

TEST(SiteTest, sees_sites_that_sit_on_one_side_of_boundaries) {
  const detail::TestScene scene = detail::make_test_scene(2);
  const Buffer<std::int32_t, 2> labels = true_labels(scene);
  std::vector<Site> sites;
  for (std::size_t y = 4; y + 4 < scene.rows && sites.size() < 14; y += 9) {
    for (std::size_t x = 4; x + 5 < scene.columns; ++x) {
      if (labels.view()(y, x) < labels.view()(y, x + 3)) {
        sites.push_back({static_cast<double>(y), static_cast<double>(x)});
        break;
      }
    }
  }
  ASSERT_GE(sites.size(), 10U);
  const SiteTest test = test_sites(labels.view(), sites, {.draws = 1999});
  EXPECT_LT(test.p_boundary, 0.01);
  EXPECT_LT(test.p_one_side, 0.01);
  EXPECT_LT(test.distance_px, 5.0);
}

TEST(SiteTest, says_nothing_about_a_single_site_or_a_single_grain) {
  Buffer<std::int32_t, 2> one_grain({40, 50});
  std::fill_n(one_grain.data(), one_grain.size(), 1);
  const std::vector<Site> sites{{10.0, 10.0}, {20.0, 20.0}};
  EXPECT_DOUBLE_EQ(test_sites(one_grain.view(), sites, {}).p_boundary, 1.0);
  EXPECT_DOUBLE_EQ(test_sites(one_grain.view(), std::vector<Site>{{10.0, 10.0}}, {}).p_boundary, 1.0);
}

}  // namespace
}  // namespace hotstage::series
