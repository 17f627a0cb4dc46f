// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/io/files.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/io/temporary_folder.hpp"
#include "hotstage/signal/format.hpp"
#include "hotstage/signal/formats/png/test_files.hpp"
#include "hotstage/signal/formats/tia/test_files.hpp"
#include "hotstage/signal/testing/refusal.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace hotstage::signal::files {
namespace {

using signal::testing::refusal;

using io::TemporaryFolder;

/// A picture taken at a time of day; its first pixel tells it from others.
void write_frame(const std::filesystem::path& path, const std::string& acquired, unsigned bits = 8) {
  io::write_text(path, png::testing_files::make_picture({.bits = bits}));
  if (!acquired.empty()) {
    io::write_text(path.string() + ".toml",
                   fmt::format("schema = \"hotstage.image/1\"\npixel_size = 0.5\nacquired = \"{}\"\n", acquired));
  }
}

TEST(Files, a_folder_is_a_series_in_the_order_of_its_numbers_with_the_times_of_its_files) {
  const TemporaryFolder folder;
  write_frame(folder / "a_2.png", "23:59:58");
  write_frame(folder / "a_10.png", "00:00:20");
  write_frame(folder / "a_1.png", "23:59:50");
  io::write_text(folder / "notes.txt", "not an image");
  io::write_text(folder / ".hidden.png", "not an image");
  hotstage::Run run;
  const Signal signal = load(folder.path(), run);
  EXPECT_EQ(signal.shape_text(), "3 | 4 × 5");
  EXPECT_EQ(signal.navigation[0].name, "time");
  EXPECT_EQ(signal.navigation[0].points, (std::vector<double>{0.0, 8.0, 30.0}));  // past midnight
  EXPECT_EQ(signal.axes[0].scale, 0.5);
  EXPECT_EQ(signal.original.find("files")->as_array()[2].as_text(), "a_10.png");
  EXPECT_EQ(load((folder / "a_?.png"), run).shape_text(), "2 | 4 × 5");
  EXPECT_EQ(load((folder / "a_10*.png"), run).shape_text(), "4 × 5");
}

TEST(Files, a_pattern_of_raw_files_is_a_series) {
  const TemporaryFolder folder;
  for (const char* name : {"a_1.raw", "a_2.raw"}) {
    io::write_text(folder / name, std::string(24, '\1'));
    io::write_text(folder / (std::string(name) + ".toml"),
                   "schema = \"hotstage.image/1\"\ndtype = \"uint16\"\nshape = [3, 4]\nframe_time = \"2 s\"\n");
  }
  hotstage::Run run;
  EXPECT_EQ(load(folder / "a_*.raw", run).shape_text(), "2 | 3 × 4");
}

TEST(Files, reads_go_to_the_right_file_however_many_are_open) {
  const TemporaryFolder folder;
  for (std::size_t i = 0; i < 30; ++i) {
    std::string bytes = tia::testing_files::make_series({.total = 1, .valid = 1, .seconds = {1000}});
    bytes[bytes.size() - 8 - 40] = static_cast<char>(i);  // the first number of the file: the last row
    io::write_text(folder / fmt::format("f{}_1.ser", i), bytes);
  }
  hotstage::Run run;
  const Signal signal = load(folder.path(), run);
  EXPECT_EQ(signal.shape_text(), "30 | 4 × 5");
  for (const std::size_t i : {0U, 29U, 3U, 17U, 3U}) {
    Buffer<float, 2> row({1, 5});
    read(signal, {i, 1, 15, 5}, row.view());
    EXPECT_EQ(row.row(0)[0], static_cast<float>(i));
  }
  EXPECT_EQ(read_all(signal).row(12)[15], 12.0F);
}

TEST(Files, files_that_do_not_belong_together_are_named) {
  const TemporaryFolder folder;
  EXPECT_NE(std::string(refusal(folder.path()).what()).find("without images"), std::string::npos);
  write_frame(folder / "a_1.png", "");
  write_frame(folder / "a_2.png", "", 16);
  const Error depth = refusal(folder.path());
  EXPECT_NE(std::string(depth.what()).find("a_2.png"), std::string::npos) << depth.what();
  EXPECT_NE(std::string(depth.what()).find("uint16"), std::string::npos) << depth.what();
  io::write_text(folder / "b.tif", "II*");
  EXPECT_NE(std::string(refusal(folder.path()).what()).find("several formats"), std::string::npos);
  EXPECT_NE(std::string(refusal(folder / "c*.png").what()).find("no file matches"), std::string::npos);
  io::write_text(folder / "s_1.ser", tia::testing_files::make_series({}));
  EXPECT_NE(std::string(refusal(folder / "s*.ser").what()).find("no single image"), std::string::npos);
}

TEST(Files, without_times_frames_are_numbered) {
  const TemporaryFolder folder;
  write_frame(folder / "a_1.png", "");
  write_frame(folder / "a_2.png", "");
  hotstage::Run run;
  const Signal signal = load(folder.path(), run);
  EXPECT_EQ(signal.navigation[0].name, "image");
  EXPECT_EQ(signal.navigation[0].unit, "");
}

TEST(Files, clocks_that_run_backwards_are_not_believed) {
  const TemporaryFolder folder;
  write_frame(folder / "a_1.png", "10:00:05");
  write_frame(folder / "a_2.png", "10:00:01");
  hotstage::Run run;
  EXPECT_EQ(load(folder.path(), run).navigation[0].name, "image");
  ASSERT_EQ(run.warnings().size(), 1U);
  EXPECT_EQ(run.warnings()[0].kind, "files.time");
}

TEST(Files, a_file_that_changes_afterwards_is_an_error) {
  const TemporaryFolder folder;
  write_frame(folder / "a_1.png", "");
  write_frame(folder / "a_2.png", "");
  hotstage::Run run;
  const Signal signal = load(folder.path(), run);
  write_frame(folder / "a_2.png", "", 16);
  EXPECT_THROW((void)read_all(signal), Error);
}

}  // namespace
}  // namespace hotstage::signal::files
