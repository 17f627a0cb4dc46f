// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/particles.hpp"

#include "hotstage/core/parallel.hpp"
#include "hotstage/num/statistics.hpp"
#include "hotstage/series/detail/grain_levels.hpp"
#include "hotstage/series/detail/moved_frame.hpp"

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hotstage::series {

namespace {

constexpr double smooth_px = 1.2;
constexpr int boundary_px = 9;      // diameter within which a boundary may be misplaced
constexpr double disc_extra = 2.0;  // px beyond the radius where signal is summed

struct Means {
  cv::Mat mean;     // electrons per pixel
  cv::Mat covered;  // 8 bit
  double frames = 0.0;
};

/// Drift-corrected mean of a few frames; pixels that one of them does not cover are left out.
Means mean_of(const signal::Signal& series, std::span<const FrameDrift> drift, std::size_t first, std::size_t last,
              const DetectorResponse& detector) {
  const auto rows = static_cast<int>(series.axes[0].size);
  const auto columns = static_cast<int>(series.axes[1].size);
  Means out{cv::Mat(rows, columns, CV_32F, cv::Scalar(0)), cv::Mat(rows, columns, CV_8U, cv::Scalar(0)), 0.0};
  cv::Mat n(rows, columns, CV_32F, cv::Scalar(0));
  for (std::size_t i = first; i < last; ++i) {
    if ((drift[i].flags & frame_lost) != 0) {
      continue;
    }
    const Buffer<float, 2> frame = read_frame(series, i);
    const detail::MovedFrame moved(frame.view(), drift[i].dy_px, drift[i].dx_px);
    for (int y = 0; y < rows; ++y) {
      const auto width = static_cast<std::size_t>(columns);
      moved.add_row(static_cast<std::size_t>(y), {{out.mean.ptr<float>(y), width}, {n.ptr<float>(y), width}, {}});
    }
  }
  double most = 0.0;
  cv::minMaxLoc(n, nullptr, &most);
  out.frames = most;
  for (int y = 0; y < rows && most > 0.0; ++y) {
    float* const sum = out.mean.ptr<float>(y);
    const float* const frames = n.ptr<float>(y);
    for (int x = 0; x < columns; ++x) {
      const bool covered = static_cast<double>(frames[x]) >= most - 0.5;
      out.covered.at<unsigned char>(y, x) = covered ? 255 : 0;
      sum[x] = covered ? static_cast<float>(detector.electrons(static_cast<double>(sum[x] / frames[x]))) : 0.0F;
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
  cv::Mat smooth, noise, work, edge, limit, inside;
  cv::GaussianBlur(m.mean, smooth, {0, 0}, smooth_px);
  const cv::Mat around = cv::getStructuringElement(cv::MORPH_ELLIPSE, {boundary_px, boundary_px});
  // Standard deviation of the smoothed mean of Poisson counts.
  cv::max(level, 1e-6, noise);
  cv::sqrt(noise, noise);
  noise *= options.significance / (std::sqrt(m.frames) * 2.0 * std::sqrt(std::numbers::pi) * smooth_px);
  cv::erode(m.covered, inside, cv::getStructuringElement(cv::MORPH_RECT, {7, 7}));
  inside.setTo(0, level <= 0);
  Marked out;
  level.copyTo(work);
  work.setTo(1e9, level <= 0);
  cv::erode(work, edge, around);
  limit = edge * options.contrast;
  cv::max(limit, noise, limit);
  edge -= limit;
  out.dark = smooth < edge;
  cv::dilate(level, edge, around);
  limit = edge * options.contrast;
  cv::max(limit, noise, limit);
  edge += limit;
  out.bright = smooth > edge;
  out.dark &= inside;
  out.bright &= inside;
  return out;
}

double aspect_of(const std::vector<cv::Point>& points) {
  const cv::RotatedRect box = cv::minAreaRect(points);
  return (1.0 + static_cast<double>(std::max(box.size.width, box.size.height))) /
         (1.0 + static_cast<double>(std::min(box.size.width, box.size.height)));
}

/// Cheaper than a distance: most pixels of a box around a disc are far from its edge.
bool clearly_beyond(double dy, double dx, double radius) {
  constexpr double rounding = 1.0 + 1e-9;
  return dy * dy + dx * dx > rounding * radius * radius;
}

bool clearly_within(double dy, double dx, double radius) {
  constexpr double rounding = 1.0 - 1e-9;
  return dy * dy + dx * dx < rounding * radius * radius;
}

/// ⌊8 (θ/2π + ½)⌋ of θ = atan2(dy, dx), 0 … 7.
std::size_t octant(double dy, double dx) {
  const double y = std::abs(dy);
  const double x = std::abs(dx);
  if (dy < 0.0) {
    return dx < 0.0 ? (y < x ? 0 : 1) : (y > x ? 2 : 3);
  }
  return dx > 0.0 ? (y < x ? 4 : 5) : (y > x ? 6 : 7);
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
      if (clearly_beyond(dy, dx, outer) || clearly_within(dy, dx, inner)) {
        continue;
      }
      const double d = std::hypot(dy, dx);
      const auto l = static_cast<double>(level.at<float>(y, x));
      if (d > inner && d <= outer && l > 0.0 && m.covered.at<unsigned char>(y, x) != 0) {
        const std::size_t k = octant(dy, dx);
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
        if (clearly_beyond(y - spot.y_px, x - spot.x_px, reach)) {
          continue;
        }
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

/// Marked pixels that touch along edges.
struct Component {
  std::vector<cv::Point> points;
  cv::Point2d centre;
};

/// Takes the components out of `mask` one by one, in the order of their first pixels. Few pixels are marked: looking
/// for them costs less than labelling the image.
class Components {
 public:
  explicit Components(cv::Mat& mask) : mask_(mask) {}

  /// Nothing left: no points.
  [[nodiscard]] Component next() {
    Component out;
    for (; row_ < mask_.rows; ++row_) {
      const unsigned char* const begin = mask_.ptr<unsigned char>(row_);
      const unsigned char* const end = begin + mask_.cols;
      const unsigned char* const found = std::find_if(begin, end, [](unsigned char v) { return v != 0; });
      if (found != end) {
        fill({static_cast<int>(found - begin), row_}, out);
        return out;
      }
    }
    return out;
  }

 private:
  void take(cv::Point at, Component& out) {
    if (at.x >= 0 && at.y >= 0 && at.x < mask_.cols && at.y < mask_.rows && mask_.at<unsigned char>(at) != 0) {
      mask_.at<unsigned char>(at) = 0;
      out.points.push_back(at);
    }
  }

  void fill(cv::Point from, Component& out) {
    take(from, out);
    for (std::size_t i = 0; i < out.points.size(); ++i) {
      const cv::Point p = out.points[i];
      for (const cv::Point step : {cv::Point(-1, 0), cv::Point(1, 0), cv::Point(0, -1), cv::Point(0, 1)}) {
        take(p + step, out);
      }
    }
    for (const cv::Point& p : out.points) {
      out.centre += cv::Point2d(p);
    }
    out.centre /= static_cast<double>(out.points.size());
  }

  cv::Mat& mask_;
  int row_ = 0;
};

/// Empties `mask`.
void add_spots(const Means& m, const cv::Mat& level, cv::Mat& mask, SpotKind kind, const SpotOptions& options,
               std::vector<Spot>& out) {
  const double least = std::numbers::pi * options.min_radius * options.min_radius;
  Components components(mask);
  for (Component c = components.next(); !c.points.empty(); c = components.next()) {
    const auto area = static_cast<double>(c.points.size());
    if (area < 0.5 * least || aspect_of(c.points) > options.max_aspect) {
      continue;
    }
    Spot spot{.kind = kind, .y_px = c.centre.y, .x_px = c.centre.x, .radius_px = std::sqrt(area / std::numbers::pi)};
    measure(m, level, spot);
    if (spot.radius_px >= options.min_radius && spot.contrast >= options.contrast) {
      out.push_back(spot);
    }
  }
}

void search_window(const Means& m, const detail::GrainLevels& grains, const SpotOptions& options,
                   std::vector<Spot>& out) {
  if (!(m.frames > 0.0)) {
    return;
  }
  cv::Mat level = grains.of(m.mean, m.covered);
  Marked marked = mark(m, level, options);
  cv::Mat use;
  cv::dilate(marked.dark | marked.bright, use, cv::getStructuringElement(cv::MORPH_ELLIPSE, {7, 7}));
  cv::bitwise_not(use, use);
  use &= m.covered;
  level = grains.of(m.mean, use);
  marked = mark(m, level, options);
  add_spots(m, level, marked.dark, SpotKind::hole, options, out);
  add_spots(m, level, marked.bright, SpotKind::particle, options, out);
}

}  // namespace

const char* name(SpotKind kind) noexcept {
  return kind == SpotKind::hole ? "void" : "particle";
}

std::vector<SpotFrame> find_spots(const signal::Signal& series, std::span<const FrameDrift> drift,
                                  View<const std::int32_t, 2> labels, const DetectorResponse& detector,
                                  const SpotOptions& options, Run& run) {
  const FrameShape shape = shape_of(series, 1);
  HOTSTAGE_EXPECTS(drift.size() == shape.frames);
  cv::setNumThreads(1);
  const auto step = static_cast<std::size_t>(options.average);
  std::vector<SpotFrame> out(shape.frames / step);
  const std::size_t pixels = shape.rows * shape.columns;
  // Each thread: mean, level, four images of work, the parts of the search; a frame and its count before these.
  const Run pass = run_that_fits(run, series, "the search for spots", pixels * sizeof(std::int32_t),
                                 pixels * (7 * sizeof(float) + 12));
  const detail::GrainLevels grains(labels);
  constexpr std::size_t at_once = 64;  // windows between two reports of progress
  for (std::size_t from = 0; from < out.size(); from += at_once) {
    const std::size_t n = std::min(at_once, out.size() - from);
    parallel_chunks(pass, n, 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t w = from + begin; w < from + end; ++w) {
        out[w].first = w * step;
        out[w].last = out[w].first + step;
        out[w].middle = 0.5 * static_cast<double>(out[w].first + out[w].last - 1);
        search_window(mean_of(series, drift, out[w].first, out[w].last, detector), grains, options, out[w].spots);
      }
    });
    run.progress(0.5 + 0.5 * static_cast<double>(from + n) / static_cast<double>(out.size()), "spots");
  }
  return out;
}

}  // namespace hotstage::series
