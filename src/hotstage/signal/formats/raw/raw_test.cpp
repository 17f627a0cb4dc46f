// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/io/temporary_folder.hpp"
#include "hotstage/signal/format.hpp"

#include <gtest/gtest.h>

namespace hotstage::signal::raw {
namespace {

using io::TemporaryFolder;

std::string numbers(std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    out += static_cast<char>(i & 0xFFU);
    out += static_cast<char>(i >> 8U);
  }
  return out;
}

constexpr const char* description =
    "schema = \"hotstage.image/1\"\ndtype = \"uint16\"\nshape = [4, 5]\noffset = 6\ngap = 2\npixel_size = 0.25\n"
    "pixel_size_y = 0.5\nframe_time = \"1.5 s\"\nbeam_energy = \"200 keV\"\n";

TEST(Raw, frames_with_a_header_and_gaps) {
  const TemporaryFolder folder;
  io::write_text(folder / "a.raw", numbers(3 + 20 + 1 + 20 + 1 + 20));
  io::write_text(folder / "a.raw.toml", description);
  hotstage::Run run;
  const Signal signal = load(folder / "a.raw", run);
  EXPECT_EQ(signal.shape_text(), "3 | 4 × 5");
  EXPECT_EQ(signal.axes[0].scale, 0.5);
  EXPECT_EQ(signal.axes[1].scale, 0.25);
  EXPECT_EQ(signal.axes[1].unit, "nm");
  EXPECT_EQ(signal.navigation[0].scale, 1.5);
  EXPECT_DOUBLE_EQ(signal.metadata.beam_energy->in(units::keV), 200.0);
  const Buffer<float, 2> all = read_all(signal);
  EXPECT_EQ(all.row(0)[0], 3.0F);
  EXPECT_EQ(all.row(2)[19], 64.0F);
}

TEST(Raw, other_files_of_the_same_name_are_not_descriptions) {
  const TemporaryFolder folder;
  io::write_text(folder / "a.raw", numbers(20));
  io::write_text(folder / "a.json", R"({"shape": [1, 2]})");
  io::write_text(folder / "info.txt", "my notes\n");
  hotstage::Run run;
  try {
    (void)load(folder / "a.raw", run);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.hint().find("a.raw.toml"), std::string::npos) << error.hint();
  }
}

TEST(Raw, wrong_descriptions_are_errors_with_what_to_correct) {
  const TemporaryFolder folder;
  hotstage::Run run;
  const std::string head = "schema = \"hotstage.image/1\"\n";
  io::write_text(folder / "a.raw", numbers(20));
  for (const char* wrong :
       {"dtype = \"uint16\"\nshape = [4, 4]\n", "dtype = \"uint12\"\nshape = [4, 5]\n", "dtype = \"uint16\"\n",
        "dtype = \"uint16\"\nshape = [2, 4, 5]\n", "dtype = \"uint16\"\nshape = [4, 5]\noffset = 1\n",
        "dtype = \"uint16\"\nshape = [0, 5]\n", "dtype = \"uint16\"\nshape = [4294967296, 4294967296]\n",
        "dtype = \"uint16\"\nshape = [-4, 5]\n", "dtype = \"uint16\"\nshape = [4, 5]\npixel_sise = 1\n"}) {
    io::write_text(folder / "a.raw.toml", head + wrong);
    try {
      (void)load(folder / "a.raw", run);
      FAIL() << wrong;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Errc::bad_input) << wrong;
      EXPECT_TRUE(error.where().has_value()) << wrong;
    }
  }
}

TEST(RawRealFiles, a_folder_of_frames_with_notes_is_a_series) {
  const auto shared = shared_data_folder();
  if (!shared) {
    GTEST_SKIP() << "shared data not found (HOTSTAGE_SHARED_DATA)";
  }
  hotstage::Run run;
  const Signal one = load(*shared / "stem/series_tem_carbon/img_10.raw", run);
  EXPECT_EQ(one.shape_text(), "512 × 512");
  EXPECT_EQ(one.axes[0].scale, 0.135355);
  const Signal series = load(*shared / "stem/series_tem_carbon", run);
  EXPECT_EQ(series.shape_text(), "12 | 512 × 512");
  EXPECT_EQ(series.navigation[0].unit, "s");
  EXPECT_EQ(series.navigation[0].scale, 1.99);
  // The tenth file by number, not by letters.
  Buffer<float, 2> tenth({1, 100});
  read(series, {9, 1, 1000, 100}, tenth.view());
  Buffer<float, 2> same({1, 100});
  read(one, {0, 1, 1000, 100}, same.view());
  for (std::size_t i = 0; i < 100; ++i) {
    EXPECT_EQ(tenth.row(0)[i], same.row(0)[i]);
  }
}

}  // namespace
}  // namespace hotstage::signal::raw
