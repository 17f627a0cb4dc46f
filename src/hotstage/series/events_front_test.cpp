// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/events_front.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace hotstage::series {
namespace {

constexpr std::size_t frames = 100;
constexpr double frame_s = 2.0;
constexpr std::size_t side = 20;  // blocks
constexpr std::size_t px = 8;

/// Two grains side by side with given front times; onsets of blocks carry noise and outliers, no images are made.
struct Case {
  BlockGrid grid{.rows = side, .columns = side, .block_px = px, .frames = frames};
  std::vector<FrameDrift> drift = std::vector<FrameDrift>(frames);
  ChangeMap changes;
  signal::Timeline timeline;
  TemperatureLog log{{0.0, 1000.0}, {300.0, 2300.0}};
  Buffer<std::int32_t, 2> labels{{side * px, side* px}};

  template <class Time>
  Case(Time&& time, double noise_s, std::uint64_t seed) {
    // All rows at once: frame numbers are times.
    timeline.rows = side * px;
    timeline.row_s = 1e-9;
    for (std::size_t f = 0; f < frames; ++f) {
      timeline.frame_start_s.push_back(frame_s * static_cast<double>(f));
    }
    for (std::size_t y = 0; y < side * px; ++y) {
      for (std::size_t x = 0; x < side * px; ++x) {
        labels.view()(y, x) = x < side * px / 2 ? 1 : 2;
      }
    }
    grid.covered.assign(grid.blocks(), 1);
    grid.purity.assign(grid.blocks(), 1.0);
    changes.points.resize(grid.blocks());
    changes.pooled.assign(grid.blocks(), 0);
    Rng rng(seed, 1, 0);
    for (std::size_t b = 0; b < grid.blocks(); ++b) {
      grid.grain.push_back(b % side < side / 2 ? 1 : 2);
      ChangePoint& p = changes.points[b];
      const double y = (static_cast<double>(b / side) + 0.5) * px;
      const double x = (static_cast<double>(b % side) + 0.5) * px;
      const double at = time(y, x) + noise_s * rng.normal() + (b % 17 == 5 ? -40.0 : 0.0);
      p.found = at < frame_s * (frames - 1);
      p.at = {at / frame_s, at / frame_s, at / frame_s};
      p.sigma = {noise_s / frame_s, noise_s / frame_s, noise_s / frame_s};
    }
  }
};

struct Outcome {
  std::vector<FrontFit> fronts;
  std::vector<EntryReading> entries;
};

Outcome analyse(const Case& c) {
  hotstage::Run run;
  const Thermometry thermometry{c.timeline, c.log};
  const EventInput input{c.grid, c.changes, c.drift, thermometry, OnsetDefinition::half, 1.0};
  Outcome out;
  out.fronts = fit_fronts(input, c.labels.view(), run);
  out.entries = read_entries(input, out.fronts, c.labels.view(), {});
  return out;
}

TEST(FrontFit, gives_speed_start_and_place_of_a_radial_front_in_spite_of_outliers) {
  constexpr double speed = 2.0;
  const Case c([](double y, double x) { return 60.0 + std::hypot(y - 50.0, x - 40.0) / speed; }, 0.7, 1);
  const Outcome out = analyse(c);
  ASSERT_EQ(out.fronts.size(), 2U);
  const FrontFit& f = out.fronts[0];
  ASSERT_TRUE(f.found);
  EXPECT_NEAR(f.best.speed_px_s, speed, 0.04 * speed);
  EXPECT_NEAR(f.best.y_px, 50.0, 3.0);
  EXPECT_NEAR(f.best.x_px, 40.0, 3.0);
  EXPECT_NEAR(f.best.start_s, 60.0, 1.0);
  EXPECT_GE(f.outliers, 8U);  // every 17th of 200 blocks
}

TEST(FrontFit, gives_direction_and_growing_speed_of_a_plane_front) {
  constexpr double speed = 0.8;
  constexpr double gain = 0.02;
  const Case c([](double, double x) { return 50.0 + (std::sqrt(1.0 + 2.0 * gain * x / speed) - 1.0) / gain; }, 0.5, 2);
  const Outcome out = analyse(c);
  ASSERT_TRUE(out.fronts[0].found);
  ASSERT_TRUE(out.fronts[0].direction_deg().has_value());
  EXPECT_NEAR(out.fronts[0].direction_deg()->value, 0.0, 3.0);
  EXPECT_NEAR(out.fronts[0].best.start_s, 50.0, 1.5);
  EXPECT_NEAR(out.fronts[0].best.completed_s, 50.0 + (std::sqrt(1.0 + 2.0 * gain * 72.0 / speed) - 1.0) / gain, 1.5);
}

/// A nucleus far from the boundary in grain 1; grain 2 follows after `wait_s`.
double crossing_time(double y, double x, double wait_s, double speed = 2.0) {
  return 40.0 + std::hypot(y - 80.0, x - 10.0) / speed + (x >= 80.0 ? wait_s : 0.0);
}

TEST(Entries, call_a_front_that_goes_on_continuous) {
  // Slow, so that the front reaches a third of the boundary only within the slack: chance must explain little.
  constexpr double slow = 1.0;
  const Outcome out = analyse(Case([](double y, double x) { return crossing_time(y, x, 0.0, slow); }, 0.5, 3));
  ASSERT_EQ(out.entries.size(), 2U);
  EXPECT_EQ(out.entries[1].verdict, EntryVerdict::continuous);
  EXPECT_EQ(out.entries[1].from, 1);
  EXPECT_EQ(out.entries[0].verdict, EntryVerdict::independent);
}

TEST(Entries, measure_how_long_a_wall_holds_a_front) {
  constexpr double wait_s = 25.0;
  const Outcome out = analyse(Case([](double y, double x) { return crossing_time(y, x, wait_s); }, 0.5, 4));
  ASSERT_EQ(out.entries.size(), 2U);
  EXPECT_NEAR(out.entries[1].wait_s.value, wait_s, 3.0);
  constexpr double rate_K_per_s = 2.0;
  EXPECT_NEAR(out.entries[1].wait_K.value, rate_K_per_s * out.entries[1].wait_s.value, 1e-6);
  EXPECT_NEAR(out.entries[1].wait_K.sigma, rate_K_per_s * out.entries[1].wait_s.sigma, 1e-6);
  EXPECT_GT(out.entries[1].wall, out.entries[1].continuous);
}

TEST(FrontFit, follows_a_curved_front_that_a_neighbour_hands_on) {
  // Slower behind the boundary: neither plane nor circle.
  constexpr double slower = 0.7;
  const auto first = [](double y, double x) { return 40.0 + std::hypot(y - 80.0, x - 50.0) / 2.0; };
  const auto time = [&](double y, double x) {
    double out = x < 80.0 ? first(y, x) : 1e9;
    for (double edge = 0.0; x >= 80.0 && edge < 160.0; edge += 1.0) {
      out = std::min(out, first(edge, 80.0) + std::hypot(y - edge, x - 80.0) / slower);
    }
    return out;
  };
  const Outcome out = analyse(Case(time, 0.5, 7));
  ASSERT_TRUE(out.fronts[1].found);
  EXPECT_EQ(out.fronts[1].model.shape, FrontShape::relay);
  EXPECT_EQ(out.fronts[1].model.from, 1);
  EXPECT_NEAR(out.fronts[1].best.speed_px_s, slower, 0.05 * slower);
  EXPECT_NEAR(out.fronts[1].best.start_s, first(80.0, 80.0), 2.0);
  EXPECT_EQ(out.entries[1].verdict, EntryVerdict::continuous);
}

TEST(Entries, stand_a_front_handed_on_by_a_neighbour_without_a_fit) {
  const Case c([](double y, double x) { return crossing_time(y, x, 0.0, 1.0); }, 0.5, 8);
  std::vector<FrontFit> fronts = analyse(c).fronts;
  ASSERT_EQ(fronts[1].model.shape, FrontShape::relay);
  fronts[0].found = false;
  const Thermometry thermometry{c.timeline, c.log};
  const EventInput input{c.grid, c.changes, c.drift, thermometry, OnsetDefinition::half, 1.0};
  const auto entries = read_entries(input, fronts, c.labels.view(), {});
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].from, 1);
  EXPECT_TRUE(std::isfinite(entries[0].wait_s.sigma));
}

TEST(Entries, call_a_nucleus_inside_a_grain_independent) {
  const Outcome out = analyse(
      Case([](double y,
              double x) { return x < 80.0 ? crossing_time(y, x, 0.0) : 60.0 + std::hypot(y - 80.0, x - 130.0) / 2.0; },
           0.5, 5));
  ASSERT_EQ(out.entries.size(), 2U);
  EXPECT_EQ(out.entries[1].verdict, EntryVerdict::independent);
}

TEST(FrontFit, refuses_a_grain_of_which_most_did_not_change) {
  const Case c([](double, double x) { return x < 80.0 ? 50.0 + x : 100.0 + 20.0 * (x - 80.0); }, 0.5, 6);
  const Outcome out = analyse(c);
  EXPECT_TRUE(out.fronts[0].found);
  EXPECT_FALSE(out.fronts[1].found);
}

}  // namespace
}  // namespace hotstage::series
