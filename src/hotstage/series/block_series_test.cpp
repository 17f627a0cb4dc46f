// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/block_series.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/io/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace hotstage::series {
namespace {

constexpr std::size_t blocks = 37;
constexpr std::size_t frames = 1000;

float number(std::size_t block, std::size_t frame) {
  return static_cast<float>(block) + 0.001F * static_cast<float>(frame);
}

BlockSeries filled(std::size_t memory, const std::filesystem::path& folder) {
  BlockSeries out(blocks, frames, memory, folder);
  for (std::size_t first = 0; first < frames; first += out.batch()) {
    Buffer<float, 2> values({blocks, out.batch()});
    for (std::size_t b = 0; b < blocks; ++b) {
      for (std::size_t k = 0; k < out.batch(); ++k) {
        values.view()(b, k) = number(b, first + k);
      }
    }
    out.write(first, values.view());
  }
  return out;
}

TEST(BlockSeries, reads_the_same_from_memory_and_from_the_disk) {
  const io::TemporaryFolder folder;
  for (const std::size_t memory : {std::size_t{1} << 20, std::size_t{30000}, std::size_t{1}}) {
    const BlockSeries series = filled(memory, folder.path());
    EXPECT_EQ(series.on_disk(), memory < (std::size_t{1} << 20));
    EXPECT_LE(series.batch() * blocks * sizeof(float), std::max(memory / 8, 16 * blocks * sizeof(float)));
    Buffer<float, 2> some({5, frames});
    series.read(11, some.view());
    for (std::size_t b = 0; b < 5; ++b) {
      for (std::size_t f = 0; f < frames; ++f) {
        ASSERT_EQ(some.view()(b, f), number(11 + b, f));
      }
    }
    for (const std::size_t f : {std::size_t{0}, std::size_t{500}, frames - 1}) {
      const std::vector<float> all = series.at_frame(f);
      for (std::size_t b = 0; b < blocks; ++b) {
        ASSERT_EQ(all[b], number(b, f));
      }
    }
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(BlockSeries, a_disk_without_room_is_said_with_what_helps_here) {
  const io::TemporaryFolder folder;
  try {
    const BlockSeries series(std::size_t{1} << 20, std::size_t{1} << 28, 1, folder.path());  // 1 PiB
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::no_space);
    EXPECT_NE(error.hint().find("larger blocks"), std::string::npos);
  }
}

}  // namespace
}  // namespace hotstage::series
