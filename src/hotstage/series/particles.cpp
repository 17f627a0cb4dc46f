// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/particles.hpp"

#include "hotstage/num/statistics.hpp"

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

namespace hotstage::series {

namespace {

constexpr double smooth_px = 1.2;
constexpr double level_px = 12.0;
constexpr int boundary_px = 9;      // diameter within which a boundary may be misplaced
constexpr double disc_extra = 2.0;  // px beyond the radius where signal is summed

struct Means {
  cv::Mat mean;     // electrons per pixel
  cv::Mat covered;  // 8 bit
  double frames = 0.0;
};

Means means_of(const MeanImage& image, const DetectorResponse& detector) {
  const auto rows = static_cast<int>(image.mean.extent(0));
  const auto columns = static_cast<int>(image.mean.extent(1));
  Means out{cv::Mat(rows, columns, CV_32F, cv::Scalar(0)), cv::Mat(rows, columns, CV_8U, cv::Scalar(0)), 0.0};
  for (std::size_t i = 0; i < image.mean.size(); ++i) {
    out.frames = std::max(out.frames, static_cast<double>(image.n_averaged.data()[i]));
  }
  for (int y = 0; y < rows; ++y) {
    for (int x = 0; x < columns; ++x) {
      const std::size_t i =
          static_cast<std::size_t>(y) * static_cast<std::size_t>(columns) + static_cast<std::size_t>(x);
      if (out.frames > 0.0 && static_cast<double>(image.n_averaged.data()[i]) >= out.frames - 0.5) {
        out.covered.at<unsigned char>(y, x) = 255;
        out.mean.at<float>(y, x) = static_cast<float>(detector.electrons(static_cast<double>(image.mean.data()[i])));
      }
    }
  }
  return out;
}

/// Local mean of each grain over the pixels of weight 1.
cv::Mat level_of(const Means& m, View<const std::int32_t, 2> labels, const cv::Mat& left_out) {
  std::map<int, cv::Rect> boxes;
  for (int y = 0; y < m.mean.rows; ++y) {
    for (int x = 0; x < m.mean.cols; ++x) {
      const int label = labels(static_cast<std::size_t>(y), static_cast<std::size_t>(x));
      if (label > 0) {
        cv::Rect& box = boxes.try_emplace(label, x, y, 1, 1).first->second;
        box |= cv::Rect(x, y, 1, 1);
      }
    }
  }
  cv::Mat out(m.mean.rows, m.mean.cols, CV_32F, cv::Scalar(0));
  for (const auto& [label, box] : boxes) {
    cv::Mat value(box.height, box.width, CV_32F, cv::Scalar(0));
    cv::Mat weight(box.height, box.width, CV_32F, cv::Scalar(0));
    for (int y = 0; y < box.height; ++y) {
      for (int x = 0; x < box.width; ++x) {
        const int gy = y + box.y;
        const int gx = x + box.x;
        if (labels(static_cast<std::size_t>(gy), static_cast<std::size_t>(gx)) == label &&
            m.covered.at<unsigned char>(gy, gx) != 0 && left_out.at<unsigned char>(gy, gx) == 0) {
          value.at<float>(y, x) = m.mean.at<float>(gy, gx);
          weight.at<float>(y, x) = 1.0F;
        }
      }
    }
    cv::GaussianBlur(value, value, {0, 0}, level_px, level_px, cv::BORDER_CONSTANT);
    cv::GaussianBlur(weight, weight, {0, 0}, level_px, level_px, cv::BORDER_CONSTANT);
    for (int y = 0; y < box.height; ++y) {
      for (int x = 0; x < box.width; ++x) {
        if (labels(static_cast<std::size_t>(y + box.y), static_cast<std::size_t>(x + box.x)) == label &&
            weight.at<float>(y, x) > 1e-3F) {
          out.at<float>(y + box.y, x + box.x) = value.at<float>(y, x) / weight.at<float>(y, x);
        }
      }
    }
  }
  return out;
}

/// Pixels that stand out: dark (negative) or bright.
struct Marked {
  cv::Mat dark;
  cv::Mat bright;
};

Marked mark(const Means& m, const cv::Mat& level, const SpotOptions& options) {
  cv::Mat smooth, low, high;
  cv::GaussianBlur(m.mean, smooth, {0, 0}, smooth_px);
  const cv::Mat around = cv::getStructuringElement(cv::MORPH_ELLIPSE, {boundary_px, boundary_px});
  cv::Mat filled = level.clone();
  filled.setTo(1e9, level <= 0);
  cv::erode(filled, low, around);
  cv::dilate(level, high, around);
  // Standard deviation of the smoothed mean of Poisson counts.
  cv::Mat noise, limit_low, limit_high;
  cv::max(level, 1e-6, noise);
  cv::sqrt(noise, noise);
  noise *= options.significance / (std::sqrt(m.frames) * 2.0 * std::sqrt(std::numbers::pi) * smooth_px);
  limit_low = low * options.contrast;
  limit_high = high * options.contrast;
  cv::max(limit_low, noise, limit_low);
  cv::max(limit_high, noise, limit_high);
  Marked out{smooth<low - limit_low, smooth> high + limit_high};
  cv::Mat inside;
  cv::erode(m.covered, inside, cv::getStructuringElement(cv::MORPH_RECT, {7, 7}));
  const cv::Mat none = inside == 0;
  out.dark.setTo(0, none | (level <= 0));
  out.bright.setTo(0, none | (level <= 0));
  return out;
}

double aspect_of(const cv::Mat& component) {
  std::vector<cv::Point> points;
  cv::findNonZero(component, points);
  const cv::RotatedRect box = cv::minAreaRect(points);
  return (1.0 + static_cast<double>(std::max(box.size.width, box.size.height))) /
         (1.0 + static_cast<double>(std::min(box.size.width, box.size.height)));
}

/// What is left of the brightness around a spot after the level was taken off: median over eight sectors of a ring.
Estimate background(const Means& m, const cv::Mat& level, const Spot& spot) {
  constexpr double ring_px = 3.0;
  constexpr std::size_t sectors = 8;
  const double inner = spot.radius_px + disc_extra;
  const double outer = inner + ring_px;
  std::array<double, sectors> sum{};
  std::array<double, sectors> n{};
  for (int y = std::max(0, static_cast<int>(spot.y_px - outer));
       y <= std::min(m.mean.rows - 1, static_cast<int>(spot.y_px + outer) + 1); ++y) {
    for (int x = std::max(0, static_cast<int>(spot.x_px - outer));
         x <= std::min(m.mean.cols - 1, static_cast<int>(spot.x_px + outer) + 1); ++x) {
      const double dy = y - spot.y_px;
      const double dx = x - spot.x_px;
      const double d = std::hypot(dy, dx);
      const auto l = static_cast<double>(level.at<float>(y, x));
      if (d > inner && d <= outer && l > 0.0 && m.covered.at<unsigned char>(y, x) != 0) {
        const double turn = std::atan2(dy, dx) / (2.0 * std::numbers::pi) + 0.5;
        const std::size_t k = std::min(sectors - 1, static_cast<std::size_t>(turn * sectors));
        sum[k] += static_cast<double>(m.mean.at<float>(y, x)) / l - 1.0;
        n[k] += 1.0;
      }
    }
  }
  std::vector<double> means;
  for (std::size_t k = 0; k < sectors; ++k) {
    if (n[k] > 2.0) {
      means.push_back(sum[k] / n[k]);
    }
  }
  if (means.size() < sectors / 2) {
    return {};
  }
  constexpr double median_error = 1.2533;
  return {num::median(means),
          median_error * num::median_deviation(means) / std::sqrt(static_cast<double>(means.size()))};
}

/// Sums over a disc: signal, its first moments, contrast of the core.
void measure(const Means& m, const cv::Mat& level, Spot& spot) {
  const double sign = spot.kind == SpotKind::hole ? -1.0 : 1.0;
  // Mean of √(1 − u²) over u < ½: the core of a sphere is a little thinner than its middle.
  const double core_share = spot.kind == SpotKind::hole ? 1.0 : 0.9347;
  const double shape = spot.kind == SpotKind::hole ? 1.0 : 1.5;
  for (int round = 0; round < 4; ++round) {
    const Estimate around = background(m, level, spot);
    double pixels = 0.0;
    const double reach = spot.radius_px + disc_extra;
    const double core = std::max(1.0, 0.5 * spot.radius_px);
    double sum = 0.0, variance = 0.0, sy = 0.0, sx = 0.0, place = 0.0, middle = 0.0, middle_variance = 0.0, n = 0.0;
    for (int y = std::max(0, static_cast<int>(spot.y_px - reach));
         y <= std::min(m.mean.rows - 1, static_cast<int>(spot.y_px + reach) + 1); ++y) {
      for (int x = std::max(0, static_cast<int>(spot.x_px - reach));
           x <= std::min(m.mean.cols - 1, static_cast<int>(spot.x_px + reach) + 1); ++x) {
        const auto l = static_cast<double>(level.at<float>(y, x));
        const double d = std::hypot(y - spot.y_px, x - spot.x_px);
        if (d > reach || !(l > 0.0)) {
          continue;
        }
        const auto value = static_cast<double>(m.mean.at<float>(y, x));
        const double missing = sign * (value / l - 1.0 - around.value);
        pixels += 1.0;
        const double v = std::max(value, 0.02 * l) / m.frames / (l * l);
        sum += missing;
        variance += v;
        sy += missing * (y - spot.y_px);
        sx += missing * (x - spot.x_px);
        place += v * 0.5 * d * d;
        if (d <= core) {
          middle += missing;
          middle_variance += v;
          n += 1.0;
        }
      }
    }
    const double contrast = n > 0.0 ? middle / n / core_share : 0.0;
    if (!(sum > 0.0) || !(contrast > 0.0)) {
      spot.radius_px = 0.0;
      return;
    }
    const double radius = std::sqrt(shape * sum / (std::numbers::pi * contrast));
    // An error of the background enters the sum over the disc and, the other way, the contrast.
    const double shared = around.sigma * std::abs(pixels / sum - 1.0 / contrast);
    const double relative = std::hypot(std::sqrt(variance) / sum, shared);
    const double core_relative = std::sqrt(middle_variance) / n / core_share / contrast;
    spot.contrast = contrast;
    spot.signal_px2 = sum;
    spot.sigma_px = 0.5 * radius * std::hypot(relative, core_relative);
    spot.place_sigma_px = std::sqrt(place) / sum;
    const double most_move = 0.5;
    spot.y_px += std::clamp(sy / sum, -most_move, most_move);
    spot.x_px += std::clamp(sx / sum, -most_move, most_move);
    spot.radius_px = std::clamp(radius, 0.7 * spot.radius_px, 1.4 * spot.radius_px);
  }
}

void add_spots(const Means& m, const cv::Mat& level, const cv::Mat& mask, SpotKind kind, const SpotOptions& options,
               std::vector<Spot>& out) {
  cv::Mat components, statistics, centres;
  const int count = cv::connectedComponentsWithStats(mask, components, statistics, centres, 4, CV_32S);
  const double least = std::numbers::pi * options.min_radius * options.min_radius;
  for (int c = 1; c < count; ++c) {
    const double area = statistics.at<int>(c, cv::CC_STAT_AREA);
    const cv::Rect box(statistics.at<int>(c, cv::CC_STAT_LEFT), statistics.at<int>(c, cv::CC_STAT_TOP),
                       statistics.at<int>(c, cv::CC_STAT_WIDTH), statistics.at<int>(c, cv::CC_STAT_HEIGHT));
    if (area < 0.5 * least || aspect_of(components(box) == c) > options.max_aspect) {
      continue;
    }
    Spot spot{.kind = kind,
              .y_px = centres.at<double>(c, 1),
              .x_px = centres.at<double>(c, 0),
              .radius_px = std::sqrt(area / std::numbers::pi)};
    measure(m, level, spot);
    if (spot.radius_px >= options.min_radius && spot.contrast >= options.contrast) {
      out.push_back(spot);
    }
  }
}

}  // namespace

const char* name(SpotKind kind) noexcept {
  return kind == SpotKind::hole ? "void" : "particle";
}

std::vector<SpotFrame> find_spots(const signal::Signal& series, std::span<const FrameDrift> drift,
                                  View<const std::int32_t, 2> labels, const DetectorResponse& detector,
                                  const SpotOptions& options, Run& run) {
  HOTSTAGE_EXPECTS(drift.size() == series.items());
  const auto step = static_cast<std::size_t>(options.average);
  std::vector<SpotFrame> out(series.items() / step);
  for (std::size_t w = 0; w < out.size(); ++w) {
    SpotFrame& window = out[w];
    window.first = w * step;
    window.last = window.first + step;
    window.middle = 0.5 * static_cast<double>(window.first + window.last - 1);
    run.check_stop();
    const Means m = means_of(drift_corrected_mean(series, drift, window.first, window.last, run), detector);
    if (!(m.frames > 0.0)) {
      continue;
    }
    cv::Mat left_out(m.mean.rows, m.mean.cols, CV_8U, cv::Scalar(0));
    cv::Mat level = level_of(m, labels, left_out);
    Marked marked = mark(m, level, options);
    cv::dilate(marked.dark | marked.bright, left_out, cv::getStructuringElement(cv::MORPH_ELLIPSE, {7, 7}));
    level = level_of(m, labels, left_out);
    marked = mark(m, level, options);
    add_spots(m, level, marked.dark, SpotKind::hole, options, window.spots);
    add_spots(m, level, marked.bright, SpotKind::particle, options, window.spots);
  }
  return out;
}

}  // namespace hotstage::series
