// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/segment.hpp"

#include "hotstage/num/statistics.hpp"
#include "hotstage/series/detail/dark_spots.hpp"
#include "hotstage/series/detail/watershed.hpp"

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include <algorithm>
#include <cmath>
#include <map>

namespace hotstage::series {

namespace {

constexpr double smooth_px = 2.5;         // Gaussian before the gradient
constexpr double marker_clearance = 4.0;  // px from the nearest edge that a marker keeps
constexpr int marker_spacing = 9;         // px, radius within which one marker stands

cv::Mat to_mat(View<const float, 2> view) {
  cv::Mat out(static_cast<int>(view.extent(0)), static_cast<int>(view.extent(1)), CV_32F);
  for (std::size_t y = 0; y < view.extent(0); ++y) {
    std::copy_n(view.row(y).data(), view.extent(1), out.ptr<float>(static_cast<int>(y)));
  }
  return out;
}

View<const float, 2> to_view(const cv::Mat& mat) {
  return {mat.ptr<float>(0), {static_cast<std::size_t>(mat.rows), static_cast<std::size_t>(mat.cols)}};
}

/// Brightness with uncovered pixels at the median, and where it is covered.
struct Prepared {
  cv::Mat image;
  cv::Mat covered;     // 8 bit
  double noise = 0.0;  // relative standard deviation of one pixel
};

/// Pixels outside the box of covered ones repeat its edge.
void extend(cv::Mat& image, const cv::Mat& covered) {
  cv::Mat points;
  cv::findNonZero(covered, points);
  const cv::Rect box = cv::boundingRect(points);
  cv::Mat inner;
  cv::copyMakeBorder(image(box), inner, box.y, image.rows - box.y - box.height, box.x, image.cols - box.x - box.width,
                     cv::BORDER_REPLICATE);
  image = inner;
}

Prepared prepare(const GrainImage& image) {
  Prepared out{
      to_mat(image.mean),
      cv::Mat(static_cast<int>(image.mean.extent(0)), static_cast<int>(image.mean.extent(1)), CV_8U, cv::Scalar(0)),
      0.0};
  float most = 0.0F;
  for (std::size_t y = 0; y < image.mean.extent(0); ++y) {
    for (const float n : image.n_averaged.row(y)) {
      most = std::max(most, n);
    }
  }
  if (!(most > 0.0F)) {
    throw Error(Errc::bad_input, "no frame covers the field", "Check the drift table: are all frames lost?");
  }
  std::vector<double> values;
  for (int y = 0; y < out.image.rows; ++y) {
    for (int x = 0; x < out.image.cols; ++x) {
      if (image.n_averaged(static_cast<std::size_t>(y), static_cast<std::size_t>(x)) >= 0.5F * most) {
        out.covered.at<unsigned char>(y, x) = 255;
        values.push_back(static_cast<double>(out.image.at<float>(y, x)));
      }
    }
  }
  const double middle = num::median(values);
  if (!(middle > 0.0)) {
    throw Error(Errc::bad_input, "the mean image is not brighter than the black level",
                "State the black level of the detector (option black_level)");
  }
  extend(out.image, out.covered);
  out.noise = 1.0 / std::sqrt(middle * static_cast<double>(most));
  return out;
}

/// One marker per flat place: local maxima of the distance to the next edge.
cv::Mat find_markers(const cv::Mat& gradient, double threshold) {
  const cv::Mat flat = gradient < threshold;
  cv::Mat distance, highest, peaks, markers;
  cv::distanceTransform(flat, distance, cv::DIST_L2, cv::DIST_MASK_5);
  const int size = 2 * marker_spacing + 1;
  cv::dilate(distance, highest, cv::getStructuringElement(cv::MORPH_ELLIPSE, {size, size}));
  cv::Mat(distance >= highest - 0.5).copyTo(peaks);
  peaks.setTo(0, distance < marker_clearance);
  cv::connectedComponents(peaks, markers, 8, CV_32S);
  return markers;
}

/// A void is brighter all around; a part of a dark grain goes on somewhere.
bool stands_alone(const cv::Mat& image, const cv::Mat& component, double contrast) {
  cv::Mat near, far;
  cv::dilate(component, near, cv::getStructuringElement(cv::MORPH_ELLIPSE, {9, 9}));
  cv::dilate(near, far, cv::getStructuringElement(cv::MORPH_ELLIPSE, {9, 9}));
  std::vector<double> around;
  for (int y = 0; y < image.rows; ++y) {
    for (int x = 0; x < image.cols; ++x) {
      if (far.at<unsigned char>(y, x) != 0 && near.at<unsigned char>(y, x) == 0) {
        around.push_back(static_cast<double>(image.at<float>(y, x)));
      }
    }
  }
  constexpr double darkest = 0.1;
  return cv::mean(image, component)[0] < (1.0 - 0.5 * contrast) * num::quantile(around, darkest);
}

/// Spots that a disc of the largest void covers and that are darker than all around get the brightness of the nearest
/// pixel outside: a boundary that runs through a void goes on.
cv::Mat without_dark_spots(const cv::Mat& smooth, double noise, const SegmentOptions& options) {
  const int size = 2 * static_cast<int>(std::ceil(options.max_void_radius_px)) + 1;
  cv::Mat closed;
  cv::morphologyEx(smooth, closed, cv::MORPH_CLOSE, cv::getStructuringElement(cv::MORPH_ELLIPSE, {size, size}));
  const double smoothed_noise = noise / (2.0 * 1.7725 * 1.5);
  // A closing lifts a noisy plane to its brightest neighbours, some three standard deviations.
  const cv::Mat dark = smooth < closed * (1.0 - std::max(options.void_contrast, 8.0 * smoothed_noise));
  cv::Mat components, statistics, centres;
  const int count = cv::connectedComponentsWithStats(dark, components, statistics, centres, 8, CV_32S);
  cv::Mat spots(smooth.rows, smooth.cols, CV_8U, cv::Scalar(0));
  const double most = 3.1416 * options.max_void_radius_px * options.max_void_radius_px;
  for (int c = 1; c < count; ++c) {
    const int area = statistics.at<int>(c, cv::CC_STAT_AREA);
    if (area <= most && area >= options.min_void_radius * options.min_void_radius) {
      constexpr int rim = 10;
      const cv::Rect tight(statistics.at<int>(c, cv::CC_STAT_LEFT) - rim, statistics.at<int>(c, cv::CC_STAT_TOP) - rim,
                           statistics.at<int>(c, cv::CC_STAT_WIDTH) + 2 * rim,
                           statistics.at<int>(c, cv::CC_STAT_HEIGHT) + 2 * rim);
      const cv::Rect box = tight & cv::Rect(0, 0, smooth.cols, smooth.rows);
      const cv::Mat component = components(box) == c;
      if (stands_alone(smooth(box), component, options.void_contrast)) {
        spots(box).setTo(255, component);
      }
    }
  }
  cv::dilate(spots, spots, cv::getStructuringElement(cv::MORPH_ELLIPSE, {9, 9}));
  cv::Mat distance, nearest;
  cv::distanceTransform(spots, distance, nearest, cv::DIST_L2, cv::DIST_MASK_5, cv::DIST_LABEL_PIXEL);
  std::vector<float> value(smooth.total() + 1, 0.0F);
  for (int y = 0; y < smooth.rows; ++y) {
    for (int x = 0; x < smooth.cols; ++x) {
      if (spots.at<unsigned char>(y, x) == 0) {
        value[static_cast<std::size_t>(nearest.at<int>(y, x))] = smooth.at<float>(y, x);
      }
    }
  }
  cv::Mat out = smooth.clone();
  for (int y = 0; y < smooth.rows; ++y) {
    for (int x = 0; x < smooth.cols; ++x) {
      if (spots.at<unsigned char>(y, x) != 0) {
        out.at<float>(y, x) = value[static_cast<std::size_t>(nearest.at<int>(y, x))];
      }
    }
  }
  return out;
}

/// Floods a band along the boundaries again over a gradient that is less smoothed.
void sharpen_boundaries(const cv::Mat& smooth, View<std::int32_t, 2> labels) {
  constexpr int band_px = 11;
  cv::Mat gx, gy, gradient;
  cv::Mat blurred;
  cv::GaussianBlur(smooth, blurred, {0, 0}, 1.0);
  cv::Sobel(blurred, gx, CV_32F, 1, 0, 3, 0.125);
  cv::Sobel(blurred, gy, CV_32F, 0, 1, 3, 0.125);
  cv::magnitude(gx, gy, gradient);
  cv::Mat edge(smooth.rows, smooth.cols, CV_8U, cv::Scalar(0));
  for (const BoundaryPixel& p : boundary_pixels(labels)) {
    edge.at<unsigned char>(static_cast<int>(p.y), static_cast<int>(p.x)) = 255;
  }
  cv::dilate(edge, edge, cv::getStructuringElement(cv::MORPH_ELLIPSE, {band_px, band_px}));
  for (int y = 0; y < edge.rows; ++y) {
    for (int x = 0; x < edge.cols; ++x) {
      if (edge.at<unsigned char>(y, x) != 0) {
        labels(static_cast<std::size_t>(y), static_cast<std::size_t>(x)) = 0;
      }
    }
  }
  detail::flood(to_view(gradient), labels);
}

Buffer<std::int32_t, 2> find_grains(const Prepared& p, const SegmentOptions& options) {
  cv::Mat smooth, gx, gy, gradient;
  cv::GaussianBlur(p.image, smooth, {0, 0}, 1.5);
  cv::Mat filled = without_dark_spots(smooth, p.noise, options);
  cv::GaussianBlur(filled, filled, {0, 0}, smooth_px);
  cv::Sobel(filled, gx, CV_32F, 1, 0, 3, 0.125);
  cv::Sobel(filled, gy, CV_32F, 0, 1, 3, 0.125);
  cv::magnitude(gx, gy, gradient);
  gradient /= filled;
  // A step of relative height c, blurred by s, has the slope c/(√(2π) s); half of it marks an edge.
  const double blur = std::hypot(smooth_px, 1.5);
  const double threshold = 0.5 * options.min_contrast / (2.5066 * blur);
  cv::Mat markers = find_markers(gradient, std::max(threshold, 3.0 * p.noise / (5.013 * blur * blur)));
  Buffer<std::int32_t, 2> labels({static_cast<std::size_t>(p.image.rows), static_cast<std::size_t>(p.image.cols)});
  std::int32_t most = 0;
  for (int y = 0; y < markers.rows; ++y) {
    std::copy_n(markers.ptr<std::int32_t>(y), markers.cols, labels.row(static_cast<std::size_t>(y)).data());
    for (const std::int32_t label : labels.row(static_cast<std::size_t>(y))) {
      most = std::max(most, label);
    }
  }
  if (most == 0) {
    std::fill_n(labels.data(), labels.size(), 1);
    return labels;
  }
  detail::flood(to_view(gradient), labels.view());
  const double pixels = static_cast<double>(labels.size());
  detail::merge_regions(to_view(filled), labels.view(),
                        {.min_contrast = options.min_contrast, .min_area_px = options.min_grain * pixels});
  sharpen_boundaries(smooth, labels.view());
  return labels;
}

}  // namespace

std::vector<Grain> describe_grains(View<const std::int32_t, 2> labels, View<const float, 2> image) {
  std::map<int, Grain> grains;
  for (std::size_t y = 0; y < labels.extent(0); ++y) {
    for (std::size_t x = 0; x < labels.extent(1); ++x) {
      if (labels(y, x) <= 0) {
        continue;
      }
      Grain& grain = grains[labels(y, x)];
      grain.id = labels(y, x);
      grain.area_px += 1;
      grain.y_px += static_cast<double>(y);
      grain.x_px += static_cast<double>(x);
      grain.level += static_cast<double>(image(y, x));
    }
  }
  std::vector<Grain> out;
  for (auto& [id, grain] : grains) {
    const auto area = static_cast<double>(grain.area_px);
    grain.y_px /= area;
    grain.x_px /= area;
    grain.level /= area;
    out.push_back(grain);
  }
  return out;
}

std::vector<Boundary> describe_boundaries(View<const std::int32_t, 2> labels, View<const float, 2> image) {
  std::map<std::pair<int, int>, Boundary> found;
  std::map<std::pair<int, int>, double> pixels;
  for (const BoundaryPixel& p : boundary_pixels(labels)) {
    const std::pair<int, int> pair{std::min(p.a, p.b), std::max(p.a, p.b)};
    Boundary& b = found[pair];
    b.a = pair.first;
    b.b = pair.second;
    b.y_px += static_cast<double>(p.y);
    b.x_px += static_cast<double>(p.x);
    pixels[pair] += 1.0;
  }
  const detail::SidesOf sides = detail::look_at_sides(image, labels);
  const double noise = detail::step_noise(image, labels);
  std::vector<Boundary> out;
  for (auto& [pair, b] : found) {
    const double n = pixels[pair];
    b.y_px /= n;
    b.x_px /= n;
    // Steps across a straight line of random direction count 4/π of its length; each step marks two pixels.
    constexpr double steps_per_length = 1.2732;
    b.length_px = 0.5 * n / steps_per_length * 1.1781;
    const auto side = sides.find(pair);
    b.contrast = side == sides.end() ? 0.0 : side->second.contrast(noise);
    out.push_back(b);
  }
  return out;
}

std::vector<BoundaryPixel> boundary_pixels(View<const std::int32_t, 2> labels) {
  std::vector<BoundaryPixel> out;
  const std::size_t rows = labels.extent(0);
  const std::size_t columns = labels.extent(1);
  for (std::size_t y = 0; y < rows; ++y) {
    for (std::size_t x = 0; x < columns; ++x) {
      const int here = labels(y, x);
      if (here <= 0) {
        continue;
      }
      const std::array<int, 4> around{y > 0 ? labels(y - 1, x) : 0, y + 1 < rows ? labels(y + 1, x) : 0,
                                      x > 0 ? labels(y, x - 1) : 0, x + 1 < columns ? labels(y, x + 1) : 0};
      int before = 0;
      for (const int there : around) {
        if (there > 0 && there != here && there != before) {
          out.push_back({here, there, y, x});
          before = there;
        }
      }
    }
  }
  return out;
}

Buffer<std::int32_t, 2> filled_labels(View<const std::int32_t, 2> labels) {
  Buffer<std::int32_t, 2> out({labels.extent(0), labels.extent(1)});
  Buffer<float, 2> level({labels.extent(0), labels.extent(1)});
  for (std::size_t y = 0; y < labels.extent(0); ++y) {
    std::copy_n(labels.row(y).data(), labels.extent(1), out.row(y).data());
  }
  // Over a flat landscape the flood is a breadth-first search: the nearest grain arrives first.
  detail::flood(level.view(), out.view());
  return out;
}

Segmentation segment(const GrainImage& image, const SegmentOptions& options) {
  cv::setNumThreads(1);
  const Prepared p = prepare(image);
  Segmentation out;
  out.labels = find_grains(p, options);
  out.spots = detail::find_dark_spots({.image = to_view(p.image), .noise = p.noise}, out.labels.view(), options);
  for (int y = 0; y < p.covered.rows; ++y) {
    for (int x = 0; x < p.covered.cols; ++x) {
      if (p.covered.at<unsigned char>(y, x) == 0) {
        out.labels.view()(static_cast<std::size_t>(y), static_cast<std::size_t>(x)) = 0;
      }
    }
  }
  out.grains = describe_grains(out.labels.view(), to_view(p.image));
  out.boundaries = describe_boundaries(out.labels.view(), to_view(p.image));
  return out;
}

}  // namespace hotstage::series
