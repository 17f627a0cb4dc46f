// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/sites.hpp"

#include "hotstage/series/segment.hpp"

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace hotstage::series {

namespace {

constexpr std::uint64_t places_stream = 51;
constexpr std::uint64_t sides_stream = 52;

/// Distance of every pixel to the nearest marked one.
cv::Mat distance_to(const cv::Mat& marked) {
  cv::Mat distance;
  cv::distanceTransform(marked == 0, distance, cv::DIST_L2, cv::DIST_MASK_PRECISE);
  return distance;
}

struct Landscape {
  cv::Mat to_boundary;
  cv::Mat to_junction;
  bool has_junction = false;
  std::vector<cv::Point> specimen;
};

Landscape survey(View<const std::int32_t, 2> labels) {
  cv::setNumThreads(1);
  const auto rows = static_cast<int>(labels.extent(0));
  const auto columns = static_cast<int>(labels.extent(1));
  cv::Mat boundary(rows, columns, CV_8U, cv::Scalar(0));
  cv::Mat junction(rows, columns, CV_8U, cv::Scalar(0));
  for (const BoundaryPixel& p : boundary_pixels(labels)) {
    boundary.at<unsigned char>(static_cast<int>(p.y), static_cast<int>(p.x)) = 255;
  }
  Landscape out;
  for (int y = 0; y < rows; ++y) {
    for (int x = 0; x < columns; ++x) {
      if (labels(static_cast<std::size_t>(y), static_cast<std::size_t>(x)) > 0) {
        out.specimen.emplace_back(x, y);
      }
      if (y + 1 < rows && x + 1 < columns) {
        std::set<int> grains;
        for (int k = 0; k < 4; ++k) {
          grains.insert(labels(static_cast<std::size_t>(y + k / 2), static_cast<std::size_t>(x + k % 2)));
        }
        grains.erase(0);
        if (grains.size() >= 3) {
          junction.at<unsigned char>(y, x) = 255;
          out.has_junction = true;
        }
      }
    }
  }
  out.to_boundary = distance_to(boundary);
  out.to_junction = distance_to(junction);
  return out;
}

/// The boundary nearest to a place, and the grain in which the place lies.
struct Side {
  int here = 0;
  int there = 0;
};

Side side_of(View<const std::int32_t, 2> labels, const Site& site, double reach) {
  const auto y = static_cast<long>(std::lround(site.y_px));
  const auto x = static_cast<long>(std::lround(site.x_px));
  const auto at = [&](long r, long c) { return labels(static_cast<std::size_t>(r), static_cast<std::size_t>(c)); };
  Side out{.here = at(y, x), .there = 0};
  double nearest = reach * reach;
  const auto limit = static_cast<long>(std::ceil(reach));
  for (long dy = -limit; dy <= limit; ++dy) {
    for (long dx = -limit; dx <= limit; ++dx) {
      const long r = y + dy;
      const long c = x + dx;
      if (r < 0 || c < 0 || r >= static_cast<long>(labels.extent(0)) || c >= static_cast<long>(labels.extent(1))) {
        continue;
      }
      const auto squared = static_cast<double>(dy * dy + dx * dx);
      if (at(r, c) > 0 && at(r, c) != out.here && squared < nearest) {
        nearest = squared;
        out.there = at(r, c);
      }
    }
  }
  return out;
}

void test_sides(View<const std::int32_t, 2> labels, std::span<const Site> sites, const SiteTestOptions& options,
                SiteTest& out) {
  std::map<std::pair<int, int>, std::vector<int>> by_boundary;  // +1: on the side of the smaller number
  for (const Site& site : sites) {
    const Side side = side_of(labels, site, options.near_px);
    if (side.here > 0 && side.there > 0) {
      by_boundary[{std::min(side.here, side.there), std::max(side.here, side.there)}].push_back(
          side.here < side.there ? 1 : -1);
      ++out.beside;
    }
  }
  const auto crowding = [&](auto&& sign) {
    double total = 0.0;
    for (const auto& [boundary, sides] : by_boundary) {
      int sum = 0;
      for (const int side : sides) {
        sum += sign(side);
      }
      total += sides.size() > 1 ? std::abs(sum) : 0;
    }
    return total;
  };
  const double seen = crowding([](int side) { return side; });
  std::size_t as_much = 0;
  for (std::size_t draw = 0; draw < options.draws; ++draw) {
    Rng rng(options.seed, sides_stream, draw);
    as_much += crowding([&](int) { return rng.uniform() < 0.5 ? 1 : -1; }) >= seen ? 1U : 0U;
  }
  out.p_one_side = static_cast<double>(1 + as_much) / static_cast<double>(1 + options.draws);
}

}  // namespace

SiteTest test_sites(View<const std::int32_t, 2> labels, std::span<const Site> sites, const SiteTestOptions& options) {
  const Landscape land = survey(labels);
  SiteTest out;
  std::vector<Site> inside;
  for (const Site& site : sites) {
    const auto y = std::lround(site.y_px);
    const auto x = std::lround(site.x_px);
    if (y >= 0 && x >= 0 && y < land.to_boundary.rows && x < land.to_boundary.cols &&
        labels(static_cast<std::size_t>(y), static_cast<std::size_t>(x)) > 0) {
      inside.push_back(site);
      out.distance_px += static_cast<double>(land.to_boundary.at<float>(static_cast<int>(y), static_cast<int>(x)));
      out.junction_distance_px +=
          static_cast<double>(land.to_junction.at<float>(static_cast<int>(y), static_cast<int>(x)));
    }
  }
  out.sites = inside.size();
  constexpr float farthest = 1e6F;  // OpenCV's distance where nothing is marked is larger
  if (out.sites < 2 || land.specimen.empty() || land.to_boundary.at<float>(land.specimen.front()) > farthest) {
    return out;
  }
  const auto n = static_cast<double>(out.sites);
  out.distance_px /= n;
  out.junction_distance_px /= n;
  std::size_t as_close = 0;
  std::size_t as_close_junction = 0;
  double sum = 0.0;
  for (std::size_t draw = 0; draw < options.draws; ++draw) {
    Rng rng(options.seed, places_stream, draw);
    double boundary = 0.0;
    double junction = 0.0;
    for (std::size_t i = 0; i < out.sites; ++i) {
      const auto at = std::min(land.specimen.size() - 1,
                               static_cast<std::size_t>(rng.uniform() * static_cast<double>(land.specimen.size())));
      boundary += static_cast<double>(land.to_boundary.at<float>(land.specimen[at]));
      junction += static_cast<double>(land.to_junction.at<float>(land.specimen[at]));
    }
    sum += boundary / n;
    as_close += boundary / n <= out.distance_px ? 1U : 0U;
    as_close_junction += junction / n <= out.junction_distance_px ? 1U : 0U;
  }
  const auto draws = static_cast<double>(options.draws);
  out.random_distance_px = sum / draws;
  out.p_boundary = (1.0 + static_cast<double>(as_close)) / (1.0 + draws);
  out.p_junction = land.has_junction ? (1.0 + static_cast<double>(as_close_junction)) / (1.0 + draws) : 1.0;
  test_sides(labels, inside, options, out);
  return out;
}

}  // namespace hotstage::series
