// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/clock.hpp"

#include <gtest/gtest.h>

namespace hotstage::signal {
namespace {

constexpr double hour = 3600.0;
constexpr double minute = 60.0;

TEST(Clock, every_spelling_met_in_real_files) {
  constexpr long long day = 18690;  // 2021-03-04
  const double second = 5.0 * hour + 6.0 * minute + 7.0;
  for (const char* text : {"2021-03-04T05:06:07Z", "2021-03-04 05:06:07 UTC", "2021:03:04 05:06:07",
                           "3/4/2021 5:06:07 AM", "04.03.2021 05:06:07", "Thu Mar  4 05:06:07 2021",
                           "2021-03-04T05:06:07+02:00", "03/04/'21 05:06:07", "4 March 2021, 05:06:07"}) {
    const auto reading = read_clock(text);
    ASSERT_TRUE(reading.has_value()) << text;
    EXPECT_EQ(reading->day, day) << text;
    EXPECT_DOUBLE_EQ(reading->second, second) << text;
  }
  EXPECT_EQ(read_clock("4/3/2021 05:06:07", DayOrder::day_first)->day, day);
  EXPECT_DOUBLE_EQ(read_clock("12:30:00 AM")->second, 30.0 * minute);
  EXPECT_DOUBLE_EQ(read_clock("12:30:00 PM")->second, 12.5 * hour);
  EXPECT_FALSE(read_clock("13:40:25.811")->day.has_value());
  EXPECT_DOUBLE_EQ(read_clock("13:40:25.811")->second, 13.0 * hour + 40.0 * minute + 25.811);
  EXPECT_DOUBLE_EQ(read_clock("13:54")->second, 13.0 * hour + 54.0 * minute);
}

TEST(Clock, what_is_no_time_is_refused) {
  for (const char* text : {"", "yesterday", "25:00:00", "10:61:00", "2021-13-04 05:06:07", "2021-02-30 05:06:07",
                           "13:00:00 PM", "1:2:3:4", "::", "nan:00:00", "2021-03-04", "99999999999999:1:1"}) {
    EXPECT_FALSE(read_clock(text).has_value()) << text;
  }
}

TEST(Clock, times_of_day_pass_midnight) {
  const std::vector<std::string> readings{"23:59:58", "23:59:59.5", "00:00:01", "13:00:00", "00:00:02"};
  const std::vector<double> found = elapsed_s(readings);
  ASSERT_EQ(found.size(), readings.size());
  EXPECT_DOUBLE_EQ(found[1], 1.5);
  EXPECT_DOUBLE_EQ(found[2], 3.0);
  EXPECT_DOUBLE_EQ(found[4], 86404.0);  // a second midnight
}

TEST(Clock, a_small_step_back_is_no_midnight) {
  EXPECT_TRUE(elapsed_s(std::vector<std::string>{"10:00:05", "10:00:04"}).empty());
}

TEST(Clock, dates_pass_midnight_in_either_order_of_day_and_month) {
  const std::vector<std::string> american{"8/11/2021 11:59:59 PM", "8/12/2021 12:00:01 AM"};
  EXPECT_EQ(elapsed_s(american), (std::vector<double>{0.0, 2.0}));
  const std::vector<std::string> european{"08/11/2021 23:59:59", "09/11/2021 00:00:01"};
  EXPECT_EQ(elapsed_s(european), (std::vector<double>{0.0, 2.0}));
  const std::vector<std::string> across_a_month{"31/08/2021 23:59:59", "01/09/2021 00:00:01"};
  EXPECT_EQ(elapsed_s(across_a_month), (std::vector<double>{0.0, 2.0}));
}

TEST(Clock, dates_and_times_of_day_do_not_mix) {
  EXPECT_TRUE(elapsed_s(std::vector<std::string>{"2021-03-04 05:06:07", "05:06:08"}).empty());
  EXPECT_TRUE(elapsed_s(std::vector<std::string>{"05:06:08", ""}).empty());
}

TEST(Clock, tick_counts_of_digital_micrograph_are_finer_than_its_dates) {
  Signal signal;
  signal.original = Value::object();
  signal.metadata.acquired = "11/12/2017 5:36:11 PM";
  EXPECT_EQ(acquisition_clock(signal), signal.metadata.acquired);
  Value bar = Value::object();
  bar["Acquisition Time (OS)"] = Value(131550033714077952.0);
  signal.original["ImageTags"] = Value::object();
  signal.original["ImageTags"]["DataBar"] = std::move(bar);
  EXPECT_EQ(acquisition_clock(signal).substr(0, 22), "2017-11-12 23:36:11.40");
}

}  // namespace
}  // namespace hotstage::signal
