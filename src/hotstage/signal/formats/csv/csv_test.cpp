// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/io/temporary_folder.hpp"
#include "hotstage/signal/format.hpp"

#include <gtest/gtest.h>

namespace hotstage::signal {
namespace {

using io::TemporaryFolder;

Signal load_text(const std::string& text) {
  const TemporaryFolder folder;
  io::write_text(folder / "a.csv", text);
  hotstage::Run run;
  return load(folder / "a.csv", run);
}

TEST(Csv, two_columns_are_energy_and_counts) {
  const Signal signal = load_text("# eV, counts\n-1.5,10\n-1.0,20\n-0.5,30\n");
  EXPECT_EQ(signal.axes[0].offset, -1.5);
  EXPECT_EQ(signal.axes[0].scale, 0.5);
  EXPECT_EQ(signal.axes[0].unit, "eV");
  EXPECT_EQ(read_all(signal).row(0)[2], 30.0F);
}

TEST(Csv, the_unit_may_stand_in_brackets_or_behind_an_underscore) {
  for (const char* header : {"energy (eV),counts", "energy [eV],counts", "energy_eV,counts"}) {
    const Signal signal = load_text(std::string(header) + "\n1,2\n2,3\n");
    EXPECT_EQ(signal.axes[0].name, "energy") << header;
    EXPECT_EQ(signal.axes[0].unit, "eV") << header;
  }
}

TEST(Csv, a_single_column_is_counts_per_channel) {
  const Signal signal = load_text("3\n2\n1\n");
  EXPECT_EQ(signal.axes[0].name, "channel");
  EXPECT_EQ(signal.axes[0].unit, "");
  EXPECT_EQ(read_all(signal).row(0)[0], 3.0F);
}

TEST(Csv, further_columns_are_further_spectra) {
  const Signal signal = load_text("E (eV);a;b;c\n1;2;3;4\n2;5;6;7\n");
  EXPECT_EQ(signal.shape_text(), "3 | 2");
  EXPECT_EQ(read_all(signal).row(2)[1], 7.0F);
}

TEST(Csv, no_unit_is_assumed_when_the_file_gives_none) {
  const Signal signal = load_text("1,2\n2,3\n");
  EXPECT_EQ(signal.axes[0].unit, "");
  EXPECT_THROW((void)energy_axis(signal), Error);
}

TEST(Csv, an_uneven_axis_keeps_its_points) {
  EXPECT_EQ(load_text("energy (eV),mu\n7.1355,6\n7.242,5\n10.69,4\n").axes[0].points,
            (std::vector<double>{7.1355, 7.242, 10.69}));
}

TEST(Csv, a_gap_is_an_error_with_its_line) {
  try {
    (void)load_text("eV,counts\n1,2\n2,\n3,4\n");
    FAIL() << "a missing count was invented";
  } catch (const Error& error) {
    EXPECT_EQ(error.where()->line, 3);
  }
}

TEST(CsvRealFiles, exports_of_nion_swift_have_their_energies) {
  const auto shared = shared_data_folder();
  if (!shared) {
    GTEST_SKIP() << "shared data not found (HOTSTAGE_SHARED_DATA)";
  }
  constexpr double printed_step =
      1e-6;  // the files list 19 digits; offset and step follow from the first and last of them
  hotstage::Run run;
  const Signal thin = load(*shared / "eels/nion/EELS_Thin.csv", run);
  EXPECT_EQ(thin.channels(), 2048U);
  EXPECT_NEAR(energy_axis(thin).offset, 92.38, printed_step);
  EXPECT_NEAR(energy_axis(thin).scale, 0.2881, printed_step);
  EXPECT_EQ(load(*shared / "eels/nion/DectrisSI.csv", run).channels(), 1030U);
}

}  // namespace
}  // namespace hotstage::signal
