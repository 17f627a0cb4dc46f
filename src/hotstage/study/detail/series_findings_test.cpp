// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/series_findings.hpp"

#include "hotstage/study/detail/series_cobalt.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace hotstage::study::detail {
namespace {

signal::Signal make_frames(std::size_t n) {
  signal::Signal frames;
  frames.navigation = {{.name = "time", .size = n, .scale = 2.0, .unit = "s"}};
  frames.axes = {{.name = "y", .size = 8, .scale = 0.5, .unit = "nm"},
                 {.name = "x", .size = 8, .scale = 0.5, .unit = "nm"}};
  frames.metadata.exposure = 1.6 * units::s;
  frames.source = signal::memory_source(Buffer<float, 2>({n, 64}));
  return frames;
}

TEST(SeriesFindings, take_row_times_and_clock_from_the_timeline) {
  const signal::Signal frames = make_frames(3);
  StepInputs inputs;
  EXPECT_DOUBLE_EQ(read_timeline(inputs, frames).row_s, 0.2);
  io::Table& table = inputs.tables["timeline"];
  table.columns = {io::number_column("start", "s", {1.0, 4.0, 7.0}),
                   io::number_column("exposure", "s", {0.8, 0.8, 0.8}),
                   io::number_column("log_time", "s", {13.0, 16.0, 19.0})};
  const signal::Timeline timeline = read_timeline(inputs, frames);
  EXPECT_DOUBLE_EQ(timeline.row_s, 0.1);
  EXPECT_DOUBLE_EQ(timeline.frame_start_s[2], 7.0);
  LogReading log;
  log.shift_s = 10.0;
  log.log.time_s = {0.0, 100.0};
  join_clock(inputs, log);
  EXPECT_DOUBLE_EQ(log.log.time_s[0], -2.0);
  EXPECT_DOUBLE_EQ(log.shift_s, 12.0);
  EXPECT_THROW((void)read_timeline(inputs, make_frames(4)), Error);
}

TEST(SeriesFindings, count_dark_spots_before_the_onset_as_damage_once) {
  const signal::Signal frames = make_frames(3);
  StepInputs inputs;
  inputs.tables["spots"].columns = {io::number_column("y", "nm", {1.0}), io::number_column("x", "nm", {1.0}),
                                    io::number_column("radius", "nm", {0.5})};
  // The void itself, a spot that was there before 10 s (two windows), one that came after, a particle.
  inputs.tables["tracks"].columns = {io::number_column("track", "", {1, 2, 2, 3, 4}),
                                     io::number_column("time", "s", {1, 1, 3, 20, 1}),
                                     io::number_column("y", "nm", {1.1, 3.0, 3.0, 2.0, 2.5}),
                                     io::number_column("x", "nm", {1.0, 3.0, 3.0, 0.0, 2.5}),
                                     io::number_column("radius", "nm", {0.5, 0.2, 0.2, 0.2, 0.2}),
                                     io::text_column("kind", {"void", "void", "void", "void", "particle"})};
  const auto damage = damage_discs(inputs, frames, 10.0);
  ASSERT_EQ(damage.size(), 2U);
  EXPECT_DOUBLE_EQ(damage[0].y_px, 2.0);
  EXPECT_DOUBLE_EQ(damage[0].radius_px, 1.0);
  EXPECT_DOUBLE_EQ(damage[1].x_px, 6.0);
}

TEST(SeriesFindings, add_the_spread_over_definitions_to_the_lead) {
  io::Table zones;
  zones.columns = {io::number_column("lead", "K", {10.0, 14.0, 6.0}), io::number_column("sigma", "K", {3.0, 9.0, 9.0})};
  const Estimate lead = zone_lead(zones);
  EXPECT_DOUBLE_EQ(lead.value, 10.0);
  EXPECT_DOUBLE_EQ(lead.sigma, 5.0);  // 3 and the standard deviation of the three, 4
}

/// Three voids over 100 frames 2 s apart; all brighten alike around 120 s, the second grows from 150 s on.
io::Table three_voids(double end) {
  std::vector<double> spot, frame, time, brightness, particle;
  for (int s = 1; s <= 3; ++s) {
    for (int f = 0; f < 100; ++f) {
      const double t = 2.0 * f;
      spot.push_back(s);
      frame.push_back(f);
      time.push_back(t);
      const double common = 20.0 * std::exp(-0.5 * std::pow((t - 120.0) / 6.0, 2));
      const double wiggle = std::sin(3.7 * f + s);
      const double growth = s == 2 && t > 150.0 ? end * std::pow((t - 150.0) / 50.0, 2) : 0.0;
      brightness.push_back(common + wiggle + growth);
      particle.push_back(0.0);
    }
  }
  io::Table out;
  out.columns = {io::number_column("spot", "", spot), io::number_column("frame", "", frame),
                 io::number_column("time", "s", time), io::number_column("brightness", "nm^2", brightness),
                 io::number_column("particle", "nm^2", particle)};
  return out;
}

TEST(SeriesFindings, see_growth_in_one_void_against_the_others) {
  const CobaltReading reading = read_cobalt(void_courses(three_voids(200.0)));
  ASSERT_TRUE(reading.best);
  EXPECT_EQ(*reading.best, 1U);
  EXPECT_GT(reading.seen.time_s.value, 145.0);
  EXPECT_LT(reading.seen.time_s.value, 180.0);
  EXPECT_TRUE(reading.elsewhere.empty());
}

TEST(SeriesFindings, see_no_growth_where_all_voids_do_the_same) {
  EXPECT_FALSE(read_cobalt(void_courses(three_voids(0.0))).best);
}

}  // namespace
}  // namespace hotstage::study::detail
