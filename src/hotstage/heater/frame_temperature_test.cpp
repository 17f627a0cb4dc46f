// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/heater/frame_temperature.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/core/rng.hpp"
#include "hotstage/heater/clock_fit.hpp"
#include "hotstage/heater/format.hpp"
#include "hotstage/signal/format.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

namespace hotstage::heater {
namespace {

constexpr double rounding = 1e-9;
constexpr double ramp_K_per_s = 2.0;

/// 25 °C for 60 s, then 2 K/s for 200 s, then a hold of 60 s; a row every 0.25 s.
HeaterLog ramp_log() {
  HeaterLog log;
  for (int i = 0; i <= 1280; ++i) {
    const double t = 0.25 * i;
    log.time_s.push_back(100.0 + t);
    log.temperature_degC.push_back(25.0 + ramp_K_per_s * std::clamp(t - 60.0, 0.0, 200.0));
    log.wall_s.push_back(86300.0 + t);  // 23:58:20 of the day before
  }
  log.date = "03.04.2021";
  log.file = "run.dens";
  return log;
}

signal::Timeline frames_of(std::size_t n, double first_s = 0.0) {
  signal::Timeline out{.row_s = 2.0 / 64.0, .rows = 64};
  for (std::size_t i = 0; i < n; ++i) {
    out.frame_start_s.push_back(first_s + 2.0 * static_cast<double>(i));
  }
  return out;
}

const Mounting sure{.clock_sigma = Time{}};

TEST(FrameTemperature, a_frame_of_two_seconds_spans_four_degrees_at_two_per_second) {
  const HeaterLog log = ramp_log();
  const signal::Timeline timeline = frames_of(50);
  const ClockJoin join{{200.0, 0.5}, ""};  // 40 s into the ramp
  const auto t = frame_temperatures(log, timeline, join, FrameExposure::rows, sure);
  ASSERT_EQ(t.size(), 50U);
  EXPECT_EQ(t[7].cover, LogCover::inside);
  EXPECT_NEAR(t[7].middle_degC, 25.0 + ramp_K_per_s * (40.0 + 14.0 + 1.0), rounding);
  // From the middle of the first row to that of the last: 63 of 64 rows.
  EXPECT_NEAR(t[7].last_degC - t[7].first_degC, 4.0 * 63.0 / 64.0, rounding);
  EXPECT_NEAR(t[7].rate_K_per_s, ramp_K_per_s, 0.01);
  EXPECT_NEAR(t[7].budget.clock, ramp_K_per_s * 0.5, 0.01);
  EXPECT_EQ(t[7].budget.frame, 0.0);
  const auto row = row_temperature(log, timeline, join, 7, 16);
  ASSERT_TRUE(row);
  EXPECT_NEAR(*row, t[7].first_degC + 16.0 / 64.0 * 4.0, rounding);
  const auto camera = frame_temperatures(log, timeline, join, FrameExposure::whole, sure);
  EXPECT_NEAR(camera[7].last_degC - camera[7].first_degC, 4.0, rounding);
  EXPECT_NEAR(camera[7].budget.frame, 4.0 / std::sqrt(12.0), 0.02);
}

TEST(FrameTemperature, says_where_the_log_has_no_rows) {
  HeaterLog log = ramp_log();
  const auto from = log.time_s.begin() + 400;  // a hole of 20 s on the ramp
  log.time_s.erase(from, from + 80);
  log.temperature_degC.erase(log.temperature_degC.begin() + 400, log.temperature_degC.begin() + 480);
  const signal::Timeline timeline = frames_of(60);
  const auto t = frame_temperatures(log, timeline, {{190.0, 0.0}, ""}, FrameExposure::rows, sure);
  EXPECT_EQ(t[0].cover, LogCover::inside);
  EXPECT_EQ(t[7].cover, LogCover::gap);
  EXPECT_NEAR(t[7].budget.log, 20.25 * ramp_K_per_s / std::sqrt(12.0), 0.1);
  EXPECT_EQ(frame_temperatures(log, timeline, {{0.0, 0.0}, ""}, FrameExposure::rows, sure)[3].cover, LogCover::outside);
  EXPECT_FALSE(row_temperature(log, timeline, {{0.0, 0.0}, ""}, 3, 0));
}

TEST(FrameTemperature, counts_frames_from_the_ramp_the_log_or_the_wall_clock) {
  const HeaterLog log = ramp_log();
  const signal::Timeline timeline = frames_of(20);
  EXPECT_NEAR(join_clocks(log, timeline, "", ClockZero::ramp, sure).offset_s.value, 160.0, 0.05);
  EXPECT_NEAR(join_clocks(log, timeline, "", ClockZero::log, sure).offset_s.value, 100.0, rounding);
  const Mounting late{.clock_offset = 3.0 * units::s, .clock_sigma = 0.5 * units::s};
  EXPECT_NEAR(join_clocks(log, timeline, "", ClockZero::log, late).offset_s.value, 103.0, rounding);
  // 23:58:20 is log 100 s; 00:01:00 is 160 s later, with and without a date.
  for (const char* text : {"04.04.2021 00:01:00", "2021-04-04T00:01:00", "4/4/2021 12:01:00 AM", "00:01:00"}) {
    const ClockJoin join = join_clocks(log, timeline, text, ClockZero::wall, sure);
    EXPECT_NEAR(join.offset_s.value, 260.0, rounding) << text;
    EXPECT_NEAR(join.offset_s.sigma, 1.0 / std::sqrt(12.0), 1e-6);
  }
}

TEST(FrameTemperature, refuses_a_join_that_nothing_supports) {
  HeaterLog log = ramp_log();
  const signal::Timeline timeline = frames_of(20);
  const auto complaint = [&](const std::string& text, ClockZero zero) -> std::string {
    try {
      (void)join_clocks(log, timeline, text, zero, sure);
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_NE(complaint("", ClockZero::wall).find("do not say when they were acquired"), std::string::npos);
  EXPECT_NE(complaint("yesterday", ClockZero::wall).find("cannot be read"), std::string::npos);
  log.wall_s.clear();
  EXPECT_NE(complaint("00:01:00", ClockZero::wall).find("no wall clock"), std::string::npos);
  log.temperature_degC.assign(log.size(), 25.0);
  EXPECT_NE(complaint("", ClockZero::ramp).find("no ramp"), std::string::npos);
}

/// Frames across the start of the ramp; y follows the temperature, x only drifts.
std::vector<HeatResponse> responses_of(const HeaterLog& log, const signal::Timeline& timeline, double offset_s,
                                       double noise_px, std::uint64_t seed) {
  Rng rng(seed, 0, 0);
  std::vector<HeatResponse> out{{"dy", {}}, {"dx", {}}};
  for (std::size_t f = 0; f < timeline.frame_start_s.size(); ++f) {
    const double t = timeline.frame_middle_s(f);
    out[0].value.push_back(3.0 - 0.02 * t + 0.05 * temperature_in(log, t + offset_s) + noise_px * rng.normal());
    out[1].value.push_back(-1.0 + 0.01 * t + noise_px * rng.normal());
  }
  return out;
}

TEST(ClockFit, finds_the_offset_from_the_drift_and_its_sigma_covers) {
  const HeaterLog log = ramp_log();
  const signal::Timeline timeline = frames_of(60);
  const ClockJoin declared{{115.0, 5.0}, ""};
  double squares = 0.0;
  constexpr int trials = 200;
  for (int i = 0; i < trials; ++i) {
    const auto responses = responses_of(log, timeline, 120.0, 0.2, static_cast<std::uint64_t>(i));
    const ClockFit fit = fit_clock(log, timeline, responses, declared, 14.0);
    ASSERT_TRUE(fit.found) << fit.why;
    EXPECT_LT(fit.offset_s.sigma, 4.0);
    squares += std::pow((fit.offset_s.value - 120.0) / fit.offset_s.sigma, 2) / trials;
  }
  // Pulls of unit variance; 200 of them scatter by 0.1, and the widening for memory makes σ rather too large.
  RecordProperty("pull_variance", std::to_string(squares));
  EXPECT_GT(squares, 0.5);
  EXPECT_LT(squares, 1.3);
}

TEST(ClockFit, a_stage_that_wanders_by_itself_is_not_taken_for_heat) {
  const HeaterLog log = ramp_log();
  const signal::Timeline timeline = frames_of(60);
  int fooled = 0;
  constexpr int trials = 100;
  for (int i = 0; i < trials; ++i) {
    Rng rng(static_cast<std::uint64_t>(i), 1, 0);
    std::vector<HeatResponse> walk{{"dy", {}}, {"dx", {}}};
    double y = 0.0;
    double x = 0.0;
    for (std::size_t f = 0; f < timeline.frame_start_s.size(); ++f) {
      y += rng.normal();
      x += rng.normal();
      walk[0].value.push_back(y + 0.1 * rng.normal());
      walk[1].value.push_back(x + 0.1 * rng.normal());
    }
    fooled += fit_clock(log, timeline, walk, {{115.0, 5.0}, ""}, 14.0).found ? 1 : 0;
  }
  EXPECT_LE(fooled, 1);
}

TEST(ClockFit, says_when_the_frames_do_not_decide) {
  const HeaterLog log = ramp_log();
  const signal::Timeline on_ramp = frames_of(60);
  const auto straight = fit_clock(log, on_ramp, responses_of(log, on_ramp, 175.0, 0.2, 1), {{175.0, 5.0}, ""}, 10.0);
  EXPECT_FALSE(straight.found);
  EXPECT_NE(straight.why.find("straight"), std::string::npos) << straight.why;
  const auto edge = fit_clock(log, on_ramp, responses_of(log, on_ramp, 120.0, 0.2, 1), {{112.0, 5.0}, ""}, 5.0);
  EXPECT_FALSE(edge.found);
  EXPECT_NE(edge.why.find("end of the search"), std::string::npos) << edge.why;
  const auto few =
      fit_clock(log, frames_of(5), responses_of(log, frames_of(5), 120.0, 0.2, 1), {{120.0, 5.0}, ""}, 5.0);
  EXPECT_NE(few.why.find("5 frames"), std::string::npos) << few.why;
}

TEST(FrameTemperatureRealFiles, logs_of_three_holders_join_a_real_series) {
  const char* shared = std::getenv("HOTSTAGE_SHARED_DATA");
  if (shared == nullptr) {
    GTEST_SKIP() << "no shared data";
  }
  const std::filesystem::path stem = std::filesystem::path(shared) / "stem";
  hotstage::Run run;
  signal::Signal frames = signal::load(stem / "series_tem_carbon", run);
  const signal::Timeline timeline = signal::timeline_of(frames);
  ASSERT_EQ(timeline.frame_start_s.size(), 12U);
  EXPECT_NEAR(timeline.frame_start_s[11], 11 * 1.99, 1e-6);
  for (const char* name : {"digiheater_file1.dens", "impulse_StubExperiment_Heat raw.csv", "protochips_thermal.csv"}) {
    const HeaterLog log = read_log(stem / "heating_logs" / name);
    const ClockJoin join = join_clocks(log, timeline, "", ClockZero::log, sure);
    const auto t = frame_temperatures(log, timeline, join, FrameExposure::whole, sure);
    std::size_t inside = 0;
    for (std::size_t f = 0; f < t.size(); ++f) {
      if (t[f].cover == LogCover::outside) {
        continue;
      }
      ++inside;
      // Against the readings in whose span the middle of the frame lies.
      const double at = log.time_s.front() + timeline.frame_middle_s(f);
      const auto above = std::upper_bound(log.time_s.begin(), log.time_s.end(), at) - log.time_s.begin();
      const auto row =
          static_cast<std::size_t>(std::min<std::ptrdiff_t>(above, static_cast<std::ptrdiff_t>(log.size()) - 1));
      const auto [low, high] = std::minmax(log.temperature_degC[row - 1], log.temperature_degC[row]);
      EXPECT_GE(t[f].middle_degC, low - rounding) << name;
      EXPECT_LE(t[f].middle_degC, high + rounding) << name;
    }
    EXPECT_EQ(inside, log.time_s.back() - log.time_s.front() > 24.0 ? 12U : inside) << name;
    // DigiHeater's seven rows end after 1.98 s, before the first frame does.
    EXPECT_EQ(inside > 0, log.format != "dens") << name;
  }
  const HeaterLog impulse = read_log(stem / "heating_logs" / "impulse_StubExperiment_Heat raw.csv");
  const ClockJoin wall = join_clocks(impulse, timeline, "06-08-2021 13:41:00", ClockZero::wall, sure);
  EXPECT_NEAR(wall.offset_s.value, 6.749 + 34.189, 1e-3);  // the first row: 13:40:25.811 at 6.749 s
}

}  // namespace
}  // namespace hotstage::heater
