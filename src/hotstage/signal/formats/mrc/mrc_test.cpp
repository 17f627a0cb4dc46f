// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/io/temporary_folder.hpp"
#include "hotstage/signal/format.hpp"
#include "hotstage/signal/formats/mrc/test_files.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <numeric>

namespace hotstage::signal::mrc {
namespace {

using io::TemporaryFolder;
using testing_files::make_stack;
using testing_files::Stack;

Signal load_stack(const Stack& stack, const std::string& name = "a.mrc") {
  const TemporaryFolder folder;
  io::write_text(folder / name, make_stack(stack));
  hotstage::Run run;
  return load(folder / name, run);
}

TEST(Mrc, every_mode_in_both_byte_orders_with_and_without_the_mark) {
  for (const io::ByteOrder order : {io::ByteOrder::little, io::ByteOrder::big}) {
    for (const bool marked : {true, false}) {
      for (const std::int32_t mode : {0, 1, 2, 3, 6, 12}) {
        SCOPED_TRACE(mode);
        const Signal signal = load_stack({.mode = mode, .order = order, .marked = marked});
        EXPECT_EQ(signal.shape_text(), "3 | 4 × 5");
        EXPECT_DOUBLE_EQ(signal.axes[1].scale, 0.5);  // 25 Å over 5 pixels
        EXPECT_DOUBLE_EQ(signal.axes[0].scale, 0.625);
        EXPECT_EQ(signal.axes[0].unit, "nm");
        const float last = read_all(signal).row(2)[19];
        EXPECT_EQ(last, mode == 3 ? 295.0F : mode == 12 ? 1.0F + 59.0F / 1024.0F : 59.0F);
      }
    }
  }
}

TEST(Mrc, half_precision_numbers_of_every_kind) {
  const TemporaryFolder folder;
  std::string bytes = make_stack({.columns = 6, .rows = 1, .sections = 1, .mode = 12});
  const std::uint16_t stored[] = {0x0000, 0x8000 | 0x3C00, 0x0001, 0x7BFF, 0x7C00, 0x0400};
  std::memcpy(bytes.data() + 1024, stored, sizeof stored);
  io::write_text(folder / "a.mrc", bytes);
  hotstage::Run run;
  const Buffer<float, 2> numbers = read_all(load(folder / "a.mrc", run));
  const std::vector<float> expected{0.0F, -1.0F, 5.9604645e-8F, 65504.0F, INFINITY, 6.1035156e-5F};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(numbers.row(0)[i], expected[i]) << i;
  }
}

TEST(Mrc, records_of_fei_give_times_pixels_and_the_microscope) {
  constexpr double second = 1.0 / 86400.0;
  // Across midnight: a date, not a time of day.
  const double start = 45000.0 - second;
  const Signal signal = load_stack({.days = {start, start + 3.0 * second, start + 10.0 * second}});
  ASSERT_EQ(signal.navigation.size(), 1U);
  EXPECT_EQ(signal.navigation[0].name, "time");
  ASSERT_EQ(signal.navigation[0].points.size(), 3U);
  constexpr double of_days_s = 1e-5;  // a double of days resolves 0.6 µs
  EXPECT_NEAR(signal.navigation[0].points[1], 3.0, of_days_s);
  EXPECT_NEAR(signal.navigation[0].points[2], 10.0, of_days_s);
  EXPECT_DOUBLE_EQ(signal.axes[1].scale, 0.25);
  EXPECT_DOUBLE_EQ(signal.axes[0].scale, 0.5);
  EXPECT_DOUBLE_EQ(signal.metadata.beam_energy->in(units::keV), 300.0);
  EXPECT_DOUBLE_EQ(signal.metadata.exposure->in(units::s), 2.5);
  EXPECT_EQ(signal.metadata.detector, "HAADF");
  EXPECT_EQ(signal.metadata.acquired.substr(0, 13), "2023-03-14 23");
}

TEST(Mrc, records_that_run_backwards_or_lack_the_time_leave_the_frame_time) {
  const Signal backwards = load_stack({.days = {45000.0, 44999.0, 45001.0}});
  EXPECT_EQ(backwards.navigation[0].scale, 2.5);
  const Signal none = load_stack({.days = {0.0, 0.0, 0.0}});
  EXPECT_EQ(none.navigation[0].name, "time");
  EXPECT_EQ(none.navigation[0].scale, 2.5);
  EXPECT_EQ(none.metadata.acquired, "");
}

TEST(Mrc, every_truncation_and_absurd_numbers_are_errors) {
  const TemporaryFolder folder;
  const std::string whole = make_stack({.days = {45000.0, 45001.0, 45002.0}});
  const auto refused = [&](std::string_view bytes) {
    io::write_text(folder / "a.mrc", bytes);
    hotstage::Run run;
    try {
      (void)load_all(folder / "a.mrc", run);
      return false;
    } catch (const Error& error) {
      return !std::string(error.what()).empty() && error.where().has_value();
    }
  };
  for (std::size_t i = 1; i < whole.size(); i += 7) {
    EXPECT_TRUE(refused(std::string_view(whole).substr(0, i))) << i;
  }
  for (const std::size_t at : {0U, 4U, 8U, 12U, 92U}) {
    for (const char* number : {"\xFF\xFF\xFF\x7F", "\x01\x01\x01\x01", "\xFF\xFF\xFF\xFF"}) {
      std::string bytes = whole;
      bytes.replace(at, 4, number, 4);
      EXPECT_TRUE(refused(bytes)) << at;
    }
  }
}

TEST(Mrc, a_file_shorter_than_the_header_is_a_cut_off_mrc_file) {
  const TemporaryFolder folder;
  io::write_text(folder / "a.mrc", make_stack({.days = {45000.0}}).substr(0, 700));
  hotstage::Run run;
  try {
    (void)load_all(folder / "a.mrc", run);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::bad_input);
    EXPECT_NE(std::string(error.what()).find("header of 1024 bytes, this one has 700"), std::string::npos)
        << error.what();
  }
}

TEST(MrcRealFiles, a_scan_of_velox_with_a_long_extended_header) {
  const auto shared = shared_data_folder();
  if (!shared) {
    GTEST_SKIP() << "shared data not found (HOTSTAGE_SHARED_DATA)";
  }
  hotstage::Run run;
  const Signal signal = load(*shared / "stem/formats/HAADFscan.mrc", run);
  EXPECT_EQ(signal.shape_text(), "16 × 16");
  EXPECT_EQ(signal.source->dtype(), DType::u16);
  EXPECT_NEAR(signal.axes[1].scale, 5.67913129, 1e-8);
  EXPECT_DOUBLE_EQ(signal.metadata.beam_energy->in(units::keV), 300.0);
  EXPECT_NEAR(signal.metadata.convergence->in(units::mrad), 14.3273, 1e-4);
  EXPECT_DOUBLE_EQ(signal.metadata.exposure->in(units::s), 2.72);
  EXPECT_EQ(signal.metadata.detector, "HAADF");
  EXPECT_EQ(signal.metadata.acquired, "2022-12-05 12:13:06");
  const Buffer<float, 2> numbers = read_all(signal);
  EXPECT_EQ(numbers.row(0)[0], 5715.0F);  // mrcfile 1.5
  EXPECT_EQ(std::accumulate(numbers.data(), numbers.data() + numbers.size(), 0.0) / 256.0, 6066.19921875);
}

}  // namespace
}  // namespace hotstage::signal::mrc
