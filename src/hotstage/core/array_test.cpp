// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/array.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace hotstage {
namespace {

TEST(Buffer, is_zero_and_aligned_whatever_its_size) {
  for (const std::size_t columns : {std::size_t{0}, std::size_t{1}, std::size_t{1000}, std::size_t{3} << 20}) {
    Buffer<float, 2> buffer({2, columns});
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % 64, 0U);
    EXPECT_TRUE(std::all_of(buffer.data(), buffer.data() + buffer.size(), [](float v) { return v == 0.0F; }));
    if (columns > 0) {
      buffer.view()(1, columns - 1) = 1.0F;
    }
  }
}

TEST(Buffer, moves_and_leaves_nothing_behind) {
  Buffer<double, 1> first({5});
  first.view()(3) = 2.0;
  const Buffer<double, 1> second = std::move(first);
  EXPECT_EQ(second.view()(3), 2.0);
}

TEST(View, strides_walk_columns_and_rows) {
  Buffer<int, 2> buffer({2, 3});
  for (int i = 0; i < 6; ++i) {
    buffer.data()[i] = i;
  }
  const View<const int, 2> whole = std::as_const(buffer).view();
  const View<const int, 2> turned(whole.data(), {3, 2}, {1, 3});
  EXPECT_EQ(whole(1, 2), 5);
  EXPECT_EQ(turned(2, 1), 5);
  EXPECT_EQ(whole.rows(1, 1).row(0)[0], 3);
}

}  // namespace
}  // namespace hotstage
