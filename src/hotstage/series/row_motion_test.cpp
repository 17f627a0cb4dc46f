// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/row_motion.hpp"

#include "hotstage/core/rng.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <numbers>

namespace hotstage::series {
namespace {

constexpr std::size_t rows = 160;
constexpr std::size_t columns = 200;

double lattice(double y, double x) {
  const double k = 2.0 * std::numbers::pi / 16.0;
  return 1.0 + 0.4 * std::cos(k * (0.98 * x + 0.2 * y)) + 0.3 * std::cos(k * (0.98 * y - 0.2 * x));
}

struct Case {
  Buffer<float, 2> image;
  std::vector<double> truth;
};

Case jittered(double counts, double jitter_px, std::uint64_t seed) {
  Case out{Buffer<float, 2>({rows, columns}), std::vector<double>(rows)};
  Rng rng(seed, 7, 0);
  for (std::size_t y = 0; y < rows; ++y) {
    out.truth[y] = jitter_px * rng.normal();
    for (std::size_t x = 0; x < columns; ++x) {
      const double mean = counts * lattice(static_cast<double>(y), static_cast<double>(x) - out.truth[y]);
      out.image.view()(y, x) = static_cast<float>(rng.poisson(mean));
    }
  }
  return out;
}

double left_over(const RowMotion& motion, const std::vector<double>& truth) {
  double mean = 0.0, sum = 0.0;
  for (std::size_t y = 0; y < rows; ++y) {
    mean += (motion.dx_px[y] - truth[y]) / static_cast<double>(rows);
  }
  for (std::size_t y = 0; y < rows; ++y) {
    sum += std::pow(motion.dx_px[y] - truth[y] - mean, 2);
  }
  return std::sqrt(sum / static_cast<double>(rows));
}

TEST(RowMotion, finds_jitter_against_a_reference_within_its_sigma) {
  const Case c = jittered(20.0, 0.8, 1);
  Buffer<float, 2> reference({rows, columns});
  for (std::size_t y = 0; y < rows; ++y) {
    for (std::size_t x = 0; x < columns; ++x) {
      reference.view()(y, x) = static_cast<float>(lattice(static_cast<double>(y), static_cast<double>(x)));
    }
  }
  hotstage::Run run;
  const RowMotion motion = row_motion(c.image.view(), reference.view(), {}, run);
  ASSERT_TRUE(motion.found);
  const double error = left_over(motion, c.truth);
  std::printf("left over %.3f px of 0.8, sigma %.3f\n", error, motion.sigma_px[80]);
  EXPECT_LT(error, 1.3 * motion.sigma_px[80]);  // interpolation takes noise away: the sigma is a little too large
  EXPECT_GT(error, 0.5 * motion.sigma_px[80]);
}

TEST(RowMotion, finds_jitter_along_y_against_a_reference) {
  Rng rng(5, 8, 0);
  Buffer<float, 2> image({rows, columns}), reference({rows, columns});
  std::vector<double> along_x(rows), along_y(rows);
  for (std::size_t y = 0; y < rows; ++y) {
    along_x[y] = 0.8 * rng.normal();
    along_y[y] = 0.3 * rng.normal();
    for (std::size_t x = 0; x < columns; ++x) {
      const auto fy = static_cast<double>(y), fx = static_cast<double>(x);
      image.view()(y, x) = static_cast<float>(rng.poisson(100.0 * lattice(fy - along_y[y], fx - along_x[y])));
      reference.view()(y, x) = static_cast<float>(100.0 * lattice(fy, fx));
    }
  }
  hotstage::Run run;
  const RowMotion motion = row_motion(image.view(), reference.view(), {}, run);
  double error = 0.0, pull = 0.0, n = 0.0, off = 0.0;
  for (int pass = 0; pass < 2; ++pass) {
    for (std::size_t y = 4; y + 4 < rows; ++y) {
      const double e = motion.dy_px[y] - along_y[y];
      off += pass == 0 ? e / static_cast<double>(rows - 8) : 0.0;
      error += pass == 1 ? (e - off) * (e - off) : 0.0;
      pull += pass == 1 ? std::pow((e - off) / motion.sigma_y_px[y], 2) : 0.0;
      n += pass == 1 ? 1.0 : 0.0;
    }
  }
  std::printf("along y: left %.3f px of 0.3, sigma %.3f, pull %.2f, rms found %.3f\n", std::sqrt(error / n),
              motion.sigma_y_px[80], std::sqrt(pull / n), motion.rms_y_px);
  EXPECT_LT(std::sqrt(error / n), 0.15);  // σ of a row of 200 px at 100 e is 0.1
  EXPECT_NEAR(std::sqrt(pull / n), 1.0, 0.3);
  EXPECT_NEAR(motion.rms_y_px, 0.3, 0.1);
}

TEST(RowMotion, finds_most_of_the_jitter_of_one_lattice_image) {
  const Case c = jittered(50.0, 0.8, 2);
  hotstage::Run run;
  const RowMotion motion = row_motion(c.image.view(), {}, run);
  ASSERT_TRUE(motion.found);
  const double error = left_over(motion, c.truth);
  std::printf("single image: left over %.3f px of 0.8\n", error);
  EXPECT_LT(error, 0.35);  // the mean of ± 6 rows has 0.8/√12 of its own, and slow waves cannot be seen
}

TEST(RowMotion, invents_no_jitter) {
  const Case c = jittered(50.0, 0.0, 3);
  hotstage::Run run;
  const RowMotion motion = row_motion(c.image.view(), {}, run);
  EXPECT_LT(motion.rms_px, 0.1);
}

TEST(RowMotion, refuses_rows_without_structure) {
  Case c = jittered(50.0, 0.0, 4);
  Rng rng(9, 9, 9);
  for (std::size_t i = 0; i < c.image.size(); ++i) {
    c.image.data()[i] = static_cast<float>(rng.poisson(20.0));
  }
  hotstage::Run run;
  const RowMotion motion = row_motion(c.image.view(), {}, run);
  EXPECT_FALSE(motion.found);
  EXPECT_EQ(motion.rms_px, 0.0);
}

}  // namespace
}  // namespace hotstage::series
