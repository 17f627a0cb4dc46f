// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/denoise.hpp"

#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/eels/detail/thinning.hpp"
#include "hotstage/io/temporary_folder.hpp"
#include "hotstage/signal/format.hpp"

#include <Eigen/Dense>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>

namespace hotstage::eels {
namespace {

struct Cube {
  Buffer<double, 2> truth;
  signal::Signal counts;
};

/// Counts of a scan whose expected spectra are `mean(item, channel)`.
Cube counted(std::size_t items, std::size_t channels, const std::function<double(std::size_t, std::size_t)>& mean,
             std::uint64_t seed = 1, double gain = 1.0) {
  Cube out{Buffer<double, 2>({items, channels}), {}};
  Buffer<float, 2> data({items, channels});
  for (std::size_t i = 0; i < items; ++i) {
    Rng rng(seed, 7, i);
    for (std::size_t c = 0; c < channels; ++c) {
      out.truth.row(i)[c] = mean(i, c);
      data.row(i)[c] = static_cast<float>(gain * static_cast<double>(rng.poisson(mean(i, c) / gain)));
    }
  }
  out.counts.navigation = {{.name = "x", .size = items, .unit = "nm"}};
  out.counts.axes = {{.name = "Energy loss", .size = channels, .offset = 500.0, .scale = 0.5, .unit = "eV"}};
  out.counts.source = signal::memory_source(std::move(data));
  return out;
}

double gauss(double x, double centre, double fwhm) {
  return std::exp(-4.0 * std::numbers::ln2 * std::pow((x - centre) / fwhm, 2));
}

/// A falling background whose thickness varies, with `lines` peaks whose maps are independent waves.
double specimen(std::size_t items, std::size_t i, std::size_t c, std::size_t lines, double height, double level) {
  const auto u = 2.0 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(items);
  const auto e = static_cast<double>(c);
  double value = (1.0 + 0.2 * std::cos(u)) * std::exp(-e / 150.0);
  for (std::size_t k = 0; k < lines; ++k) {
    const auto order = static_cast<double>(k + 2);
    value += height * (1.0 + std::cos(order * u)) * gauss(e, 30.0 + 22.0 * static_cast<double>(k), 8.0);
  }
  return level * value;
}

DenoiseResult run_on(const Cube& cube, const DenoiseOptions& options = {}, int threads = 2,
                     std::size_t memory = std::size_t{256} << 20) {
  hotstage::Run run;
  run.threads = threads;
  run.memory = memory;
  return denoise(cube.counts, options, run);
}

TEST(Denoise, the_components_of_a_low_rank_cube_are_found) {
  constexpr double noise = 0.02;  // of the noise factor; 4e4 entries would allow 0.007
  for (const std::size_t lines : {0U, 1U, 3U, 5U}) {
    const auto cube =
        counted(400, 150, [&](std::size_t i, std::size_t c) { return specimen(400, i, c, lines, 0.5, 100.0); });
    const DenoiseResult result = run_on(cube);
    // The sloping background alone is of rank one; so is every line.
    EXPECT_EQ(result.number.used, 1 + lines);
    EXPECT_EQ(result.number.by_thinning, 1 + lines);
    EXPECT_EQ(result.number.by_threshold, 1 + lines);
    EXPECT_NEAR(result.noise.variance, 1.0, noise);
    EXPECT_TRUE(result.noise.correlation.empty());
    EXPECT_EQ(result.residual.above, 0U);
  }
}

/// Squared strength of the first component behind the mean, from the expected counts, over √(N·E).
double true_strength(const Cube& cube) {
  const std::size_t items = cube.truth.extent(0);
  const std::size_t channels = cube.truth.extent(1);
  Eigen::MatrixXd m(static_cast<Eigen::Index>(items), static_cast<Eigen::Index>(channels));
  for (std::size_t i = 0; i < items; ++i) {
    for (std::size_t c = 0; c < channels; ++c) {
      m(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(c)) = cube.truth.row(i)[c];
    }
  }
  const Eigen::VectorXd g = m.rowwise().sum();
  const Eigen::VectorXd h = m.colwise().sum();
  const Eigen::MatrixXd w =
      std::sqrt(h.sum()) * (g.cwiseSqrt().cwiseInverse().asDiagonal() * m * h.cwiseSqrt().cwiseInverse().asDiagonal());
  const Eigen::VectorXd s = Eigen::BDCSVD<Eigen::MatrixXd>(w).singularValues();
  return s[1] * s[1] / std::sqrt(static_cast<double>(items * channels));
}

TEST(Denoise, a_component_is_seen_above_the_detection_threshold_and_not_below) {
  // θ²/√(NE) of 1 is the threshold of Baik, Ben Arous and Péché; the 1 % level lies above it at this size.
  DenoiseOptions quick;
  quick.feature.placements = 2;
  int below = 0;
  int above = 0;
  constexpr int trials = 20;
  for (int t = 0; t < trials; ++t) {
    const auto at = [&](double height) {
      return counted(
          400, 150, [&](std::size_t i, std::size_t c) { return specimen(400, i, c, 1, height, 100.0); },
          static_cast<std::uint64_t>(1000 + t));
    };
    const Cube weak = at(0.025);
    const Cube strong = at(0.08);
    if (t == 0) {
      EXPECT_LT(true_strength(weak), 0.6);
      EXPECT_GT(true_strength(strong), 2.0);
    }
    below += run_on(weak, quick).number.used > 1 ? 1 : 0;
    above += run_on(strong, quick).number.used == 2 ? 1 : 0;
  }
  EXPECT_LE(below, 2);
  EXPECT_GE(above, trials - 1);
}

TEST(Denoise, noise_falls_as_the_number_of_parameters_says) {
  constexpr double spread = 0.1;
  const auto cube = counted(600, 150, [&](std::size_t i, std::size_t c) { return specimen(600, i, c, 3, 0.5, 100.0); });
  const DenoiseResult result = run_on(cube);
  ASSERT_EQ(result.number.used, 4U);
  const Buffer<float, 2> clean = signal::read_all(denoised_signal(cube.counts, result));
  double error = 0.0;
  double total = 0.0;
  for (std::size_t i = 0; i < 600; ++i) {
    for (std::size_t c = 0; c < 150; ++c) {
      const double truth = cube.truth.row(i)[c];
      error += std::pow(static_cast<double>(clean.row(i)[c]) - truth, 2) / truth / 9e4;
      total += static_cast<double>(clean.row(i)[c]) - truth;
    }
  }
  EXPECT_NEAR(std::sqrt(error) / result.noise_left, 1.0, spread);
  EXPECT_LT(result.noise_left, 0.2);
  EXPECT_LT(std::abs(total), 4.0 * std::sqrt(600.0 * 150.0 * 100.0));  // counts are kept
}

TEST(Denoise, a_gain_is_measured_and_does_not_change_the_number) {
  constexpr double spread = 0.05;
  const auto cube = counted(
      400, 150, [&](std::size_t i, std::size_t c) { return specimen(400, i, c, 2, 0.5, 800.0); }, 3, 6.0);
  const DenoiseResult result = run_on(cube);
  EXPECT_NEAR(result.noise.variance / 6.0, 1.0, spread);
  EXPECT_EQ(result.number.used, 3U);
  EXPECT_EQ(result.number.by_thinning, 3U);
}

TEST(Denoise, same_bytes_for_any_thread_count_and_memory) {
  const auto cube = counted(300, 120, [&](std::size_t i, std::size_t c) { return specimen(300, i, c, 2, 0.3, 50.0); });
  const DenoiseResult one = run_on(cube, {}, 1);
  for (const auto& [threads, memory] : {std::pair{2, std::size_t{256} << 20}, {3, std::size_t{1} << 20}}) {
    const DenoiseResult other = run_on(cube, {}, threads, memory);
    ASSERT_EQ(other.number.used, one.number.used);
    EXPECT_EQ(other.number.by_thinning, one.number.by_thinning);
    for (std::size_t i = 0; i < 300; ++i) {
      EXPECT_TRUE(std::ranges::equal(one.scores.view().row(i), other.scores.view().row(i)));
    }
    EXPECT_EQ(one.residual.item_chi2, other.residual.item_chi2);
    EXPECT_EQ(one.survival.points.back().share, other.survival.points.back().share);
  }
}

TEST(Denoise, survival_of_a_feature_follows_theory_and_a_full_repeat) {
  constexpr double theory = 0.12;  // finite matrices
  constexpr double repeat = 0.08;  // one noise realisation against the mean of 8 sets
  const auto plain = [&](std::size_t i, std::size_t c) { return specimen(600, i, c, 1, 0.5, 200.0); };
  const auto cube = counted(600, 150, plain);
  DenoiseOptions options;
  options.feature.energy = 560.0 * units::eV;
  options.feature.width = 3.0 * units::eV;
  const DenoiseResult result = run_on(cube, options);
  ASSERT_EQ(result.number.used, 2U);
  EXPECT_LT(result.survival.points.front().share, 0.25);  // one pixel: lost
  EXPECT_GT(result.survival.points.back().share, 0.9);
  for (const SurvivalPoint& point : result.survival.points) {
    if (point.predicted > 0.5) {
      EXPECT_NEAR(point.share, point.predicted, theory) << point.pixels;
    }
  }
  // The same done by hand: the feature in the first 64 pixels of the counts, everything again.
  Buffer<float, 2> data = signal::read_all(cube.counts);
  const Buffer<float, 2> before = signal::read_all(denoised_signal(cube.counts, result));
  std::vector<double> feature(150);
  for (std::size_t c = 0; c < 150; ++c) {
    feature[c] = result.survival.height * gauss(500.0 + 0.5 * static_cast<double>(c), 560.0, 3.0);
    for (std::size_t i = 0; i < 64; ++i) {
      data.row(i)[c] += static_cast<float>(feature[c]);
    }
  }
  signal::Signal injected = cube.counts;
  injected.source = signal::memory_source(std::move(data));
  hotstage::Run run;
  const DenoiseResult again = denoise(injected, options, run);
  const Buffer<float, 2> after = signal::read_all(denoised_signal(injected, again));
  double left = 0.0;
  double power = 0.0;
  for (std::size_t i = 0; i < 64; ++i) {
    for (std::size_t c = 0; c < 150; ++c) {
      const double weight = 1.0 / result.mean[c];
      left += weight * feature[c] * static_cast<double>(after.row(i)[c] - before.row(i)[c]);
      power += weight * feature[c] * feature[c];
    }
  }
  EXPECT_NEAR(left / power, result.survival.points[6].share, repeat);
}

TEST(Denoise, a_lost_local_signal_is_found_in_the_residual) {
  const auto cube = counted(400, 150, [&](std::size_t i, std::size_t c) {
    const double line = i == 123 ? 60.0 * gauss(static_cast<double>(c), 90.0, 6.0) : 0.0;
    return specimen(400, i, c, 1, 0.5, 100.0) + line;
  });
  DenoiseOptions options;
  options.components = 2;
  const DenoiseResult result = run_on(cube, options);
  EXPECT_EQ(result.residual.above, 1U);
  EXPECT_GT(result.residual.item_peak[123], result.residual.limit);
  EXPECT_NEAR(result.residual.item_peak_eV[123], 545.0, 2.0);
  EXPECT_TRUE(std::ranges::any_of(result.warnings, [](const Warning& w) { return w.kind == "signal_lost"; }));
}

TEST(Denoise, correlated_channels_move_the_edge) {
  // A point spread over three channels: white noise rules would keep many components.
  auto cube = counted(400, 150, [&](std::size_t i, std::size_t c) { return specimen(400, i, c, 1, 0.5, 100.0); });
  Buffer<float, 2> data = signal::read_all(cube.counts);
  const Buffer<float, 2> sharp = signal::read_all(cube.counts);
  for (std::size_t i = 0; i < 400; ++i) {
    for (std::size_t c = 1; c + 1 < 150; ++c) {
      data.row(i)[c] = 0.25F * sharp.row(i)[c - 1] + 0.5F * sharp.row(i)[c] + 0.25F * sharp.row(i)[c + 1];
    }
  }
  cube.counts.source = signal::memory_source(std::move(data));
  const DenoiseResult result = run_on(cube);
  ASSERT_FALSE(result.noise.correlation.empty());
  constexpr double lag = 0.05;
  EXPECT_NEAR(result.noise.correlation[0], 4.0 / 6.0, lag);
  EXPECT_NEAR(result.noise.correlation[1], 1.0 / 6.0, lag);
  EXPECT_EQ(result.number.used, 2U);
  NoiseMatrix white = result.noise;
  white.correlation.clear();
  EXPECT_GT(
      count_above(std::vector<double>{result.scree[2].eigenvalue * result.noise.variance}, detection_limit(white)), 0U);
}

TEST(Denoise, the_tag_survives_a_file_and_stops_a_second_pass) {
  constexpr float rounding = 1e-4F;
  const auto cube = counted(100, 60, [&](std::size_t i, std::size_t c) { return specimen(100, i, c, 1, 0.5, 100.0); });
  const signal::Signal clean = denoised_signal(cube.counts, run_on(cube));
  EXPECT_FALSE(is_denoised(cube.counts));
  EXPECT_TRUE(is_denoised(clean));
  hotstage::Run run;
  EXPECT_THROW((void)denoise(clean, {}, run), Error);
  const io::TemporaryFolder folder;
  signal::save(std::vector{clean}, folder.path() / "clean.hspy", run);
  signal::save(std::vector{signal::load(folder.path() / "clean.hspy", run)}, folder.path() / "again.hspy", run);
  const signal::Signal back = signal::load(folder.path() / "again.hspy", run);
  EXPECT_TRUE(is_denoised(back));
  const Buffer<float, 2> expected = signal::read_all(clean);
  const Buffer<float, 2> found = signal::read_all(back);
  for (std::size_t c = 0; c < 60; ++c) {
    EXPECT_NEAR(found.row(37)[c], expected.row(37)[c], rounding);
  }
}

TEST(Denoise, the_chain_warns_of_denoised_spectra) {
  const auto cube = counted(64, 300, [](std::size_t i, std::size_t c) {
    const double edge = c > 160 ? 20.0 + static_cast<double>(i) / 4.0 : 0.0;  // 532 eV on the axis below
    return 100.0 * std::exp(-static_cast<double>(c) / 300.0) + edge;
  });
  signal::Signal counts = cube.counts;
  counts.axes[0].offset = 452.0;
  hotstage::Run run;
  const signal::Signal clean = denoised_signal(counts, denoise(counts, {}, run));
  const auto warned = [&](const signal::Signal& core) {
    const Chain chain({.core = core}, {find_edge("O K")}, ChainOptions{}, run);
    return std::ranges::any_of(chain.warnings(), [](const Warning& w) { return w.kind == "denoised_input"; });
  };
  EXPECT_TRUE(warned(clean));
  EXPECT_FALSE(warned(counts));
}

TEST(Denoise, a_real_line_scan_has_four_components_and_correlated_channels) {
  const auto folder = shared_data_folder();
  if (!folder) {
    GTEST_SKIP() << "no shared data";
  }
  hotstage::Run run;
  const signal::Signal core = signal::load(*folder / "eels/lsmo_linescan/LSMO_linescan.hdf5", run);
  const DenoiseResult result = denoise(core, {}, run);
  EXPECT_EQ(result.number.used, 4U);  // measured; the fourth lies near the edge
  EXPECT_EQ(result.number.by_threshold, 4U);
  ASSERT_FALSE(result.noise.correlation.empty());
  EXPECT_GT(result.noise.correlation[0], 0.3);
  EXPECT_EQ(result.residual.above, 0U);
}

TEST(Denoise, what_cannot_be_done_is_refused) {
  const auto flat = [](std::size_t, std::size_t) { return 10.0; };
  EXPECT_THROW((void)run_on(counted(8, 100, flat)), Error);
  EXPECT_THROW((void)run_on(counted(100, 100, [](std::size_t, std::size_t) { return 0.0; })), Error);
  const auto cube = counted(100, 100, flat);
  EXPECT_THROW((void)run_on(cube, {}, 1, 1000), Error);
  DenoiseOptions options;
  options.components = 101;
  EXPECT_THROW((void)run_on(cube, options), Error);
  options.components.reset();
  options.feature.energy = 900.0 * units::eV;
  EXPECT_THROW((void)run_on(cube, options), Error);
}

TEST(Thinning, parts_of_poisson_counts_are_independent_poisson_counts) {
  constexpr std::size_t draws = 20000;
  constexpr double spread = 0.06;  // of a variance: 4·√(2/20000), more for few counts
  for (const double mean : {0.5, 20.0, 400.0}) {
    Rng rng(1, 2, 3);
    double sum_a = 0.0, sum_b = 0.0, aa = 0.0, bb = 0.0, ab = 0.0;
    for (std::size_t i = 0; i < draws; ++i) {
      const auto n = static_cast<double>(rng.poisson(mean));
      const double a = detail::thinned(n, detail::thinning_share, rng);
      ASSERT_GE(a, 0.0);
      ASSERT_LE(a, n);
      const double b = n - a;
      sum_a += a / draws;
      sum_b += b / draws;
      aa += a * a / draws;
      bb += b * b / draws;
      ab += a * b / draws;
    }
    EXPECT_NEAR(sum_a / (0.8 * mean), 1.0, spread);
    EXPECT_NEAR((aa - sum_a * sum_a) / (0.8 * mean), 1.0, spread);
    EXPECT_NEAR((bb - sum_b * sum_b) / (0.2 * mean), 1.0, spread);
    EXPECT_NEAR((ab - sum_a * sum_b) / (0.4 * mean), 0.0, spread);
  }
}

}  // namespace
}  // namespace hotstage::eels
