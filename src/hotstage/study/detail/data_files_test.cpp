// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/data_files.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/io/temporary_folder.hpp"
#include "hotstage/jobs/store.hpp"

#include <gtest/gtest.h>

#include <string>

namespace hotstage::study::detail {
namespace {

class DataFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"img_1.raw", "img_2.raw", "img_10.raw"}) {
      write(name, std::string(2 * 3 * 2, name[4]));
    }
    write("info.txt", "3 x 2 x uint16\n1.99 s / image\n");
  }

  void write(const std::string& name, const std::string& text) const { io::write_text(folder_ / name, text); }

  [[nodiscard]] std::string key(const std::string& name) const { return store_.files_hash(data_files(folder_ / name)); }

  io::TemporaryFolder folder_;
  io::TemporaryFolder root_;
  jobs::Store store_{root_.path()};
};

TEST_F(DataFiles, a_folder_is_its_images_in_their_order_and_the_sidecar) {
  const auto files = data_files(folder_.path());
  ASSERT_EQ(files.size(), 4U);
  EXPECT_EQ(files[1].filename(), "img_2.raw");
  EXPECT_EQ(files[2].filename(), "img_10.raw");
  EXPECT_EQ(files[3].filename(), "info.txt");
  EXPECT_EQ(data_files(folder_ / "img_?.raw").size(), 3U);
}

TEST_F(DataFiles, the_key_follows_every_file_that_is_read_and_no_other) {
  int round = 0;
  for (const std::string name : {"", "img_*.raw", "img_1.raw"}) {
    const std::string before = key(name);
    write("notes.md", "seen by nobody " + name);
    EXPECT_EQ(key(name), before) << name;
    write("info.txt", "3 x 2 x uint16\n2.5 s / image\n# " + name);
    const std::string after = key(name);
    EXPECT_NE(after, before) << name << ": the sidecar";
    write("img_1.raw", "abcdefghijk" + std::to_string(round++));
    EXPECT_NE(key(name), after) << name << ": the first image";
  }
  const std::string before = key("");
  write("img_11.raw", "abcdefghijkl");
  EXPECT_NE(key(""), before) << "one more image";
}

TEST_F(DataFiles, a_document_beside_a_series_and_the_metadata_beside_a_log_count) {
  write("scan_1.ser", std::string("II\x97\x01", 4) + std::string(40, 'x'));
  const std::string alone = key("scan_1.ser");
  write("scan.emi", "JK");
  EXPECT_NE(key("scan_1.ser"), alone);
  write("Run Heat raw.csv", "TimeStamp,Experiment time,Temperature Measured\n13:00:00.000,0.0,20\n");
  const std::string log = key("Run Heat raw.csv");
  write("Run Metadata.log", "anything");
  EXPECT_NE(key("Run Heat raw.csv"), log);
}

TEST_F(DataFiles, a_table_stands_for_itself_and_what_is_not_there_is_an_error) {
  write("drift.csv", "frame,dy\n0,1\n");
  EXPECT_EQ(key("drift.csv"), store_.file_hash(folder_ / "drift.csv"));
  EXPECT_THROW((void)data_files(folder_ / "absent.dm4"), Error);
  EXPECT_THROW((void)data_files(folder_ / "absent_*.dm4"), Error);
}

}  // namespace
}  // namespace hotstage::study::detail
