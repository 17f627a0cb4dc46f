// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/dark_spots.hpp"

#include "hotstage/num/statistics.hpp"

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include <algorithm>
#include <cmath>
#include <complex>
#include <map>
#include <numbers>

namespace hotstage::series::detail {

namespace {

constexpr double smooth_px = 1.0;
constexpr double core_share = 0.6;  // of the radius: where the depth is measured
constexpr int rays = 72;
constexpr int boundary_px = 9;  // diameter within which a boundary may be misplaced

cv::Mat copy_of(View<const float, 2> view) {
  cv::Mat out(static_cast<int>(view.extent(0)), static_cast<int>(view.extent(1)), CV_32F);
  for (std::size_t y = 0; y < view.extent(0); ++y) {
    std::copy_n(view.row(y).data(), view.extent(1), out.ptr<float>(static_cast<int>(y)));
  }
  return out;
}

float bilinear(const cv::Mat& image, double y, double x) {
  const double cy = std::clamp(y, 0.0, static_cast<double>(image.rows) - 1.001);
  const double cx = std::clamp(x, 0.0, static_cast<double>(image.cols) - 1.001);
  const int y0 = static_cast<int>(cy);
  const int x0 = static_cast<int>(cx);
  const auto fy = static_cast<float>(cy - y0);
  const auto fx = static_cast<float>(cx - x0);
  const float top = image.at<float>(y0, x0) + fx * (image.at<float>(y0, x0 + 1) - image.at<float>(y0, x0));
  const float low = image.at<float>(y0 + 1, x0) + fx * (image.at<float>(y0 + 1, x0 + 1) - image.at<float>(y0 + 1, x0));
  return top + fy * (low - top);
}

/// Harmonics of the outline r(θ) at half depth, found along rays from the centre.
void measure_outline(const cv::Mat& share, DarkSpot& spot) {
  std::vector<double> radius;
  for (int i = 0; i < rays; ++i) {
    const double angle = 2.0 * std::numbers::pi * i / rays;
    const double limit = 2.0 * spot.radius_px + 2.0;
    double r = 0.3 * spot.radius_px;
    constexpr double step = 0.25;
    const auto missing = [&](double at) {
      return static_cast<double>(bilinear(share, spot.y_px + at * std::sin(angle), spot.x_px + at * std::cos(angle)));
    };
    double before = missing(r);
    while (r < limit) {
      const double next = missing(r + step);
      if (next < 0.5 * spot.depth) {
        // Noise may put the start of the ray outside already.
        r += before > next ? step * std::clamp((before - 0.5 * spot.depth) / (before - next), 0.0, 1.0) : 0.0;
        break;
      }
      before = next;
      r += step;
    }
    radius.push_back(r);
  }
  const double mean = num::mean(radius);
  double all = 0.0;
  std::complex<double> sixth;
  for (int m = 2; m <= 8; ++m) {
    std::complex<double> c;
    for (int i = 0; i < rays; ++i) {
      c += std::polar(radius[static_cast<std::size_t>(i)] / mean, -2.0 * std::numbers::pi * m * i / rays);
    }
    all += std::norm(c);
    sixth = m == 6 ? c : sixth;
  }
  spot.hexagonality = all > 0.0 ? std::norm(sixth) / all : 0.0;
  // r is largest at the corners; a facet's normal lies 30° from a corner.
  double normal = std::arg(sixth) / 6.0 * 180.0 / std::numbers::pi * -1.0 + 30.0;
  normal = std::fmod(std::fmod(normal, 60.0) + 60.0, 60.0);
  spot.facet_angle_deg = normal;
}

/// Smallest box around the pixels of a component.
double aspect_of(const cv::Mat& component) {
  std::vector<cv::Point> points;
  cv::findNonZero(component, points);
  const cv::RotatedRect box = cv::minAreaRect(points);
  const double length = 1.0 + static_cast<double>(std::max(box.size.width, box.size.height));
  const double width = 1.0 + static_cast<double>(std::min(box.size.width, box.size.height));
  return length / width;
}

/// Length and width as those of a bar with the same second moments.
void measure_bar(const cv::Mat& share, const cv::Mat& component, const cv::Point& corner, DarkSpot& spot) {
  double yy = 0.0, xx = 0.0, xy = 0.0;
  for (int y = 0; y < component.rows; ++y) {
    for (int x = 0; x < component.cols; ++x) {
      if (component.at<unsigned char>(y, x) != 0) {
        const auto missing = static_cast<double>(share.at<float>(y + corner.y, x + corner.x));
        const double dy = y + corner.y - spot.y_px;
        const double dx = x + corner.x - spot.x_px;
        yy += missing * dy * dy;
        xx += missing * dx * dx;
        xy += missing * dy * dx;
      }
    }
  }
  const double larger = 0.5 * (yy + xx + std::hypot(yy - xx, 2.0 * xy)) / spot.missing_px;
  spot.length_px = std::sqrt(12.0 * std::max(0.0, larger));
  spot.width_px = spot.length_px > 0.0 ? spot.missing_px / (spot.depth * spot.length_px) : 0.0;
}

DarkSpot describe(const cv::Mat& share, const cv::Mat& component, const cv::Point& corner) {
  DarkSpot spot;
  double weight = 0.0;
  for (int y = 0; y < component.rows; ++y) {
    for (int x = 0; x < component.cols; ++x) {
      if (component.at<unsigned char>(y, x) == 0) {
        continue;
      }
      const auto missing = static_cast<double>(share.at<float>(y + corner.y, x + corner.x));
      spot.area_px += 1.0;
      spot.missing_px += missing;
      spot.y_px += missing * (y + corner.y);
      spot.x_px += missing * (x + corner.x);
      weight += missing;
    }
  }
  spot.y_px /= weight;
  spot.x_px /= weight;
  spot.radius_px = std::sqrt(spot.area_px / std::numbers::pi);
  spot.aspect = aspect_of(component);
  std::vector<double> core;
  const double reach = std::max(1.0, core_share * spot.radius_px);
  for (int y = 0; y < component.rows; ++y) {
    for (int x = 0; x < component.cols; ++x) {
      const double distance = std::hypot(y + corner.y - spot.y_px, x + corner.x - spot.x_px);
      if (component.at<unsigned char>(y, x) != 0 && distance <= reach) {
        core.push_back(static_cast<double>(share.at<float>(y + corner.y, x + corner.x)));
      }
    }
  }
  spot.depth = core.empty() ? spot.missing_px / spot.area_px : num::median(core);
  measure_bar(share, component, corner, spot);
  return spot;
}

/// Sets the labels of a spot to 0 and gives the one most of it had.
int cut_out(const cv::Mat& component, const cv::Point& corner, View<std::int32_t, 2> labels) {
  std::map<int, int> votes;
  for (int y = 0; y < component.rows; ++y) {
    for (int x = 0; x < component.cols; ++x) {
      if (component.at<unsigned char>(y, x) != 0) {
        std::int32_t& label = labels(static_cast<std::size_t>(y + corner.y), static_cast<std::size_t>(x + corner.x));
        ++votes[label];
        label = 0;
      }
    }
  }
  return std::max_element(votes.begin(), votes.end(), [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

}  // namespace

Buffer<float, 2> grain_level(View<const float, 2> image, View<const std::int32_t, 2> labels, double radius_px) {
  const cv::Mat source = copy_of(image);
  std::map<int, cv::Rect> boxes;
  std::map<int, std::vector<double>> values;
  for (int y = 0; y < source.rows; ++y) {
    for (int x = 0; x < source.cols; ++x) {
      const int label = labels(static_cast<std::size_t>(y), static_cast<std::size_t>(x));
      if (label > 0) {
        cv::Rect& box = boxes.try_emplace(label, x, y, 1, 1).first->second;
        box |= cv::Rect(x, y, 1, 1);
        values[label].push_back(static_cast<double>(source.at<float>(y, x)));
      }
    }
  }
  Buffer<float, 2> out({image.extent(0), image.extent(1)});
  for (const auto& [label, box] : boxes) {
    // Bend contours change the brightness by some tenths; what is darker than that is no level.
    constexpr double darkest = 0.8;
    const double middle = num::quantile(values[label], 0.6);
    cv::Mat value(box.height, box.width, CV_32F, cv::Scalar(0));
    cv::Mat weight(box.height, box.width, CV_32F, cv::Scalar(0));
    for (int y = 0; y < box.height; ++y) {
      for (int x = 0; x < box.width; ++x) {
        const float v = source.at<float>(y + box.y, x + box.x);
        const int here = labels(static_cast<std::size_t>(y + box.y), static_cast<std::size_t>(x + box.x));
        if (here == label && static_cast<double>(v) > darkest * middle) {
          value.at<float>(y, x) = v;
          weight.at<float>(y, x) = 1.0F;
        }
      }
    }
    cv::Mat value_blur, weight_blur;
    cv::GaussianBlur(value, value_blur, {0, 0}, radius_px, radius_px, cv::BORDER_CONSTANT);
    cv::GaussianBlur(weight, weight_blur, {0, 0}, radius_px, radius_px, cv::BORDER_CONSTANT);
    for (int y = 0; y < box.height; ++y) {
      for (int x = 0; x < box.width; ++x) {
        const auto uy = static_cast<std::size_t>(y + box.y);
        const auto ux = static_cast<std::size_t>(x + box.x);
        if (labels(uy, ux) == label) {
          const float w = weight_blur.at<float>(y, x);
          out.view()(uy, ux) = w > 1e-3F ? value_blur.at<float>(y, x) / w : static_cast<float>(middle);
        }
      }
    }
  }
  return out;
}

std::vector<DarkSpot> find_dark_spots(const DarkImage& image, View<std::int32_t, 2> labels,
                                      const SegmentOptions& options) {
  const Buffer<float, 2> level = grain_level(image.image, labels, 1.5 * options.max_void_radius_px);
  cv::Mat smooth;
  cv::GaussianBlur(copy_of(image.image), smooth, {0, 0}, smooth_px);
  cv::Mat share(smooth.rows, smooth.cols, CV_32F, cv::Scalar(0));
  for (int y = 0; y < smooth.rows; ++y) {
    for (int x = 0; x < smooth.cols; ++x) {
      const float l = level.view()(static_cast<std::size_t>(y), static_cast<std::size_t>(x));
      share.at<float>(y, x) = l > 0.0F ? 1.0F - smooth.at<float>(y, x) / l : 0.0F;
    }
  }
  // Close to a boundary a pixel may belong to the darker neighbour: a spot must be darker than both.
  cv::Mat lowest = copy_of(level.view());
  cv::erode(lowest, lowest, cv::getStructuringElement(cv::MORPH_ELLIPSE, {boundary_px, boundary_px}));
  const double noise = image.noise / (2.0 * std::sqrt(std::numbers::pi) * smooth_px);
  const double threshold = std::max(options.void_contrast, 5.0 * noise);
  cv::Mat mask = smooth < lowest * (1.0 - threshold);
  cv::morphologyEx(mask, mask, cv::MORPH_OPEN, cv::getStructuringElement(cv::MORPH_CROSS, {3, 3}));
  cv::Mat components, statistics, centres;
  const int count = cv::connectedComponentsWithStats(mask, components, statistics, centres, 8, CV_32S);
  const double least = std::numbers::pi * options.min_void_radius * options.min_void_radius;
  const double most = std::numbers::pi * options.max_void_radius_px * options.max_void_radius_px;
  std::vector<DarkSpot> out;
  for (int c = 1; c < count; ++c) {
    const int area = statistics.at<int>(c, cv::CC_STAT_AREA);
    if (area < least) {
      continue;
    }
    const cv::Rect box(statistics.at<int>(c, cv::CC_STAT_LEFT), statistics.at<int>(c, cv::CC_STAT_TOP),
                       statistics.at<int>(c, cv::CC_STAT_WIDTH), statistics.at<int>(c, cv::CC_STAT_HEIGHT));
    const cv::Mat component = components(box) == c;
    DarkSpot spot = describe(share, component, box.tl());
    // The outline lies at half depth, whatever the threshold that found the spot.
    const cv::Mat deep = component & (share(box) > 0.5 * spot.depth);
    if (cv::countNonZero(deep) < least) {
      continue;
    }
    spot = describe(share, deep, box.tl());
    spot.kind = spot.aspect >= options.crack_aspect ? DarkKind::crack : DarkKind::round;
    if (spot.kind == DarkKind::round && area > most) {
      continue;
    }
    if (spot.kind == DarkKind::round) {
      measure_outline(share, spot);
    }
    spot.grain = cut_out(component, box.tl(), labels);
    out.push_back(spot);
  }
  return out;
}

DarkSpot measure_dark_spot(const DarkImage& image, View<const std::int32_t, 2> labels, View<const std::uint8_t, 2> mask,
                           const SegmentOptions& options) {
  const Buffer<float, 2> level = grain_level(image.image, labels, 1.5 * options.max_void_radius_px);
  cv::Mat smooth;
  cv::GaussianBlur(copy_of(image.image), smooth, {0, 0}, smooth_px);
  cv::Mat share(smooth.rows, smooth.cols, CV_32F, cv::Scalar(0));
  cv::Mat component(smooth.rows, smooth.cols, CV_8U, cv::Scalar(0));
  double missing = 0.0;
  double area = 0.0;
  for (int y = 0; y < smooth.rows; ++y) {
    for (int x = 0; x < smooth.cols; ++x) {
      const auto uy = static_cast<std::size_t>(y);
      const auto ux = static_cast<std::size_t>(x);
      const float l = level.view()(uy, ux);
      share.at<float>(y, x) = l > 0.0F ? 1.0F - smooth.at<float>(y, x) / l : 0.0F;
      if (mask(uy, ux) != 0) {
        component.at<unsigned char>(y, x) = 255;
        missing += static_cast<double>(share.at<float>(y, x));
        area += 1.0;
      }
    }
  }
  if (!(missing > 0.0)) {
    return {.area_px = area, .missing_px = missing};
  }
  DarkSpot spot = describe(share, component, {0, 0});
  if (spot.depth > 0.0) {
    measure_outline(share, spot);
  }
  return spot;
}

}  // namespace hotstage::series::detail
