// SPDX-License-Identifier: GPL-3.0-or-later
// Denoised series against the truth of drawn scenes, against simpler filters, and what it does to steps in space and
#pragma GCC diagnostic ignored "-Wdouble-promotion"
#pragma GCC diagnostic ignored "-Wunused-variable"
#pragma GCC diagnostic ignored "-Wsign-conversion"
// time.

#include "hotstage/series/denoise.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/series/anscombe.hpp"
#include "hotstage/series/detail/test_scene.hpp"
#include "hotstage/series/trials_scene.hpp"

#include <gtest/gtest.h>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <numbers>

namespace hotstage::series {
namespace {

struct Denoised {
  Buffer<float, 2> counts;  ///< frames × pixels
  ResidualNoise noise;
};

Denoised denoise(const signal::Signal& series, std::span<const FrameDrift> drift, const DenoiseOptions& options = {},
                 int threads = 2, const DetectorResponse& detector = {}) {
  hotstage::Run run;
  run.threads = threads;
  Denoised out{.counts = Buffer<float, 2>({series.items(), series.channels()}), .noise = {}};
  std::size_t next = 0;
  out.noise = denoise_series(
      series, drift, detector, options,
      [&](std::size_t frame, View<const float, 2> counts) {
        EXPECT_EQ(frame, next++);
        std::copy_n(counts.data(), counts.size(), out.counts.row(frame).data());
      },
      run);
  EXPECT_EQ(next, series.items());
  return out;
}

std::vector<FrameDrift> drift_of(const std::vector<std::array<double, 2>>& places) {
  std::vector<FrameDrift> out;
  for (const auto& [dy, dx] : places) {
    out.push_back({.dy_px = dy, .dx_px = dx});
  }
  return out;
}

/// Rms error over the mean dose; `truth` is relative to the dose.
double rmse(std::span<const float> counts, std::span<const float> truth, const TrialScene& scene, double dose) {
  double sum = 0.0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double electrons = (static_cast<double>(counts[i]) - scene.black) / scene.gain;
    const double d = electrons / dose - static_cast<double>(truth[i]);
    sum += d * d;
  }
  return std::sqrt(sum / static_cast<double>(counts.size()));
}

/// Mean of five frames around, moved by their drift to frame f (bilinear, edges repeated).
std::vector<float> running_mean(const signal::Signal& series, std::span<const FrameDrift> drift, std::size_t f) {
  const auto rows = static_cast<int>(series.axes[0].size);
  const auto columns = static_cast<int>(series.axes[1].size);
  cv::Mat sum(rows, columns, CV_32F, cv::Scalar(0.0));
  int number = 0;
  for (long k = static_cast<long>(f) - 2; k <= static_cast<long>(f) + 2; ++k) {
    if (k < 0 || k >= static_cast<long>(drift.size())) {
      continue;
    }
    const auto i = static_cast<std::size_t>(k);
    Buffer<float, 2> frame = read_frame(series, i);
    const cv::Mat from(rows, columns, CV_32F, frame.data());
    cv::Mat to;
    const cv::Mat move = (cv::Mat_<double>(2, 3) << 1, 0, drift[f].dx_px - drift[i].dx_px, 0, 1,
                          drift[f].dy_px - drift[i].dy_px);
    cv::warpAffine(from, to, move, from.size(), cv::INTER_LINEAR, cv::BORDER_REPLICATE);
    sum += to;
    ++number;
  }
  sum /= static_cast<double>(number);
  return {sum.ptr<float>(), sum.ptr<float>() + sum.total()};
}

std::vector<float> blurred(const signal::Signal& series, std::size_t f, double sigma) {
  Buffer<float, 2> frame = read_frame(series, f);
  cv::Mat image(static_cast<int>(series.axes[0].size), static_cast<int>(series.axes[1].size), CV_32F, frame.data());
  cv::Mat out;
  cv::GaussianBlur(image, out, {0, 0}, sigma);
  return {out.ptr<float>(), out.ptr<float>() + out.total()};
}


TEST(DenoiseExplore, table) {
  hotstage::Run run;
  run.threads = 2;
  for (const std::uint64_t seed : {21ULL, 22ULL, 23ULL}) {
    const TrialScene scene = draw_trial_scene({.frames = 40}, seed);
    const Buffer<float, 2> truth = render_scene(scene, run);
    const std::vector<FrameDrift> drift = drift_of(scene.drift);
    for (const double dose : {5.0, 20.0, 50.0}) {
      const signal::Signal series = expose_scene(scene, truth, dose, seed + 100);
      const auto begin = std::chrono::steady_clock::now();
      const Denoised d =
          denoise(series, drift, {}, 1, {.gain = {scene.gain, 0.0}, .black = {scene.black, 0.0}, .found = true});
      const double s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
      double ours = 0.0, raw = 0.0, mean5 = 0.0, gauss = 1e9;
      std::ofstream file("/tmp/dn_" + std::to_string(seed) + "_" + std::to_string(static_cast<int>(dose)) + ".f32",
                         std::ios::binary);
      for (std::size_t f = 5; f < 35; f += 3) {
        ours += 0.1 * rmse(d.counts.row(f), truth.row(f), scene, dose);
        Buffer<float, 2> one = read_frame(series, f);
        raw += 0.1 * rmse({one.data(), one.size()}, truth.row(f), scene, dose);
        std::vector<float> m = running_mean(series, drift, f);
        mean5 += 0.1 * rmse(m, truth.row(f), scene, dose);
        for (float& v : std::span(one.data(), one.size())) v = (v - float(scene.black)) / float(scene.gain);
        for (float& v : m) v = (v - float(scene.black)) / float(scene.gain);
        file.write(reinterpret_cast<const char*>(one.data()), long(one.size() * 4));
        file.write(reinterpret_cast<const char*>(m.data()), long(one.size() * 4));
        file.write(reinterpret_cast<const char*>(truth.row(f).data()), long(one.size() * 4));
      }
      for (const double sigma : {0.7, 1.0, 1.5, 2.0, 3.0}) {
        double sum = 0.0;
        for (std::size_t f = 5; f < 35; f += 3) {
          sum += 0.1 * rmse(blurred(series, f, sigma), truth.row(f), scene, dose);
        }
        gauss = std::min(gauss, sum);
      }
      std::printf(
          "seed %d dose %g: raw %.4f mean5 %.4f gauss %.4f ours %.4f | var %.3f y %.4f x %.4f t %.4f worst "
          "%.1f/%.1f | %.2f s\n",
          static_cast<int>(seed), dose, raw, mean5, gauss, ours, d.noise.variance, d.noise.along_y, d.noise.along_x,
          d.noise.along_time, d.noise.worst_block, d.noise.block_limit, s);
      std::fflush(stdout);
    }
  }
}

std::vector<std::array<double, 2>> wander(std::size_t frames, std::uint64_t seed) {
  std::vector<std::array<double, 2>> out{{0.0, 0.0}};
  Rng rng(seed, 5, 0);
  while (out.size() < frames) {
    out.push_back({out.back()[0] + 0.3 * rng.normal(), out.back()[1] + 0.3 * rng.normal()});
  }
  return out;
}

TEST(DenoiseExplore, step) {
  for (const double dose : {5.0, 20.0, 50.0}) {
    double height = 0.0, raw_height = 0.0, near = 0.0, raw_near = 0.0;
    constexpr int runs = 4;
    for (int r = 0; r < runs; ++r) {
      detail::TestScene scene{.rows = 128, .columns = 128};
      scene.seeds = {{64.0, 34.5}, {64.0, 94.5}};
      scene.level = {1.0, 1.15};
      const detail::TestSeries s{.counts = dose, .drift = wander(24, 40 + r), .seed = 60ULL + r};
      const signal::Signal series = make_test_series(scene, s);
      const Denoised d = denoise(series, drift_of(s.drift), {}, 2);
      for (std::size_t f = 4; f < 20; ++f) {
        const Buffer<float, 2> one = read_frame(series, f);
        const double edge = 64.5 + s.drift[f][1];
        const auto side_mean = [&](const float* image, double from, double to) {
          double sum = 0.0, n = 0.0;
          for (std::size_t y = 8; y < 120; ++y) {
            for (std::size_t x = 8; x < 120; ++x) {
              const double at = static_cast<double>(x) + 0.0 - edge;
              if (at >= from && at < to) {
                sum += image[y * 128 + x];
                n += 1.0;
              }
            }
          }
          return sum / n / dose;
        };
        for (const auto& [image, h, n] : {std::tuple{d.counts.row(f).data(), &height, &near}, std::tuple{one.data(), &raw_height, &raw_near}}) {
          *h += (side_mean(image, 12, 40) - side_mean(image, -40, -12)) / (16.0 * runs);
          *n += (side_mean(image, 1, 4) - side_mean(image, -4, -1)) / (16.0 * runs);
        }
      }
    }
    std::printf("step %g e: far %.4f raw %.4f; 1..4 px %.4f raw %.4f\n", dose, height, raw_height, near, raw_near);
  }
}

TEST(DenoiseExplore, voids) {
  for (const double dose : {5.0, 20.0, 50.0}) {
    for (const double grow : {0.0, 0.2}) {
      double deficit = 0.0, raw_deficit = 0.0, half = 0.0, n = 0.0, depth = 0.0;
      for (int r = 0; r < 4; ++r) {
        detail::TestScene scene{.rows = 128, .columns = 128};
        scene.seeds = {{64.0, 64.0}};
        scene.level = {1.0};
        detail::TestSeries s{.counts = dose, .drift = wander(24, 140 + r), .seed = 160ULL + r};
        const auto radius = [&](double t) { return 4.0 + grow * t; };
        s.change = [&](double y, double x, double t) {
          double out = 1.0;
          for (const double c : {32.0, 96.0}) {
            out *= 1.0 - 0.7 / (1.0 + std::exp((std::hypot(y - c, x - 64.0) - radius(t)) / 0.5));
          }
          return out;
        };
        const signal::Signal series = make_test_series(scene, s);
        const Denoised d = denoise(series, drift_of(s.drift), {}, 2);
        for (std::size_t f = 4; f < 20; ++f) {
          const Buffer<float, 2> one = read_frame(series, f);
          for (const double c : {32.0, 96.0}) {
            double m = 0.0, raw_m = 0.0, area = 0.0, low = 0.0, low_n = 0.0;
            for (std::size_t y = 0; y < 128; ++y) {
              for (std::size_t x = 0; x < 128; ++x) {
                const double at = std::hypot(y - s.drift[f][0] - c, x - s.drift[f][1] - 64.0);
                if (at < 20.0) {
                  m += 1.0 - d.counts.row(f)[y * 128 + x] / dose;
                  raw_m += 1.0 - one.data()[y * 128 + x] / dose;
                  area += d.counts.row(f)[y * 128 + x] / dose < 0.65 ? 1.0 : 0.0;
                }
                if (at < 2.0) {
                  low += d.counts.row(f)[y * 128 + x] / dose;
                  low_n += 1.0;
                }
              }
            }
            const double t = static_cast<double>(f);
            deficit += std::sqrt(m / 0.7 / std::numbers::pi) - radius(t);
            raw_deficit += std::sqrt(raw_m / 0.7 / std::numbers::pi) - radius(t);
            half += std::sqrt(area / std::numbers::pi) - radius(t);
            depth += 1.0 - low / low_n;
            n += 1.0;
          }
        }
      }
      std::printf("void %g e grow %g: light %.3f raw %.3f half depth %.3f px; depth %.3f\n", dose, grow, deficit / n,
                  raw_deficit / n, half / n, depth / n);
    }
  }
}

TEST(DenoiseExplore, front) {
  for (const double dose : {5.0, 20.0, 50.0}) {
    for (const double speed : {0.5, 2.0, 8.0, 1e6}) {
      std::vector<double> shape(41, 0.0), raw_shape(41, 0.0), number(41, 0.0);
      for (int r = 0; r < 4; ++r) {
        detail::TestScene scene{.rows = 128, .columns = 128};
        scene.seeds = {{64.0, 64.0}};
        scene.level = {1.0};
        detail::TestSeries s{.counts = dose, .drift = wander(48, 240 + r), .seed = 260ULL + r};
        const auto arrives = [&](double x) { return 23.5 + 0.25 * r + (x - 64.0) / speed; };
        s.change = [&](double, double x, double t) { return t >= arrives(x) ? 0.85 : 1.0; };
        const signal::Signal series = make_test_series(scene, s);
        const Denoised d = denoise(series, drift_of(s.drift), {}, 2);
        for (std::size_t f = 0; f < 48; ++f) {
          const Buffer<float, 2> one = read_frame(series, f);
          for (std::size_t x = 16; x < 112; ++x) {
            const double t0 = arrives(static_cast<double>(x) - s.drift[f][1]);
            const long bin = std::lround(2.0 * (static_cast<double>(f) - t0)) + 20;
            if (t0 < 12.0 || t0 > 36.0 || bin < 0 || bin > 40) {
              continue;
            }
            for (std::size_t y = 16; y < 112; ++y) {
              shape[bin] += d.counts.row(f)[y * 128 + x] / dose;
              raw_shape[bin] += one.data()[y * 128 + x] / dose;
              number[bin] += 1.0;
            }
          }
        }
      }
      std::printf("front %g e %g px/frame:", dose, speed);
      double area = 0.0, raw_area = 0.0;
      for (int b = 0; b <= 40; ++b) {
        if (number[b] > 0.0) {
          if (b % 2 == 0 && b > 9 && b < 31) std::printf(" %+.0f:%.3f(%.3f)", (b - 20) / 2.0, shape[b] / number[b], raw_shape[b] / number[b]);
          area += (shape[b] / number[b] - raw_shape[b] / number[b]) * 0.5 / 0.15;
        }
      }
      std::printf(" delay %.3f frames\n", area);
    }
  }
}

}  // namespace
}  // namespace hotstage::series
