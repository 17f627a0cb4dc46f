// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/grain_levels.hpp"

#include <opencv2/imgproc.hpp>

#include <cmath>
#include <map>

namespace hotstage::series::detail {

namespace {

constexpr double level_px = 12.0;
constexpr int bin_px = 2;
// Variance of a pixel in its bin, and of reading linearly between bins.
constexpr double added = (bin_px * bin_px - 1.0) / 12.0 + bin_px * bin_px / 6.0;
constexpr float least_weight = 1e-3F;

/// Where a pixel lies between bins.
struct Between {
  int below = 0;
  float part = 0.0F;  ///< of the bin above
};

std::vector<Between> between_bins(std::size_t pixels) {
  std::vector<Between> out;
  for (std::size_t i = 0; i < pixels; ++i) {
    const double at = (static_cast<double>(i) + 0.5) / bin_px - 0.5;
    out.push_back({static_cast<int>(std::floor(at)), static_cast<float>(at - std::floor(at))});
  }
  return out;
}

}  // namespace

GrainLevels::GrainLevels(View<const std::int32_t, 2> labels) : index_({labels.extent(0), labels.extent(1)}) {
  std::map<std::int32_t, std::int32_t> known;
  std::int32_t last = 0;
  std::int32_t last_index = -1;
  for (std::size_t y = 0; y < labels.extent(0); ++y) {
    for (std::size_t x = 0; x < labels.extent(1); ++x) {
      const std::int32_t label = labels(y, x);
      if (label <= 0) {
        index_.view()(y, x) = -1;
        continue;
      }
      if (label != last) {
        last = label;
        last_index = known.try_emplace(label, static_cast<std::int32_t>(known.size())).first->second;
        grains_.resize(known.size());
      }
      index_.view()(y, x) = last_index;
      grains_[static_cast<std::size_t>(last_index)].bins |=
          cv::Rect(static_cast<int>(x) / bin_px, static_cast<int>(y) / bin_px, 1, 1);
    }
  }
  for (Grain& grain : grains_) {
    grain.bins = {grain.bins.x - 1, grain.bins.y - 1, grain.bins.width + 2, grain.bins.height + 2};
    grain.first = bins_;
    bins_ += static_cast<std::size_t>(grain.bins.area());
  }
}

cv::Mat GrainLevels::of(const cv::Mat& image, const cv::Mat& use) const {
  std::vector<float> value(bins_, 0.0F);
  std::vector<float> weight(bins_, 0.0F);
  const auto bin = [](const Grain& grain, int y, int x) {
    return grain.first + static_cast<std::size_t>((y - grain.bins.y) * grain.bins.width + x - grain.bins.x);
  };
  for (int y = 0; y < image.rows; ++y) {
    const std::span<const std::int32_t> index = index_.row(static_cast<std::size_t>(y));
    const float* const pixels = image.ptr<float>(y);
    const unsigned char* const used = use.ptr<unsigned char>(y);
    for (int x = 0; x < image.cols; ++x) {
      const std::int32_t g = index[static_cast<std::size_t>(x)];
      if (g >= 0 && used[x] != 0) {
        const std::size_t i = bin(grains_[static_cast<std::size_t>(g)], y / bin_px, x / bin_px);
        value[i] += pixels[x];
        weight[i] += 1.0F;
      }
    }
  }
  const double sigma = std::sqrt(level_px * level_px - added) / bin_px;
  for (const Grain& grain : grains_) {
    for (std::vector<float>* sums : {&value, &weight}) {
      cv::Mat bins(grain.bins.height, grain.bins.width, CV_32F, sums->data() + grain.first);
      cv::GaussianBlur(bins, bins, {0, 0}, sigma, sigma, cv::BORDER_CONSTANT);
    }
  }
  const std::vector<Between> down = between_bins(static_cast<std::size_t>(image.rows));
  const std::vector<Between> across = between_bins(static_cast<std::size_t>(image.cols));
  constexpr float pixels_of_bin = bin_px * bin_px;
  cv::Mat out(image.rows, image.cols, CV_32F, cv::Scalar(0));
  for (int y = 0; y < image.rows; ++y) {
    const std::span<const std::int32_t> index = index_.row(static_cast<std::size_t>(y));
    const Between& v = down[static_cast<std::size_t>(y)];
    float* const to = out.ptr<float>(y);
    for (int x = 0; x < image.cols; ++x) {
      const std::int32_t g = index[static_cast<std::size_t>(x)];
      if (g < 0) {
        continue;
      }
      const Grain& grain = grains_[static_cast<std::size_t>(g)];
      const Between& u = across[static_cast<std::size_t>(x)];
      const std::size_t i = bin(grain, v.below, u.below);
      const std::size_t below = i + static_cast<std::size_t>(grain.bins.width);
      const auto read = [&](const std::vector<float>& sums) {
        const float top = sums[i] + u.part * (sums[i + 1] - sums[i]);
        const float low = sums[below] + u.part * (sums[below + 1] - sums[below]);
        return top + v.part * (low - top);
      };
      const float near = read(weight);
      to[x] = near > least_weight * pixels_of_bin ? read(value) / near : 0.0F;
    }
  }
  return out;
}

}  // namespace hotstage::series::detail
