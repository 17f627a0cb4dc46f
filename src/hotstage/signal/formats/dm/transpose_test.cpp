// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/formats/dm/transpose.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <span>
#include <vector>

namespace hotstage::signal::dm {
namespace {

std::vector<std::byte> pattern(std::size_t size) {
  std::vector<std::byte> out(size);
  std::uint32_t state = 1;
  for (std::byte& byte : out) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<std::byte>(state >> 24);
  }
  return out;
}

/// True when the fast transposition writes what the plain one does, and nothing beside it.
bool agrees(const Transposition& shape) {
  const auto source = pattern(shape.rows * shape.source_stride);
  std::vector<std::byte> fast(shape.columns * shape.target_stride, std::byte{0xEE});
  std::vector<std::byte> plain = fast;
  transpose(source.data(), fast.data(), shape);
  plain_transpose(source.data(), plain.data(), shape);
  return fast == plain;
}

RC_GTEST_PROP(Transpose, equals_the_plain_one_for_every_shape, ()) {
  const auto width = *rc::gen::element<std::size_t>(1, 2, 4, 8, 16);
  const auto rows = *rc::gen::inRange<std::size_t>(0, 300);
  const auto columns = *rc::gen::inRange<std::size_t>(0, 300);
  const auto beside = *rc::gen::inRange<std::size_t>(0, 20);
  RC_ASSERT(agrees({rows, columns, columns * width + beside, rows * width + beside, width}));
}

TEST(Transpose, equals_the_plain_one_for_whole_blocks_and_edges) {
  for (const std::size_t width : {1U, 2U, 4U, 8U, 16U}) {
    for (const std::size_t side : {0U, 1U, 15U, 16U, 64U, 256U, 257U}) {
      EXPECT_TRUE(agrees({side, 2 * side + 3, (2 * side + 3) * width, side * width, width})) << width << " " << side;
      EXPECT_TRUE(agrees({2 * side + 3, side, side * width, (2 * side + 3) * width, width})) << width << " " << side;
    }
  }
}

TEST(Transpose, moves_rows_to_columns) {
  const std::vector<std::uint16_t> source{1, 2, 3, 4, 5, 6};
  std::vector<std::uint16_t> target(6);
  transpose(std::as_bytes(std::span(source)).data(), std::as_writable_bytes(std::span(target)).data(), {2, 3, 6, 4, 2});
  EXPECT_EQ(target, (std::vector<std::uint16_t>{1, 4, 2, 5, 3, 6}));
}

}  // namespace
}  // namespace hotstage::signal::dm
