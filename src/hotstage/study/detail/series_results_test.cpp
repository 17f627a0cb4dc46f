// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/series_halo.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace hotstage::study::detail {
namespace {

/// What series.track says about a dated series of 12 frames, `step_K` apart.
StepOutput tracked(double step_K) {
  constexpr std::size_t n = 12;
  signal::Signal frames;
  frames.navigation = {{.name = "time", .size = n, .scale = 2.0, .unit = "s"}};
  frames.axes = {{.name = "y", .size = 8, .scale = 1.0, .unit = "nm"},
                 {.name = "x", .size = 8, .scale = 1.0, .unit = "nm"}};
  frames.source = signal::memory_source(Buffer<float, 2>({n, 64}));
  const SeriesState state;
  series::BlockGrid grid{.rows = 1, .columns = 1, .frames = n};
  grid.covered = {1};
  grid.grain = {1};
  series::ChangeMap changes;
  changes.points = {{.found = true}};
  changes.pooled = {0};
  const signal::Timeline timeline;
  const series::TemperatureLog log;
  const series::Thermometry thermometry{timeline, log};
  const std::vector<series::FrameDrift> drift(n);
  const series::EventInput events{grid, changes, drift, thermometry};
  Tracking t{.frames = frames, .state = state, .grid = grid, .changes = changes, .events = events};
  t.map = {{.found = true, .degC = 500.0}};
  t.grains = {{.grain = 1, .found = true, .degC = 500.0, .velocity_nm_per_s = 3.0}};
  t.crossings = {{.from = 1, .into = 2, .verdict = series::CrossingVerdict::crossing, .degC = 520.0}};
  t.paper.onset = series::Interval{.low_degC = 500.0, .high_degC = 550.0};
  t.paper.crossing = t.paper.onset;
  t.sites = {.sites = 9, .p_boundary = 0.01};
  for (std::size_t f = 0; f < n; ++f) {
    t.frame_degC.push_back(400.0 + step_K * static_cast<double>(f));
  }
  StepOutput out;
  Run run;
  add_tracking(t, out);
  add_halo(t, {}, {}, run, out);
  return out;
}

CheckStatus step_status(const StepOutput& out) {
  return std::find_if(out.checks.begin(), out.checks.end(),
                      [](const Check& c) { return c.name == "Temperature between frames"; })
      ->status;
}

TEST(SeriesTrack, dates_nothing_when_frames_are_more_than_ten_kelvin_apart) {
  const StepOutput out = tracked(10.5);
  EXPECT_TRUE(out.results.empty());
  EXPECT_EQ(step_status(out), CheckStatus::failed);
  EXPECT_EQ(out.tables.at("onsets").column("state").texts.front(), "refused");
  EXPECT_EQ(out.tables.at("crossings").column("verdict").texts.front(), "refused");
  EXPECT_TRUE(out.records.at("record").at("refused").as_bool());
  EXPECT_EQ(out.tables.at("halo").rows(), 0U);
}

TEST(SeriesTrack, dates_when_frames_are_close_enough) {
  const StepOutput out = tracked(9.5);
  for (const char* id : {"first_onset", "front_speed", "first_crossing", "paper_onset_low", "c4_p_value"}) {
    EXPECT_TRUE(std::any_of(out.results.begin(), out.results.end(), [&](const Result& r) { return r.id == id; })) << id;
  }
  EXPECT_EQ(step_status(out), CheckStatus::ok);
  EXPECT_EQ(out.tables.at("onsets").column("state").texts.front(), "changed");
}

}  // namespace
}  // namespace hotstage::study::detail
