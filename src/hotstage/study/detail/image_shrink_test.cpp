// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/image_shrink.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace hotstage::study::detail {
namespace {

TEST(ImageShrink, takes_means_of_blocks_and_keeps_the_scale) {
  report::Grid grid{.rows = 4, .columns = 5, .x = {0.0, 50.0}, .y = {0.0, 40.0}};
  for (int i = 0; i < 20; ++i) {
    grid.values.push_back(i);
  }
  grid.values[0] = std::numeric_limits<double>::quiet_NaN();
  const report::Grid small = block_means(grid, 3);
  ASSERT_EQ(small.rows, 2U);
  ASSERT_EQ(small.columns, 2U);
  EXPECT_DOUBLE_EQ(small.values[0], (1.0 + 5.0 + 6.0) / 3.0);
  EXPECT_DOUBLE_EQ(small.values[3], (12.0 + 13.0 + 17.0 + 18.0) / 4.0);
  EXPECT_DOUBLE_EQ(small.x[1], 40.0);
  EXPECT_DOUBLE_EQ(small.y[1], 40.0);
}

TEST(ImageShrink, leaves_a_small_image_alone) {
  const report::Grid grid{.rows = 1, .columns = 2, .values = {1.0, 2.0}};
  EXPECT_EQ(block_means(grid, 2).values, grid.values);
  EXPECT_EQ(block_means(grid, 0).values, grid.values);
}

}  // namespace
}  // namespace hotstage::study::detail
