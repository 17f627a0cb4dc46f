// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/scratch_rows.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/io/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace hotstage::signal {
namespace {

TEST(ScratchRows, rows_written_by_several_threads_are_read_back_and_leave_no_file) {
  const io::TemporaryFolder folder;
  constexpr std::size_t items = 100;
  constexpr std::size_t channels = 1500;  // rows share pages of the disk
  std::shared_ptr<const Source> source;
  {
    const ScratchRows rows(folder.path(), items, channels);
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (std::size_t i = t; i < items - 1; i += 4) {
          rows.write(i, std::vector<float>(channels, static_cast<float>(i)));
        }
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
    source = rows.source();
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  std::vector<float> part(3 * 7);
  source->read({40, 3, 1000, 7}, std::as_writable_bytes(std::span(part)));
  for (std::size_t i = 0; i < part.size(); ++i) {
    EXPECT_EQ(part[i], static_cast<float>(40 + i / 7));
  }
  std::vector<float> last(channels, 1.0F);
  source->read({items - 1, 1, 0, channels}, std::as_writable_bytes(std::span(last)));
  EXPECT_EQ(last, std::vector<float>(channels, 0.0F));
}

TEST(ScratchRows, a_disk_without_room_is_said_before_anything_is_computed) {
  const io::TemporaryFolder folder;
  try {
    const ScratchRows rows(folder.path(), std::size_t{1} << 33, 4096);  // 128 TiB
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::no_space);
    EXPECT_NE(std::string(error.hint()).find("keep less"), std::string::npos);
  }
  EXPECT_THROW(ScratchRows(folder / "missing", 1, 1), Error);
}

}  // namespace
}  // namespace hotstage::signal
