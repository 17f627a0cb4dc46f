// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/heater/format.hpp"

#include <gtest/gtest.h>

namespace hotstage::heater {
namespace {

constexpr double rounding = 1e-9;
const std::string head =
    "Time, Notes, Channel A Temperature\r\n0, Date (yyyy.mm.dd) = 2014.12.03, 25\r\n0, Time (hh:mm:ss.ms) = "
    "23:59:59.500, 25\r\n0, Time units = Milliseconds, 25\r\n0, Temperature units = Degrees C, 25\r\n";

std::string complaint(const std::string& text) {
  try {
    static_cast<void>(parse_log(text, "a.csv"));
  } catch (const Error& error) {
    return std::string(error.what()) + error.hint();
  }
  return {};
}

TEST(Protochips, settings_notes_and_the_clock_past_midnight) {
  const HeaterLog log = parse_log(head + "0, , 25\r\n400, , 26\r\n900, beam on, then off, 27.5\r\n", "a.csv");
  EXPECT_EQ(log.format, "protochips");
  ASSERT_EQ(log.size(), 3U);
  EXPECT_NEAR(log.time_s[2], 0.9, rounding);
  EXPECT_NEAR(log.wall_s[2], 86400.4, rounding);
  EXPECT_EQ(log.date, "2014.12.03");
  ASSERT_EQ(log.notes.size(), 1U);
  EXPECT_EQ(log.notes[0].text, "beam on, then off");
  EXPECT_NEAR(log.notes[0].time_s, 0.9, rounding);
  EXPECT_TRUE(log.repairs.empty());
}

TEST(Protochips, a_log_without_times_and_notes_is_refused) {
  for (const char* text : {"Temperature\r\n0\r\n", "Time, Temperature\r\n0, 25\r\n"}) {
    try {
      (void)find_format("protochips").read(text, "a.csv", {});
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_NE(std::string(error.what()).find("a.csv:1: the log has no columns of times and notes"), std::string::npos)
          << error.what();
    }
  }
}

TEST(Protochips, hostile_texts_are_errors_with_their_place) {
  EXPECT_NE(complaint(head + "0, , 25\r\n1, , x\r\n").find("a.csv:7:3"), std::string::npos);
  EXPECT_NE(complaint(head + "0, , 25\r\n1\r\n2, , 25\r\n").find("a.csv:7"), std::string::npos);
  EXPECT_NE(complaint("Time, Notes, Channel A Voltage\r\n0, , 1\r\n").find("electrical"), std::string::npos);
  EXPECT_NE(complaint("Time, Notes, A Temperature\n0, Time units = Weeks, 1\n0, , 1\n").find("Weeks"),
            std::string::npos);
  EXPECT_NE(complaint("Time, Notes, A Temperature\n0, Temperature units = Kelvin, 1\n0, , 1\n").find("Kelvin"),
            std::string::npos);
  EXPECT_FALSE(complaint(head).empty());
  EXPECT_EQ(parse_log(head + "0, , 25\r\n10, , 26\r\n20, ", "a.csv").size(), 2U);
}

TEST(ProtochipsRealFiles, a_thermal_log) {
  const auto shared = shared_data_folder();
  if (!shared) {
    GTEST_SKIP() << "shared data not found (HOTSTAGE_SHARED_DATA)";
  }
  const HeaterLog log = read_log(*shared / "stem/heating_logs/protochips_thermal.csv");
  EXPECT_EQ(log.size(), 2578U);
  EXPECT_EQ(log.date, "2014.12.03");
  EXPECT_NEAR(log.wall_s[0], 17 * 3600 + 15 * 60 + 37.192, rounding);
  EXPECT_NEAR(log.time_s.back(), 257.649, rounding);
  EXPECT_NEAR(sampling_s(log), 0.1, rounding);
}

}  // namespace
}  // namespace hotstage::heater
