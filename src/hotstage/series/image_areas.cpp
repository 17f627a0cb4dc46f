// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/image_areas.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/series/detail/lattice_sides.hpp"

#include <fmt/format.h>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace hotstage::series {

namespace {

constexpr int smallest_side = 32;
constexpr double smoothing_px = 1.0;
constexpr double vacuum_spreads = 6.0;
constexpr double particle_spreads = 10.0;
constexpr double least_share = 0.05;  // of the brightness range
constexpr double smallest_opening_px = 30.0;
constexpr double crack_aspect = 3.5;  // as SegmentOptions
constexpr float merge_depth = 0.1F;   // saddle below the lower peak, share of its height
constexpr int histogram_bins = 1024;

cv::Mat smoothed(View<const float, 2> image, double sigma) {
  const auto rows = static_cast<int>(image.extent(0));
  const auto columns = static_cast<int>(image.extent(1));
  if (rows < smallest_side || columns < smallest_side) {
    throw Error(Errc::bad_input, fmt::format("an image of {} × {} px is too small", rows, columns),
                fmt::format("At least {0} × {0} px are needed", smallest_side));
  }
  cv::Mat out(rows, columns, CV_32F);
  for (int y = 0; y < rows; ++y) {
    for (int x = 0; x < columns; ++x) {
      const float value = image(static_cast<std::size_t>(y), static_cast<std::size_t>(x));
      if (!std::isfinite(value)) {
        throw Error(Errc::bad_input, fmt::format("pixel y {}, x {} is not a number", y, x), "Mend or crop the image");
      }
      out.at<float>(y, x) = value;
    }
  }
  cv::GaussianBlur(out, out, {0, 0}, sigma, sigma, cv::BORDER_REFLECT_101);
  double low = 0.0;
  double high = 0.0;
  cv::minMaxLoc(out, &low, &high);
  if (!(high > low)) {
    throw Error(Errc::refused, "the image has no contrast", "Give an image with something in it");
  }
  return out;
}

struct Background {
  double level = 0.0;   ///< mode of the dark class
  double spread = 0.0;  ///< rms of the pixels below the mode
  double bright = 0.0;  ///< mean of the bright class
};

/// Classes by Otsu's threshold.
Background background_of(const cv::Mat& image) {
  double low = 0.0;
  double high = 0.0;
  cv::minMaxLoc(image, &low, &high);
  const double width = (high - low) / histogram_bins;
  std::vector<double> counts(histogram_bins, 0.0);
  for (const float value : cv::Mat_<float>(image)) {
    ++counts[static_cast<std::size_t>(
        std::clamp(static_cast<int>((static_cast<double>(value) - low) / width), 0, histogram_bins - 1))];
  }
  double all = 0.0;
  double moment = 0.0;
  for (int i = 0; i < histogram_bins; ++i) {
    all += counts[static_cast<std::size_t>(i)];
    moment += i * counts[static_cast<std::size_t>(i)];
  }
  double below = 0.0;
  double below_moment = 0.0;
  double best = -1.0;
  int cut = 0;
  Background out;
  for (int i = 0; i + 1 < histogram_bins; ++i) {
    below += counts[static_cast<std::size_t>(i)];
    below_moment += i * counts[static_cast<std::size_t>(i)];
    if (below > 0.0 && below < all) {
      const double difference = below_moment / below - (moment - below_moment) / (all - below);
      const double between = below * (all - below) * difference * difference;
      if (between > best) {
        best = between;
        cut = i;
        out.bright = low + (0.5 + (moment - below_moment) / (all - below)) * width;
      }
    }
  }
  const auto mode = std::max_element(counts.begin(), counts.begin() + cut + 1) - counts.begin();
  out.level = low + (static_cast<double>(mode) + 0.5) * width;
  double square = 0.0;
  double n = 0.0;
  for (const float value : cv::Mat_<float>(image)) {
    const double over = static_cast<double>(value) - out.level;
    if (over <= 0.0) {
      square += over * over;
      ++n;
    }
  }
  out.spread = n > 0.0 ? std::sqrt(square / n) : 0.0;
  return out;
}

/// Moves regions of `map` (1 … count) to the output; small ones are dropped.
ImageAreas describe(const cv::Mat& map, int count, double smallest, bool particles) {
  ImageAreas out;
  out.labels = Buffer<std::int32_t, 2>({static_cast<std::size_t>(map.rows), static_cast<std::size_t>(map.cols)});
  std::vector<std::vector<cv::Point>> members(static_cast<std::size_t>(count) + 1);
  for (int y = 0; y < map.rows; ++y) {
    for (int x = 0; x < map.cols; ++x) {
      members[static_cast<std::size_t>(map.at<int>(y, x))].push_back({x, y});
    }
  }
  for (std::size_t i = 1; i < members.size(); ++i) {
    const auto area = static_cast<double>(members[i].size());
    if (members[i].empty() || area < smallest) {
      continue;
    }
    const cv::RotatedRect box = cv::minAreaRect(members[i]);
    const double longer =
        static_cast<double>(std::max(box.size.width, box.size.height)) + 1.0;  // between pixel edges, not centres
    const double shorter = static_cast<double>(std::min(box.size.width, box.size.height)) + 1.0;
    ImageArea one{.area_px = area, .aspect = longer / shorter};
    for (const cv::Point& p : members[i]) {
      one.y_px += (p.y + 0.5) / area;
      one.x_px += (p.x + 0.5) / area;
    }
    one.kind = particles ? AreaKind::particle : one.aspect > crack_aspect ? AreaKind::crack : AreaKind::hole;
    out.areas.push_back(one);
    for (const cv::Point& p : members[i]) {
      out.labels.row(static_cast<std::size_t>(p.y))[static_cast<std::size_t>(p.x)] =
          static_cast<std::int32_t>(out.areas.size());
    }
  }
  return out;
}

struct Peak {
  float height = 0.0F;  ///< over the background
  int parent = 0;
};

int root_of(std::vector<Peak>& peaks, int i) {
  while (peaks[static_cast<std::size_t>(i)].parent != i) {
    i = peaks[static_cast<std::size_t>(i)].parent;
  }
  return i;
}

/// Path across the columns with the largest sum, one row up or down per column.
std::pair<std::vector<int>, double> best_path(const cv::Mat& score) {
  cv::Mat sum = score.clone();
  for (int x = 1; x < score.cols; ++x) {
    for (int y = 0; y < score.rows; ++y) {
      float best = sum.at<float>(y, x - 1);
      best = y > 0 ? std::max(best, sum.at<float>(y - 1, x - 1)) : best;
      best = y + 1 < score.rows ? std::max(best, sum.at<float>(y + 1, x - 1)) : best;
      sum.at<float>(y, x) += best;
    }
  }
  std::vector<int> path(static_cast<std::size_t>(score.cols), 0);
  for (int y = 1; y < score.rows; ++y) {
    path.back() = sum.at<float>(y, score.cols - 1) > sum.at<float>(path.back(), score.cols - 1) ? y : path.back();
  }
  const auto total = static_cast<double>(sum.at<float>(path.back(), score.cols - 1));
  for (int x = score.cols - 2; x >= 0; --x) {
    const int from = path[static_cast<std::size_t>(x) + 1];
    int best = from;
    for (const int y : {from - 1, from + 1}) {
      if (y >= 0 && y < score.rows && sum.at<float>(y, x) > sum.at<float>(best, x)) {
        best = y;
      }
    }
    path[static_cast<std::size_t>(x)] = best;
  }
  return {path, total / score.cols};
}

/// Place of the maximum between the rows.
double refined(const cv::Mat& score, int y, int x) {
  if (y == 0 || y + 1 == score.rows) {
    return y;
  }
  const auto a = static_cast<double>(score.at<float>(y - 1, x));
  const auto b = static_cast<double>(score.at<float>(y, x));
  const auto c = static_cast<double>(score.at<float>(y + 1, x));
  const double bend = a - 2.0 * b + c;
  return bend < 0.0 ? y + std::clamp(0.5 * (a - c) / bend, -0.5, 0.5) : y;
}

struct Line {
  std::vector<LabelPoint> points;
  double score = 0.0;
};

/// `score` on a grid with that step and first place; the ends are carried on to the edges of the frame.
Line line_of(const cv::Mat& score, double first, double step, double end) {
  const auto [path, mean] = best_path(score);
  Line out{.points = {}, .score = mean};
  for (int x = 0; x < score.cols; ++x) {
    out.points.push_back({first + x * step, first + refined(score, path[static_cast<std::size_t>(x)], x) * step});
  }
  out.points.insert(out.points.begin(), {0.0, out.points.front()[1]});
  out.points.push_back({end, out.points.back()[1]});
  return out;
}

std::vector<LabelPoint> better(Line along_x, Line along_y) {
  if (along_x.score >= along_y.score) {
    return std::move(along_x.points);
  }
  for (LabelPoint& point : along_y.points) {
    std::swap(point[0], point[1]);
  }
  return std::move(along_y.points);
}

}  // namespace

Buffer<std::uint8_t, 2> mask_of(const ImageAreas& areas, AreaKind kind) {
  Buffer<std::uint8_t, 2> out(areas.labels.extents());
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::int32_t label = areas.labels.data()[i];
    out.data()[i] = label > 0 && areas.areas[static_cast<std::size_t>(label) - 1].kind == kind ? 1 : 0;
  }
  return out;
}

ImageAreas find_openings(View<const float, 2> image) {
  const cv::Mat smooth = smoothed(image, smoothing_px);
  const Background ground = background_of(smooth);
  const double limit =
      ground.level + std::max(vacuum_spreads * ground.spread, least_share * (ground.bright - ground.level));
  const cv::Mat dark = smooth < limit;
  cv::Mat map;
  const int count = cv::connectedComponents(dark, map, 4, CV_32S) - 1;
  return describe(map, count, smallest_opening_px, false);
}

ImageAreas find_particles(View<const float, 2> image) {
  const cv::Mat smooth = smoothed(image, smoothing_px);
  const Background ground = background_of(smooth);
  double highest = 0.0;
  cv::minMaxLoc(smooth, nullptr, &highest);
  const double least = std::max(particle_spreads * ground.spread, least_share * (highest - ground.level));
  const cv::Mat height = smooth - ground.level;
  std::vector<int> order;
  for (int i = 0; i < height.rows * height.cols; ++i) {
    if (height.at<float>(i / height.cols, i % height.cols) > 0.5F * static_cast<float>(least)) {
      order.push_back(i);
    }
  }
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return height.at<float>(a / height.cols, a % height.cols) > height.at<float>(b / height.cols, b % height.cols);
  });
  cv::Mat map(height.size(), CV_32S, cv::Scalar(0));
  std::vector<Peak> peaks(1);
  for (const int i : order) {
    const int y = i / height.cols;
    const int x = i % height.cols;
    const float here = height.at<float>(y, x);
    int mine = 0;
    for (int n = 0; n < 9; ++n) {
      const int ny = y + n / 3 - 1;
      const int nx = x + n % 3 - 1;
      if (n == 4 || ny < 0 || nx < 0 || ny >= height.rows || nx >= height.cols || map.at<int>(ny, nx) == 0) {
        continue;
      }
      const int other = root_of(peaks, map.at<int>(ny, nx));
      if (mine == 0 || mine == other) {
        mine = other;
        continue;
      }
      const bool mine_higher =
          peaks[static_cast<std::size_t>(mine)].height >= peaks[static_cast<std::size_t>(other)].height;
      const int high = mine_higher ? mine : other;
      const int low = mine_higher ? other : mine;
      if (here > (1.0F - merge_depth) * peaks[static_cast<std::size_t>(low)].height) {
        peaks[static_cast<std::size_t>(low)].parent = high;
      }
      mine = high;
    }
    if (mine == 0) {
      mine = static_cast<int>(peaks.size());
      peaks.push_back({.height = here, .parent = mine});
    }
    map.at<int>(y, x) = mine;
  }
  for (const int i : order) {
    int& label = map.at<int>(i / height.cols, i % height.cols);
    label = root_of(peaks, label);
    const float peak = peaks[static_cast<std::size_t>(label)].height;
    if (peak < static_cast<float>(least) || height.at<float>(i / height.cols, i % height.cols) < 0.5F * peak) {
      label = 0;
    }
  }
  return describe(map, static_cast<int>(peaks.size()) - 1, 1.0, true);
}

std::vector<LabelPoint> find_interface(View<const float, 2> image) {
  const cv::Mat smooth = smoothed(image, static_cast<double>(std::min(image.extent(0), image.extent(1))) / 32.0);
  cv::Mat down;
  cv::Mat right;
  cv::Sobel(smooth, down, CV_32F, 0, 1);
  cv::Sobel(smooth, right, CV_32F, 1, 0);
  return better(line_of(cv::abs(down), 0.5, 1.0, smooth.cols), line_of(cv::abs(right).t(), 0.5, 1.0, smooth.rows));
}

std::vector<LabelPoint> find_lattice_boundary(View<const float, 2> image) {
  const cv::Mat smooth = smoothed(image, smoothing_px);
  const detail::LatticeSides along_x = detail::lattice_sides(smooth);
  const detail::LatticeSides along_y = detail::lattice_sides(smooth.t());
  const bool upright = along_y.contrast > along_x.contrast;
  const detail::LatticeSides& found = upright ? along_y : along_x;
  if (!(found.contrast > 0.0)) {
    throw Error(Errc::refused, "no fringes tell two sides of the image apart",
                "Give an image of two resolved lattices, or look for an interface");
  }
  std::vector<LabelPoint> out{{0.0, found.row.front()}};
  for (std::size_t i = 0; i < found.row.size(); ++i) {
    out.push_back({static_cast<double>(i) + 0.5, found.row[i]});
  }
  out.push_back({static_cast<double>(found.row.size()), found.row.back()});
  for (LabelPoint& point : out) {
    if (upright) {
      std::swap(point[0], point[1]);
    }
  }
  return out;
}

}  // namespace hotstage::series
