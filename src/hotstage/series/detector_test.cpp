// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detector.hpp"

#include "hotstage/series/detail/test_scene.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace hotstage::series {
namespace {

TEST(PhotonTransfer, finds_gain_and_black_level_of_a_moving_scene) {
  const auto scene = detail::make_test_scene(3);
  std::vector<std::array<double, 2>> drift;
  std::vector<std::array<long, 2>> offset;
  for (int i = 0; i < 12; ++i) {
    drift.push_back({0.7 * i, -0.4 * i});
    offset.push_back({std::lround(0.7 * i), std::lround(-0.4 * i)});
  }
  constexpr double gain = 18.0;
  constexpr double black = 90.0;
  const signal::Signal series =
      detail::make_test_series(scene, {.counts = 25.0, .gain = gain, .black = black, .drift = drift});
  hotstage::Run run;
  const DetectorResponse found = photon_transfer(series, offset, run);
  ASSERT_TRUE(found.found);
  constexpr double relative = 0.03;  // what sub-pixel drift leaves in the tiles at edges
  EXPECT_NEAR(found.gain.value, gain, relative * gain);
  constexpr double sigmas = 5.0;
  EXPECT_NEAR(found.black.value, black, sigmas * found.black.sigma + 5.0);
  constexpr double extrapolated = 2.0;  // grains span ±25 %: the black level lies three spans below the darkest
  EXPECT_NEAR(found.electrons(black + 25.0 * gain), 25.0, extrapolated);
}

TEST(PhotonTransfer, says_so_when_a_flat_scene_cannot_tell) {
  detail::TestScene scene;
  scene.rows = 64;
  scene.columns = 72;
  scene.seeds = {{32.0, 32.0}};
  scene.level = {1.0};
  const std::vector<std::array<double, 2>> drift(6, {0.0, 0.0});
  const signal::Signal series = detail::make_test_series(scene, {.counts = 25.0, .drift = drift});
  hotstage::Run run;
  const DetectorResponse found = photon_transfer(series, std::vector<std::array<long, 2>>(6), run);
  EXPECT_FALSE(found.found);
  EXPECT_DOUBLE_EQ(found.electrons(25.0), 25.0);
}

}  // namespace
}  // namespace hotstage::series
