// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/timeline.hpp"

#include "hotstage/core/error.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace hotstage::signal {
namespace {

constexpr double rounding = 1e-12;

Signal series() {
  Signal frames;
  frames.navigation = {{.name = "time", .size = 3, .offset = 1000.0, .scale = 2500.0, .unit = "ms"}};
  frames.axes = {{.name = "y", .size = 4, .unit = "nm"}, {.name = "x", .size = 5, .unit = "nm"}};
  frames.metadata.exposure = 2.0 * units::s;
  frames.source = memory_source(Buffer<float, 2>({3, 20}));
  frames.file = "series.dm4";
  return frames;
}

std::string complaint(const std::function<void(Signal&)>& spoil) {
  Signal frames = series();
  spoil(frames);
  try {
    static_cast<void>(timeline_of(frames));
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

TEST(Timeline, rows_follow_the_frame_time_and_the_axis_is_read_in_its_unit) {
  const Timeline timeline = timeline_of(series());
  ASSERT_EQ(timeline.frame_start_s.size(), 3U);
  EXPECT_NEAR(timeline.frame_start_s[1], 3.5, rounding);
  EXPECT_NEAR(timeline.row_start_s(1, 3), 3.5 + 1.5, rounding);
  EXPECT_NEAR(timeline.frame_middle_s(2), 6.0 + 1.0, rounding);
}

TEST(Timeline, takes_uneven_frames) {
  Signal frames = series();
  frames.navigation.front().points = {0.0, 4000.0, 5000.0};
  EXPECT_NEAR(timeline_of(frames).frame_start_s[1], 4.0, rounding);
}

TEST(Timeline, says_what_is_missing) {
  EXPECT_NE(complaint([](Signal& s) { s.metadata.exposure.reset(); }).find("how long a frame takes"),
            std::string::npos);
  EXPECT_NE(complaint([](Signal& s) { s.navigation.front().unit = "nm"; }).find("not a time"), std::string::npos);
  EXPECT_NE(complaint([](Signal& s) { s.axes.pop_back(); }).find("not a series of frames"), std::string::npos);
  EXPECT_NE(complaint([](Signal& s) {
              s.navigation.front().points = {0.0, 2.0, 1.0};
            }).find("frame 2 starts"),
            std::string::npos);
}

TEST(Timeline, rows_take_dwell_and_flyback_when_both_are_said) {
  const Timeline timeline = timeline_of(series(), {.dwell = 10.0 * units::us, .flyback = 50.0 * units::us});
  EXPECT_NEAR(timeline.row_s, 5 * 10e-6 + 50e-6, rounding);
  EXPECT_THROW((void)timeline_of(series(), {.flyback = 50.0 * units::us}), Error);
}

TEST(Timeline, tells_missing_frames_from_pauses_and_overlaps) {
  Timeline timeline{.frame_start_s = {0.0, 2.0, 4.0, 10.0, 12.0, 19.1, 21.1, 22.1, 24.1}, .row_s = 0.5, .rows = 4};
  const auto intervals = intervals_of(timeline);
  EXPECT_EQ(intervals[0].flags, 0U);
  EXPECT_NEAR(intervals[1].gap_s, 0.0, rounding);
  EXPECT_EQ(intervals[3].flags, static_cast<std::uint32_t>(interval_missing));
  EXPECT_EQ(intervals[3].missing, 2.0);
  EXPECT_EQ(intervals[5].flags, static_cast<std::uint32_t>(interval_pause));
  EXPECT_EQ(intervals[7].flags, static_cast<std::uint32_t>(interval_overlap));
  EXPECT_EQ(interval_text(intervals[7].flags), "overlap");
  EXPECT_EQ(intervals[8].flags, 0U);
}

TEST(Timeline, finds_the_step_of_the_clock_that_stamped_the_frames) {
  EXPECT_EQ(clock_step_s({.frame_start_s = {0.0, 2.0, 5.0, 7.0}}), 1.0);
  EXPECT_EQ(clock_step_s({.frame_start_s = {0.25, 2.35, 5.05}}), 0.1);
  EXPECT_EQ(clock_step_s({.frame_start_s = {0.0, 2.0, 4.0, 6.0}}), std::nullopt);
  EXPECT_EQ(clock_step_s({.frame_start_s = {0.0, 2.0 / 3.0, 4.0}}), std::nullopt);
}

}  // namespace
}  // namespace hotstage::signal
