// SPDX-License-Identifier: GPL-3.0-or-later
// Passes over a long series: same numbers for every budget and number of threads, every frame read once.

#include "hotstage/core/error.hpp"
#include "hotstage/series/blocks.hpp"
#include "hotstage/series/change_point.hpp"
#include "hotstage/series/detail/test_long_series.hpp"
#include "hotstage/series/paper_sampling.hpp"
#include "hotstage/series/particles.hpp"
#include "hotstage/series/segment.hpp"
#include "hotstage/series/voids.hpp"

#include <gtest/gtest.h>

namespace hotstage::series {
namespace {

constexpr std::size_t frames = 150;
constexpr std::size_t size = 128;

struct Case {
  detail::TestScene scene = detail::make_test_scene(3);
  detail::LongSeries series;
  std::vector<FrameDrift> drift = std::vector<FrameDrift>(frames);
  DetectorResponse detector{.gain = {2.0, 0.0}, .black = {0.0, 0.0}, .found = true};
  Segmentation segmentation;

  Case() {
    scene.rows = size;
    scene.columns = size;
    for (std::array<double, 2>& seed : scene.seeds) {
      seed = {0.5 * seed[0], 0.5 * seed[1]};
    }
    scene.voids = {{30.0, 34.0, 6.0}, {84.0, 40.0, 5.0}, {60.0, 90.0, 7.0}, {100.0, 98.0, 5.0, -0.6}};
    series = make_long_series(
        scene, {.frames = frames, .rows = size, .columns = size, .margin = 4, .tiles = 5, .changes_at = 80}, 60.0);
    for (std::size_t f = 0; f < frames; ++f) {
      drift[f].dy_px = series.drift[f][0];
      drift[f].dx_px = series.drift[f][1];
    }
    drift[7].flags = frame_lost;
    drift[95].flags = frame_focus;
    hotstage::Run run;
    const MeanImage mean = drift_corrected_mean(series.frames, drift, 0, 30, run);
    segmentation = segment({mean.mean.view(), mean.n_averaged.view()}, {});
    (void)series.source->frames_read();
  }
};

const Case& the_case() {
  static const Case one;
  return one;
}

hotstage::Run with(std::size_t kibibytes, int threads) {
  hotstage::Run run;
  run.memory = kibibytes << 10;
  run.threads = threads;
  return run;
}

/// Large and one thread first; then small, with another number of threads.
constexpr std::array<std::pair<std::size_t, int>, 4> ways{{{512 << 10, 1}, {512 << 10, 3}, {700, 1}, {1500, 2}}};

/// NaN equals NaN.
bool same(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](double x, double y) {
           return x == y || (std::isnan(x) && std::isnan(y));
         });
}

TEST(LongSeries, means_do_not_depend_on_memory_and_threads) {
  const Case& c = the_case();
  std::vector<float> first;
  for (const auto& [memory, threads] : ways) {
    hotstage::Run run = with(memory, threads);
    const MeanImage mean = drift_corrected_mean(c.series.frames, c.drift, 3, 60, run);
    std::vector<float> numbers(mean.mean.data(), mean.mean.data() + mean.mean.size());
    numbers.insert(numbers.end(), mean.variance.data(), mean.variance.data() + mean.variance.size());
    EXPECT_EQ(c.series.source->frames_read(), 56.0);  // one is lost
    if (first.empty()) {
      first = numbers;
    }
    EXPECT_EQ(numbers, first) << memory << " KiB, " << threads << " threads";
  }
}

TEST(LongSeries, voids_are_followed_the_same_in_any_memory_and_read_once) {
  const Case& c = the_case();
  std::vector<VoidTrack> first;
  for (const auto& [memory, threads] : ways) {
    hotstage::Run run = with(memory, threads);
    const auto tracks = track_voids(c.series.frames, c.drift, c.segmentation.spots, c.detector, run);
    ASSERT_GE(tracks.size(), 3U);
    EXPECT_EQ(c.series.source->frames_read(), static_cast<double>(frames - 2));  // two are not usable
    if (first.empty()) {
      first = tracks;
    }
    for (std::size_t i = 0; i < tracks.size(); ++i) {
      EXPECT_TRUE(same(tracks[i].radius_px, first[i].radius_px)) << memory << " KiB, " << threads << " threads";
      EXPECT_TRUE(same(tracks[i].sigma_px, first[i].sigma_px));
      EXPECT_TRUE(same(tracks[i].particle_px2, first[i].particle_px2));
      EXPECT_TRUE(same(tracks[i].brightness_px2, first[i].brightness_px2));
    }
  }
}

TEST(LongSeries, only_wanted_frames_of_voids_are_read) {
  const Case& c = the_case();
  hotstage::Run run = with(512 << 10, 2);
  const auto all = track_voids(c.series.frames, c.drift, c.segmentation.spots, c.detector, run);
  (void)c.series.source->frames_read();
  std::vector<char> wanted(frames, 0);
  std::fill(wanted.begin() + 100, wanted.begin() + 112, 1);
  const auto some = track_voids(c.series.frames, c.drift, c.segmentation.spots, c.detector, run, wanted);
  EXPECT_EQ(c.series.source->frames_read(), 9.0 + 16.0);  // the first ten but the lost one; two more on either side
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto part = [](const std::vector<double>& values) {
      return std::vector<double>(values.begin() + 100, values.begin() + 112);
    };
    EXPECT_TRUE(same(part(some[i].radius_px), part(all[i].radius_px)));
    EXPECT_TRUE(same(part(some[i].brightness_px2), part(all[i].brightness_px2)));
    EXPECT_TRUE(std::isnan(some[i].radius_px[50]) && std::isnan(some[i].radius_px[120]));
  }
}

TEST(LongSeries, spots_are_found_the_same_in_any_memory_and_read_once) {
  const Case& c = the_case();
  const Buffer<std::int32_t, 2> whole = filled_labels(c.segmentation.labels.view());
  std::vector<double> first;
  for (const auto& [memory, threads] : ways) {
    hotstage::Run run = with(std::max<std::size_t>(memory, 1000), threads);
    const auto windows = find_spots(c.series.frames, c.drift, whole.view(), c.detector, {}, run);
    EXPECT_EQ(c.series.source->frames_read(), static_cast<double>(frames - 1));
    std::vector<double> numbers;
    for (const SpotFrame& window : windows) {
      EXPECT_GE(window.spots.size(), 3U);
      for (const Spot& spot : window.spots) {
        numbers.insert(numbers.end(), {spot.y_px, spot.x_px, spot.radius_px, spot.sigma_px, spot.contrast});
      }
    }
    if (first.empty()) {
      first = numbers;
    }
    EXPECT_EQ(numbers, first) << memory << " KiB, " << threads << " threads";
  }
}

TEST(LongSeries, changes_of_blocks_are_the_same_from_memory_and_disk) {
  const Case& c = the_case();
  std::vector<double> first;
  bool both[2] = {false, false};
  for (const auto& [memory, threads] : ways) {
    hotstage::Run run = with(memory, threads);
    const BlockGrid grid = make_blocks({c.series.frames, c.drift, c.detector, c.segmentation.labels.view(), 4}, run);
    EXPECT_EQ(c.series.source->frames_read(), static_cast<double>(frames));
    both[grid.series.on_disk() ? 1 : 0] = true;
    const ChangeMap changes = find_changes(grid, c.drift, {}, run);
    EXPECT_EQ(c.series.source->frames_read(), 0.0);
    std::vector<double> numbers{changes.threshold, changes.excess};
    std::size_t found = 0;
    std::size_t wrong = 0;
    for (std::size_t b = 0; b < grid.blocks(); ++b) {
      const ChangePoint& p = changes.points[b];
      numbers.insert(numbers.end(), {p.score, p.at[0], p.at[1], p.at[2], p.sigma[2], p.change, changes.noise[b]});
      const std::size_t grain = c.scene.grain(grid.y_px(b), grid.x_px(b));
      if (p.found && grid.purity[b] == 1.0) {
        ++found;
        wrong += grain % 3 != 0 || std::abs(p.at[2] - 79.5) > 2.0 ? 1U : 0U;
      }
    }
    EXPECT_GT(found, 100U);
    constexpr double beside_boundaries = 0.05;  // segmented boundaries are a pixel or two off
    EXPECT_LT(static_cast<double>(wrong), beside_boundaries * static_cast<double>(found));
    std::vector<double> temperature(frames);
    for (std::size_t f = 0; f < frames; ++f) {
      temperature[f] = 480.0 + 1.2 * static_cast<double>(f);
    }
    for (const PaperGrain& grain : read_as_paper(grid, c.drift, temperature, {}, {}).grains) {
      numbers.insert(numbers.end(), grain.changed_share.begin(), grain.changed_share.end());
    }
    if (first.empty()) {
      first = numbers;
    }
    EXPECT_EQ(numbers, first) << memory << " KiB, " << threads << " threads";
  }
  EXPECT_TRUE(both[0] && both[1]);
}

TEST(LongSeries, less_memory_than_one_frame_in_work_is_refused) {
  const Case& c = the_case();
  hotstage::Run run = with(64, 1);
  const auto refused = [&](const auto& work) {
    try {
      work();
      return false;
    } catch (const Error& error) {
      return error.code() == Errc::no_space && error.hint().find("--memory") != std::string::npos;
    }
  };
  const Buffer<std::int32_t, 2> whole = filled_labels(c.segmentation.labels.view());
  EXPECT_TRUE(refused([&] { (void)track_voids(c.series.frames, c.drift, c.segmentation.spots, c.detector, run); }));
  EXPECT_TRUE(refused([&] { (void)find_spots(c.series.frames, c.drift, whole.view(), c.detector, {}, run); }));
  EXPECT_TRUE(refused([&] {
    (void)make_blocks({c.series.frames, c.drift, c.detector, c.segmentation.labels.view(), 8}, run);
  }));
}

}  // namespace
}  // namespace hotstage::series
