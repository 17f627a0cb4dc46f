// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/error.hpp"
#include "hotstage/heater/format.hpp"

#include <gtest/gtest.h>

namespace hotstage::heater {
namespace {

constexpr double rounding = 1e-9;

std::string complaint(const std::string& text, const ColumnMap& columns) {
  try {
    static_cast<void>(parse_log(text, "a.csv", {.columns = columns}));
  } catch (const Error& error) {
    return std::string(error.what()) + error.hint();
  }
  return {};
}

TEST(LogTable, german_export_with_decimal_commas_and_a_clock_past_midnight) {
  const std::string text =
      "Ofen 7\nexportiert am Montag\nUhr;Soll;Ist\n23:59:58;20,0;19,5\n00:00:01;25,0;24,25\n00:00:02;25,0;\n";
  const HeaterLog log = parse_log(text, "a.csv",
                                  {.columns = {.time = "Uhr",
                                               .temperature = "Ist",
                                               .set = "Soll",
                                               .time_format = TimeFormat::clock,
                                               .delimiter = ";",
                                               .decimal_comma = true,
                                               .skip_lines = 2}});
  ASSERT_EQ(log.size(), 2U);
  EXPECT_EQ(log.format, "table");
  EXPECT_NEAR(log.time_s[1], 3.0, rounding);
  EXPECT_NEAR(log.temperature_degC[1], 24.25, rounding);
  EXPECT_NEAR(log.wall_s[1], 86401.0, rounding);
  EXPECT_EQ(log.set_degC, (std::vector<double>{20.0, 25.0}));
  EXPECT_EQ(log.repairs.back().kind, "no temperature");
  EXPECT_EQ(log.repairs.back().line, 6);
}

TEST(LogTable, dates_count_days_in_the_order_that_is_said) {
  const std::string text = "t,T\n31/08/2021 23:59:59,20\n01/09/2021 00:00:01,21\n";
  const HeaterLog log =
      parse_log(text, "a.csv", {.columns = {.time = "t", .temperature = "T", .time_format = TimeFormat::clock}});
  ASSERT_EQ(log.size(), 2U);
  EXPECT_NEAR(log.time_s[1], 2.0, rounding);
}

TEST(LogTable, units_of_time_and_temperature) {
  const auto last = [](TimeFormat format, Scale unit) {
    const HeaterLog log =
        parse_log("t,T\n0,300\n2,400\n", "a.csv",
                  {.columns = {.time = "t", .temperature = "T", .time_format = format, .unit = unit}});
    return std::pair(log.time_s.back(), log.temperature_degC.back());
  };
  EXPECT_NEAR(last(TimeFormat::ms, Scale::K).first, 2e-3, rounding);
  EXPECT_NEAR(last(TimeFormat::min, Scale::K).first, 120.0, rounding);
  EXPECT_NEAR(last(TimeFormat::h, Scale::K).first, 7200.0, rounding);
  EXPECT_NEAR(last(TimeFormat::s, Scale::K).second, 126.85, rounding);
  EXPECT_NEAR(last(TimeFormat::s, Scale::degF).second, 204.444444444444, rounding);
}

TEST(LogTable, mistakes_are_named_with_their_place) {
  const ColumnMap columns{.time = "t", .temperature = "T"};
  EXPECT_NE(complaint("t;T\n0;20,5\n1;21,5\n", columns).find("decimal mark"), std::string::npos)
      << complaint("t;T\n0;20,5\n1;21,5\n", columns);
  EXPECT_NE(complaint("t,T\n0,20\n1,hot\n", columns).find("a.csv:3:2"), std::string::npos)
      << complaint("t,T\n0,20\n1,hot\n", columns);
  EXPECT_NE(complaint("t,U\n0,20\n", columns).find("T"), std::string::npos);
  EXPECT_FALSE(complaint("t,T\n", columns).empty());
  EXPECT_FALSE(complaint("t,T\n0,20\n", {.temperature = "T"}).empty());
  EXPECT_NE(
      complaint("t,T\n0,20\n", {.time = "t", .temperature = "T", .time_format = TimeFormat::clock}).find("time_format"),
      std::string::npos);
  EXPECT_FALSE(complaint("t,T\n0,20\n", {.time = "t", .temperature = "T", .delimiter = "::"}).empty());
  EXPECT_FALSE(
      complaint("t,T\n0,20\n", {.time = "t", .temperature = "T", .delimiter = ",", .decimal_comma = true}).empty());
}

}  // namespace
}  // namespace hotstage::heater
