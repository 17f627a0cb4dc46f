// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/core/rng.hpp"
#include "hotstage/heater/format.hpp"
#include "hotstage/io/files.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

namespace hotstage::heater {
namespace {

constexpr double rounding = 1e-9;
const std::string head = "TimeStamp,Experiment time,Temperature Measured\n";

std::string complaint(const std::string& text, const ReadOptions& options = {}) {
  try {
    static_cast<void>(parse_log(text, "chip.csv", options));
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

std::filesystem::path real_file(const std::string& name) {
  const auto shared = shared_data_folder();
  return shared ? *shared / "stem" / "heating_logs" / name : std::filesystem::path{};
}

TEST(Impulse, reads_the_heat_log_of_a_real_run) {
  const std::filesystem::path file = real_file("impulse_StubExperiment_Heat raw.csv");
  if (!std::filesystem::exists(file)) {
    GTEST_SKIP() << "no shared data";
  }
  const HeaterLog log = read_log(file);
  ASSERT_EQ(log.size(), 778U);
  EXPECT_EQ(log.format, "impulse");
  EXPECT_NEAR(log.time_s.front(), 6.749, rounding);
  EXPECT_NEAR(log.temperature_degC.front(), 1.05, rounding);
  EXPECT_NEAR(log.time_s.back(), 404.178, rounding);
  EXPECT_NEAR(log.wall_s.front(), 13 * 3600 + 40 * 60 + 25.811, rounding);
  EXPECT_NEAR(*std::max_element(log.temperature_degC.begin(), log.temperature_degC.end()), 800.0, 0.05);
  EXPECT_TRUE(log.repairs.empty());
  EXPECT_NEAR(sampling_s(log), 0.513, 1e-3);
  EXPECT_TRUE(gaps(log).empty());
}

TEST(Impulse, reads_the_synchronised_log_with_its_gas_columns_to_the_same_numbers) {
  const std::filesystem::path plain = real_file("impulse_StubExperiment_Heat raw.csv");
  const std::filesystem::path wide = real_file("impulse_StubExperiment_Synchronized data.csv");
  if (!std::filesystem::exists(wide)) {
    GTEST_SKIP() << "no shared data";
  }
  const HeaterLog a = read_log(plain);
  const HeaterLog b = read_log(wide);
  const auto same = std::find(a.time_s.begin(), a.time_s.end(), b.time_s.front());
  ASSERT_NE(same, a.time_s.end());
  const auto i = static_cast<std::size_t>(same - a.time_s.begin());
  EXPECT_NEAR(a.temperature_degC[i], b.temperature_degC.front(), rounding);
  EXPECT_GT(b.size(), 700U);
}

TEST(Impulse, wall_clock_goes_on_past_midnight_and_that_is_listed) {
  const HeaterLog log = parse_log(head + "23:59:59.500,1,20\n00:00:00.000,1.5,21\n00:00:00.500,2,22\n", "chip.csv");
  ASSERT_EQ(log.wall_s.size(), 3U);
  EXPECT_NEAR(log.wall_s[2] - log.wall_s[0], 1.0, rounding);
  ASSERT_EQ(log.repairs.size(), 1U);
  EXPECT_EQ(log.repairs[0].kind, "midnight");
  EXPECT_EQ(log.repairs[0].line, 3);
}

TEST(Impulse, every_repair_is_listed_with_its_line) {
  const HeaterLog log = parse_log(head +
                                      "10:00:00.000,1,20\n"
                                      "10:00:00.500,1.5,\n"
                                      "10:00:01.000,2,22\n"
                                      "10:00:01.000,2,22\n"
                                      "10:00:31.500,2.5,23\n"
                                      "10:00:32.000,,24\n",
                                  "chip.csv");
  EXPECT_EQ(log.size(), 3U);
  ASSERT_EQ(log.repairs.size(), 4U);
  EXPECT_EQ(log.repairs[0].kind, "no temperature");
  EXPECT_EQ(log.repairs[0].line, 3);
  EXPECT_EQ(log.repairs[1].kind, "duplicate row");
  EXPECT_EQ(log.repairs[2].kind, "clock step");
  EXPECT_NE(log.repairs[2].text.find("30.500 s"), std::string::npos);
  EXPECT_EQ(log.repairs[3].kind, "no time");
}

TEST(Impulse, time_running_backwards_is_refused_with_place_and_remedy_or_dropped_on_request) {
  const std::string text = head + "10:00:00.000,12.410,20\n10:00:00.500,12.400,21\n10:00:01.000,13,22\n";
  const std::string message = complaint(text);
  EXPECT_NE(message.find("chip.csv:3"), std::string::npos) << message;
  EXPECT_NE(message.find("time runs backwards (12.400 s after 12.410 s)"), std::string::npos) << message;
  EXPECT_NE(message.find("on_backstep = \"drop\""), std::string::npos) << message;
  const HeaterLog log = parse_log(text, "chip.csv", {.on_backstep = BackStep::drop});
  EXPECT_EQ(log.size(), 2U);
  ASSERT_EQ(log.repairs.size(), 1U);
  EXPECT_EQ(log.repairs[0].kind, "time backwards");
}

TEST(Impulse, without_its_own_time_the_wall_clock_counts) {
  const HeaterLog log = parse_log(head + "23:59:59.500,,20\n00:00:00.500,,22\n", "chip.csv", {});
  ASSERT_EQ(log.size(), 2U);
  EXPECT_NEAR(log.time_s[1] - log.time_s[0], 1.0, rounding);
}

TEST(Impulse, says_what_is_wrong) {
  EXPECT_NE(complaint("").find("empty"), std::string::npos);
  EXPECT_NE(complaint("time;T\n0;1\n").find("not a heater log"), std::string::npos);
  EXPECT_NE(complaint(head).find("no complete row"), std::string::npos) << complaint(head);
  EXPECT_NE(complaint(head + "10:00:00,1,-300\n").find("below absolute zero"), std::string::npos);
  EXPECT_NE(complaint(head + "10:00:00,1\n").find("chip.csv:2"), std::string::npos);
  EXPECT_NE(complaint(head + "10:00:00,1,hot\n10:00:00,2,3\n").find("chip.csv:2"), std::string::npos);
}

TEST(Impulse, byte_order_mark_and_dos_lines_are_read) {
  std::string text = "\xEF\xBB\xBF" + head + "10:00:00.000,1,20\n10:00:00.500,1.5,21\n";
  std::string dos;
  for (const char c : text) {
    dos += c == '\n' ? std::string("\r\n") : std::string(1, c);
  }
  EXPECT_EQ(parse_log(dos, "chip.csv").size(), 2U);
}

RC_GTEST_PROP(Impulse, what_is_written_is_read_again, ()) {
  HeaterLog log;
  double time = 0.001 * *rc::gen::inRange(0, 10000);
  const double wall = *rc::gen::inRange(0, 86400);
  const int rows = *rc::gen::inRange(1, 40);
  for (int i = 0; i < rows; ++i) {
    time += 0.001 * *rc::gen::inRange(1, 2000);
    log.time_s.push_back(std::round(time * 1e3) / 1e3);
    log.wall_s.push_back(wall + log.time_s.back());
    log.temperature_degC.push_back(1e-6 * *rc::gen::inRange(-100000000, 1100000000));
  }
  const HeaterLog again = parse_log(find_format("impulse").write(log), "chip.csv");
  RC_ASSERT(again.size() == log.size());
  for (std::size_t i = 0; i < log.size(); ++i) {
    RC_ASSERT(std::abs(again.time_s[i] - log.time_s[i]) < rounding);
    RC_ASSERT(std::abs(again.temperature_degC[i] - log.temperature_degC[i]) < rounding);
    RC_ASSERT(std::abs(again.wall_s[i] - again.wall_s[0] - (log.wall_s[i] - log.wall_s[0])) < rounding);
  }
}

/// A log is read or refused with Error; nothing else may happen.
void must_not_break(const std::string& text) {
  try {
    const HeaterLog log = parse_log(text, "hostile.csv", {.on_backstep = BackStep::drop});
    ASSERT_EQ(log.time_s.size(), log.temperature_degC.size());
    ASSERT_TRUE(std::is_sorted(log.time_s.begin(), log.time_s.end()));
    ASSERT_TRUE(log.wall_s.empty() || log.wall_s.size() == log.size());
    for (const double value : log.temperature_degC) {
      ASSERT_TRUE(std::isfinite(value));
    }
  } catch (const Error&) {
  }
}

std::string small_log() {
  std::string text = head;
  for (int i = 0; i < 30; ++i) {
    text += "23:59:5" + std::to_string(i % 10) + ".5," + std::to_string(0.5 * i) + "," + std::to_string(20 + i) + "\n";
  }
  return text;
}

TEST(Impulse, truncation_anywhere_is_read_or_refused) {
  const std::string text = small_log();
  for (std::size_t length = 0; length < text.size(); ++length) {
    must_not_break(text.substr(0, length));
  }
}

TEST(Impulse, flipped_bits_are_read_or_refused) {
  const std::string text = small_log();
  for (std::uint64_t trial = 0; trial < 4000; ++trial) {
    Rng rng(11, 1, trial);
    std::string spoiled = text;
    for (int flips = 0; flips < 1 + static_cast<int>(trial % 4); ++flips) {
      const auto at = static_cast<std::size_t>(rng.uniform() * static_cast<double>(spoiled.size()));
      spoiled[at] = static_cast<char>(static_cast<unsigned char>(spoiled[at]) ^ (1U << (rng() % 8U)));
    }
    must_not_break(spoiled);
  }
}

TEST(Impulse, absurd_numbers_are_read_or_refused) {
  for (const char* row : {"99:99:99.999,1,20\n", "::,1,20\n", "-1:00:00,1,20\n", "10:00:00,1e308,20\n",
                          "10:00:00,nan,20\n", "10:00:00,1,inf\n", "10:00:00,-1e308,20\n", "\"10:00,1,20\n"}) {
    must_not_break(head + row + "10:00:01,2,21\n");
  }
}

}  // namespace
}  // namespace hotstage::heater
