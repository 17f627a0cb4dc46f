// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/heater/format.hpp"

#include <gtest/gtest.h>

namespace hotstage::heater {
namespace {

constexpr double rounding = 1e-9;
const std::string head =
    "16/04/'15 13:53\tDigiheater 3.1\r\nR0 = 282.7\ta =  0.0\tb = 0.225\tc = 278.222\r\nTsample = 330 [ms]  \r\n"
    "sample\ttime\tTset[C]\tTmeas[C]\tRheat[ohm]\r\n";

std::string complaint(const std::string& text) {
  try {
    static_cast<void>(parse_log(text, "a.dens"));
  } catch (const Error& error) {
    return std::string(error.what()) + error.hint();
  }
  return {};
}

TEST(Dens, times_pass_midnight_and_count_from_the_first_row) {
  const HeaterLog log = parse_log(
      head + "1\t23:59:59.67\t23.0\t22.5\t1\r\n2\t00:00:00.00\t50.0\t40\t1\r\n3\t00:00:00.33\t50.0\t49.9\t1\tnorm\r\n",
      "a.dens");
  EXPECT_EQ(log.format, "dens");
  ASSERT_EQ(log.size(), 3U);
  EXPECT_EQ(log.time_s[0], 0.0);
  EXPECT_NEAR(log.time_s[2], 0.66, rounding);
  EXPECT_NEAR(log.wall_s[1], 86400.0, rounding);
  EXPECT_EQ(log.set_degC, (std::vector<double>{23.0, 50.0, 50.0}));
  EXPECT_EQ(log.date, "16/04/'15 13:53");
  ASSERT_EQ(log.repairs.size(), 1U);
  EXPECT_EQ(log.repairs[0].kind, "midnight");
}

TEST(Dens, a_cut_last_row_is_dropped_and_any_other_refused) {
  const HeaterLog log = parse_log(head + "1\t13:00:00\t23.0\t22.5\t1\r\n2\t13:00:0", "a.dens");
  EXPECT_EQ(log.size(), 1U);
  EXPECT_EQ(log.repairs.back().line, 6);
  const std::string middle = complaint(head + "1\t13:00:00\r\n2\t13:00:01\t23\t22\t1\r\n");
  EXPECT_NE(middle.find("a.dens:5"), std::string::npos) << middle;
}

TEST(Dens, hostile_texts_are_errors_with_their_place) {
  EXPECT_NE(complaint(head + "1\t13:00:00\t23,0\t22,5\t1\r\n").find("decimal mark"), std::string::npos);
  EXPECT_NE(complaint(head + "1\t13:00:00\t23.0\tabc\t1\r\n").find("a.dens:5:4"), std::string::npos)
      << complaint(head + "1\t13:00:00\t23.0\tabc\t1\r\n");
  EXPECT_NE(complaint("16/04/'15 13:53\tDigiheater 3.1\r\nR0").find("header"), std::string::npos);
  EXPECT_NE(complaint(head).find("no complete row"), std::string::npos);
  EXPECT_NE(complaint(head + "1\t13:00:00\t23.0\t-400\t1\r\n").find("absolute zero"), std::string::npos);
  for (std::size_t i = 0; i < head.size(); ++i) {
    EXPECT_FALSE(complaint(head.substr(0, i)).empty()) << i;
  }
}

TEST(DensRealFiles, a_log_of_digiheater) {
  const auto shared = shared_data_folder();
  if (!shared) {
    GTEST_SKIP() << "shared data not found (HOTSTAGE_SHARED_DATA)";
  }
  const HeaterLog log = read_log(*shared / "stem/heating_logs/digiheater_file1.dens");
  ASSERT_EQ(log.size(), 7U);
  EXPECT_NEAR(log.temperature_degC[3], 50.117, rounding);
  EXPECT_NEAR(log.wall_s[0], 13 * 3600 + 54 * 60 + 37.68, rounding);
  EXPECT_NEAR(sampling_s(log), 0.33, 1e-6);
}

}  // namespace
}  // namespace hotstage::heater
