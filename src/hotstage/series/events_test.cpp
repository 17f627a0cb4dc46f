// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/events.hpp"

#include "hotstage/series/paper_sampling.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace hotstage::series {
namespace {

constexpr std::size_t frames = 100;
constexpr double frame_s = 2.0;
constexpr double rate_K_per_s = 2.0;
constexpr double start_degC = 250.0;
constexpr std::size_t blocks_per_side = 30;
constexpr std::size_t block_px = 8;

/// Two grains side by side, a front of constant speed in blocks per frame.
struct Front {
  double begins = 50.0;  ///< frame at which grain 1 starts, at its left edge
  double speed = 1.0;    ///< blocks per frame
  double wait = 0.0;     ///< frames that the front stops at the boundary
  bool jumps = false;    ///< grain 2 starts by itself at its far edge instead, at `far_frame`
  double far_frame = 0.0;
};

double onset_frame(const Front& front, std::size_t row, std::size_t column) {
  constexpr std::size_t wall = blocks_per_side / 2;
  const double off = 0.05 * static_cast<double>(row);
  if (column < wall) {
    return front.begins + off + static_cast<double>(column) / front.speed;
  }
  if (front.jumps) {
    return front.far_frame + off + static_cast<double>(blocks_per_side - 1 - column) / front.speed;
  }
  return front.begins + off + front.wait + static_cast<double>(column) / front.speed;
}

struct Case {
  BlockGrid grid{.rows = blocks_per_side, .columns = blocks_per_side, .block_px = block_px, .frames = frames};
  std::vector<FrameDrift> drift = std::vector<FrameDrift>(frames);
  signal::Timeline timeline;
  TemperatureLog log;

  explicit Case(const Front& front, std::uint64_t seed = 1) {
    timeline.rows = blocks_per_side * block_px;
    timeline.row_s = frame_s / static_cast<double>(timeline.rows);
    for (std::size_t f = 0; f < frames; ++f) {
      timeline.frame_start_s.push_back(frame_s * static_cast<double>(f));
    }
    for (double t = 0.0; t <= frame_s * frames; t += 0.5) {
      log.time_s.push_back(t);
      log.temperature_degC.push_back(start_degC + rate_K_per_s * t);
    }
    Buffer<float, 2> values({grid.blocks(), frames});
    grid.covered.assign(grid.blocks(), 1);
    grid.purity.assign(grid.blocks(), 1.0);
    for (std::size_t b = 0; b < grid.blocks(); ++b) {
      const std::size_t column = b % blocks_per_side;
      grid.grain.push_back(column < blocks_per_side / 2 ? 1 : 2);
      const double at = onset_frame(front, b / blocks_per_side, column);
      Rng rng(seed, 1, b);
      for (std::size_t f = 0; f < frames; ++f) {
        const double done = 1.0 / (1.0 + std::exp(-(static_cast<double>(f) - at) / 0.4));
        const double mean = 34.0 * (1.0 + (grid.grain[b] == 1 ? -0.15 : 0.2) * done);
        values.view()(b, f) = static_cast<float>(static_cast<double>(rng.poisson(64.0 * mean)) / 64.0);
      }
    }
    grid.series = std::move(values);
  }
};

struct Outcome {
  std::vector<GrainOnset> grains;
  std::vector<Crossing> crossings;
};

Outcome analyse(const Case& c) {
  hotstage::Run run;
  const ChangeMap changes = find_changes(c.grid, c.drift, {}, run);
  const Thermometry thermometry{c.timeline, c.log};
  const EventInput input{c.grid, changes, c.drift, thermometry, OnsetDefinition::half, 1.0};
  Outcome out;
  out.grains = grain_onsets(input);
  out.crossings = crossings(input, out.grains);
  return out;
}

TEST(Events, give_onset_speed_and_temperature_of_a_front) {
  const Front front{.begins = 40.0, .speed = 1.0};
  const Outcome out = analyse(Case(front));
  ASSERT_EQ(out.grains.size(), 2U);
  ASSERT_TRUE(out.grains[0].found);
  constexpr double frame_K = frame_s * rate_K_per_s;
  EXPECT_NEAR(out.grains[0].degC, start_degC + frame_K * 40.0, 1.5 * frame_K);
  ASSERT_TRUE(out.grains[0].velocity_nm_per_s.has_value());
  const double true_speed = static_cast<double>(block_px) / frame_s;  // px of 1 nm
  EXPECT_NEAR(*out.grains[0].velocity_nm_per_s, true_speed, 0.15 * true_speed);
  EXPECT_GT(out.grains[0].changed_share, 0.95);
  EXPECT_NEAR(out.grains[0].mean_change, -0.15, 0.02);
  EXPECT_GT(out.grains[0].sigma.total_K(), out.grains[0].sigma.chip_K);
}

TEST(Events, call_a_front_that_goes_on_behind_the_boundary_a_crossing) {
  const Outcome out = analyse(Case({.begins = 40.0, .speed = 1.0}));
  ASSERT_EQ(out.crossings.size(), 1U);
  EXPECT_EQ(out.crossings[0].from, 1);
  EXPECT_EQ(out.crossings[0].into, 2);
  EXPECT_GT(out.crossings[0].bootstrap, 0.9);
  EXPECT_TRUE(out.crossings[0].continuous);
}

TEST(Events, measure_how_long_a_wall_holds_a_front) {
  const Outcome out = analyse(Case({.begins = 30.0, .speed = 1.0, .wait = 12.0}));
  ASSERT_EQ(out.crossings.size(), 1U);
  EXPECT_FALSE(out.crossings[0].continuous);
  EXPECT_NEAR(out.crossings[0].wait_s, 12.0 * frame_s, 3.0 * frame_s);
}

TEST(Events, do_not_call_a_grain_that_starts_elsewhere_a_crossing) {
  const Outcome out = analyse(Case({.begins = 40.0, .speed = 1.0, .jumps = true, .far_frame = 52.0}));
  EXPECT_TRUE(std::none_of(out.crossings.begin(), out.crossings.end(),
                           [](const Crossing& c) { return c.verdict == CrossingVerdict::crossing; }));
}

std::vector<double> temperatures() {
  std::vector<double> out;
  for (std::size_t f = 0; f < frames; ++f) {
    out.push_back(start_degC + rate_K_per_s * frame_s * (static_cast<double>(f) + 0.5));
  }
  return out;
}

TEST(PaperSampling, brackets_onset_and_crossing_by_the_frames_it_sees) {
  // Grain 1 starts at frame 65 (about 510 °C), grain 2 at frame 80 + 12 (about 618 °C).
  const Case c({.begins = 65.0, .speed = 3.0, .wait = 22.0});
  const std::vector<std::pair<int, int>> neighbours{{1, 2}};
  const PaperReading read = read_as_paper(c.grid, c.drift, temperatures(), neighbours, {});
  ASSERT_EQ(read.frames.size(), 4U);
  ASSERT_TRUE(read.onset.has_value());
  constexpr double half_frame_K = 2.1;
  EXPECT_NEAR(read.onset->low_degC, 500.0, half_frame_K);
  EXPECT_NEAR(read.onset->high_degC, 550.0, half_frame_K);
  ASSERT_TRUE(read.crossing.has_value());
  EXPECT_NEAR(read.crossing->low_degC, 600.0, half_frame_K);
  EXPECT_NEAR(read.crossing->high_degC, 650.0, half_frame_K);
}

TEST(PaperSampling, sees_nothing_in_an_unchanging_specimen) {
  const Case c({.begins = 1000.0});
  const PaperReading read =
      read_as_paper(c.grid, c.drift, temperatures(), std::vector<std::pair<int, int>>{{1, 2}}, {});
  EXPECT_FALSE(read.onset.has_value());
  EXPECT_FALSE(read.crossing.has_value());
}

}  // namespace
}  // namespace hotstage::series
