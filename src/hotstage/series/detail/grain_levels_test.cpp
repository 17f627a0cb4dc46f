// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/grain_levels.hpp"

#include "hotstage/core/rng.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace hotstage::series::detail {
namespace {

constexpr int rows = 90;
constexpr int columns = 101;

/// Two grains, a wedge between them and a place without any.
std::int32_t label_at(int y, int x) {
  return y < 6 && x < 9 ? 0 : 3 * x < columns + y ? 7 : 2 * x > 3 * columns / 2 ? 4 : 9;
}

TEST(GrainLevels, are_the_gaussian_mean_within_the_grain) {
  Buffer<std::int32_t, 2> labels({rows, columns});
  cv::Mat image(rows, columns, CV_32F);
  cv::Mat use(rows, columns, CV_8U, cv::Scalar(255));
  Rng rng(1, 2, 3);
  for (int y = 0; y < rows; ++y) {
    for (int x = 0; x < columns; ++x) {
      labels.view()(static_cast<std::size_t>(y), static_cast<std::size_t>(x)) = label_at(y, x);
      const double ramp = 100.0 + 10.0 * label_at(y, x) + 0.2 * x - 0.1 * y;
      image.at<float>(y, x) = static_cast<float>(rng.poisson(ramp));
      use.at<unsigned char>(y, x) = std::hypot(y - 40, x - 20) < 9.0 || y > 85 ? 0 : 255;
    }
  }
  const cv::Mat found = GrainLevels(labels.view()).of(image, use);
  double worst = 0.0;
  for (int y = 0; y < rows; y += 3) {
    for (int x = 0; x < columns; x += 3) {
      if (label_at(y, x) == 0) {
        EXPECT_EQ(found.at<float>(y, x), 0.0F);
        continue;
      }
      double sum = 0.0;
      double weight = 0.0;
      for (int v = 0; v < rows; ++v) {
        for (int u = 0; u < columns; ++u) {
          if (label_at(v, u) == label_at(y, x) && use.at<unsigned char>(v, u) != 0) {
            const double w = std::exp(-0.5 * ((y - v) * (y - v) + (x - u) * (x - u)) / (12.0 * 12.0));
            sum += w * static_cast<double>(image.at<float>(v, u));
            weight += w;
          }
        }
      }
      worst = std::max(worst, std::abs(static_cast<double>(found.at<float>(y, x)) / (sum / weight) - 1.0));
    }
  }
  constexpr double promised = 1e-3;  // grain_levels.hpp
  EXPECT_LT(worst, promised);
  RecordProperty("worst", std::to_string(worst));
}

}  // namespace
}  // namespace hotstage::series::detail
