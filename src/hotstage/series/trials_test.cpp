// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/trials.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace hotstage::series {
namespace {

SceneOptions small_scene() {
  return {.rows = 128, .columns = 120, .frames = 40};
}

TEST(TrialScene, is_the_same_for_any_number_of_threads) {
  const TrialScene a = draw_trial_scene(small_scene(), 3);
  const TrialScene b = draw_trial_scene(small_scene(), 3);
  hotstage::Run one, two;
  two.threads = 2;
  const Buffer<float, 2> first = render_scene(a, one);
  const Buffer<float, 2> second = render_scene(b, two);
  ASSERT_EQ(first.size(), second.size());
  EXPECT_TRUE(std::equal(first.data(), first.data() + first.size(), second.data()));
}

TEST(TrialScene, shows_each_grain_at_its_level_and_changes_it_behind_the_front) {
  SceneOptions options;
  options.drift_px = 0.0;
  const TrialScene scene = draw_trial_scene(options, 5);
  hotstage::Run run;
  const Buffer<float, 2> frames = render_scene(scene, run);
  // Far from boundaries, voids, particles and cracks, brightness is level × change × foil; bends and texture add up to
  // 0.25.
  constexpr double elsewhere = 0.25;
  std::size_t looked = 0;
  for (std::size_t y = 20; y < 236; y += 9) {
    for (std::size_t x = 20; x < 220; x += 9) {
      const auto fy = static_cast<double>(y);
      const auto fx = static_cast<double>(x);
      const auto label = scene.label.view();
      bool clear = label(y - 4, x) == label(y, x) && label(y + 4, x) == label(y, x) && label(y, x - 4) == label(y, x) &&
                   label(y, x + 4) == label(y, x);
      for (const TrueVoid& v : scene.voids) {
        clear = clear && std::hypot(v.y_px - fy, v.x_px - fx) > v.most_px + 4.0;
      }
      for (const TrueParticle& p : scene.particles) {
        clear = clear && std::hypot(p.y_px - fy, p.x_px - fx) > p.most_px + 30.0;
      }
      for (const TrueCrack& c : scene.cracks) {
        clear = clear && std::hypot(c.from[0] - fy, c.from[1] - fx) > 70.0;
      }
      if (!clear) {
        continue;
      }
      ++looked;
      const TrueGrain& g = scene.grains[static_cast<std::size_t>(scene.label.view()(y, x))];
      const bool changed = scene.front_at(fy, fx).value_or(1e9) < 0.9 * options.frame_s * 100.0;
      const double expected = g.level * (1.0 + (changed ? g.change : 0.0));
      EXPECT_NEAR(static_cast<double>(frames.row(99)[y * options.columns + x]) / expected, 1.0, elsewhere);
    }
  }
  EXPECT_GT(looked, 30U);
}

TEST(TrialScene, counts_scatter_like_poisson_times_the_gain) {
  SceneOptions options = small_scene();
  options.drift_px = 0.0;
  const TrialScene scene = draw_trial_scene(options, 7);
  hotstage::Run run;
  const Buffer<float, 2> expected = render_scene(scene, run);
  constexpr double dose = 20.0;
  const signal::Signal series = expose_scene(scene, expected, dose, 7);
  const Buffer<float, 2> counts = signal::read_all(series);
  double chi2 = 0.0;
  double sum = 0.0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double electrons = (static_cast<double>(counts.data()[i]) - scene.black) / scene.gain;
    const double mean = dose * static_cast<double>(expected.data()[i]);
    chi2 += (electrons - mean) * (electrons - mean) / mean;
    sum += (electrons - mean) / std::sqrt(mean);
  }
  const auto n = static_cast<double>(counts.size());
  const double tolerance = 5.0 * std::sqrt((2.0 + 1.0 / dose) / n);  // 5 σ of the mean of χ²
  EXPECT_NEAR(chi2 / n, 1.0, 1.2 * tolerance);
  EXPECT_NEAR(sum / n, 0.0, 5.0 / std::sqrt(n));
}

TEST(Trials, find_voids_fronts_and_entries_of_two_series) {
  TrialOptions options;
  options.first_seed = 1;
  options.seeds = 2;
  hotstage::Run run;
  run.threads = 2;
  const std::vector<Trial> trials = run_trials(options, run);
  ASSERT_EQ(trials.size(), 2U);
  const TrialSummary s = summarise(trials).front();
  EXPECT_EQ(s.failed, 0U);
  const auto score = [&](const std::string& id) {
    for (const TrialScore& v : s.scores) {
      if (v.id == id) {
        return v.value.value;
      }
    }
    ADD_FAILURE() << id;
    return 0.0;
  };
  EXPECT_GE(score("voids_f1"), 0.9);
  EXPECT_GE(score("tracks_f1"), 0.9);
  EXPECT_LE(std::abs(score("track_radius_bias")), 0.3);
  // Shares of 20 grains: 0.8 and 0.86 over twenty seeds, less two binomial σ.
  EXPECT_GE(score("onset_within_4K"), 0.6);
  EXPECT_GE(score("speed_within_10"), 0.65);
  EXPECT_GE(score("entry_right"), 0.7);
}

}  // namespace
}  // namespace hotstage::series
