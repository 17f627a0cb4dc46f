// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/segment.hpp"

#include "hotstage/series/detail/test_scene.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace hotstage::series {
namespace {

struct TestImage {
  Buffer<float, 2> mean;
  Buffer<float, 2> n;
};

/// Mean of `frames` frames of 34 electrons per pixel.
TestImage mean_image(const detail::TestScene& scene, double frames, std::uint64_t seed) {
  TestImage out{Buffer<float, 2>({scene.rows, scene.columns}), Buffer<float, 2>({scene.rows, scene.columns})};
  for (std::size_t y = 0; y < scene.rows; ++y) {
    for (std::size_t x = 0; x < scene.columns; ++x) {
      Rng rng(seed, y, x);
      const auto fy = static_cast<double>(y);
      const auto fx = static_cast<double>(x);
      const double mean = 34.0 * frames * scene.level[scene.grain(fy, fx)] * detail::test_thickness(scene, fy, fx);
      out.mean.view()(y, x) = static_cast<float>(static_cast<double>(rng.poisson(mean)) / frames);
      out.n.view()(y, x) = static_cast<float>(frames);
    }
  }
  return out;
}

/// Harmonic mean of how much of the true boundary was found within 3 px, and how much of the found one is true.
double boundary_f1(const detail::TestScene& scene, View<const std::int32_t, 2> labels) {
  Buffer<std::int32_t, 2> truth({scene.rows, scene.columns});
  for (std::size_t y = 0; y < scene.rows; ++y) {
    for (std::size_t x = 0; x < scene.columns; ++x) {
      truth.view()(y, x) = static_cast<std::int32_t>(scene.grain(static_cast<double>(y), static_cast<double>(x))) + 1;
    }
  }
  const auto a = boundary_pixels(truth.view());
  const auto b = boundary_pixels(labels);
  const auto share = [](const std::vector<BoundaryPixel>& of, const std::vector<BoundaryPixel>& near) {
    constexpr long reach = 3;
    std::set<std::pair<long, long>> places;
    for (const BoundaryPixel& p : near) {
      places.emplace(static_cast<long>(p.y), static_cast<long>(p.x));
    }
    double hits = 0.0;
    for (const BoundaryPixel& p : of) {
      bool hit = false;
      for (long dy = -reach; dy <= reach && !hit; ++dy) {
        for (long dx = -reach; dx <= reach && !hit; ++dx) {
          hit = places.count({static_cast<long>(p.y) + dy, static_cast<long>(p.x) + dx}) > 0;
        }
      }
      hits += hit ? 1.0 : 0.0;
    }
    return of.empty() ? 0.0 : hits / static_cast<double>(of.size());
  };
  const double recall = share(a, b);
  const double precision = share(b, a);
  return 2.0 * recall * precision / std::max(1e-9, recall + precision);
}

TEST(Segment, finds_the_grains_of_a_voronoi_mosaic) {
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) {
    const auto scene = detail::make_test_scene(seed);
    const TestImage image = mean_image(scene, 20.0, seed);
    const Segmentation result = segment({image.mean.view(), image.n.view()}, {});
    EXPECT_EQ(result.grains.size(), scene.seeds.size()) << seed;
    const double f1 = boundary_f1(scene, filled_labels(result.labels.view()).view());
    std::printf("seed %d: %zu grains of %zu, boundary F1 %.3f\n", static_cast<int>(seed), result.grains.size(),
                scene.seeds.size(), f1);
    EXPECT_GT(f1, 0.9) << seed;
  }
}

TEST(Segment, finds_voids_with_their_radius_and_no_others) {
  std::size_t found = 0, expected = 0, invented = 0;
  double bias = 0.0;
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) {
    const auto scene = detail::make_test_scene(seed);
    const TestImage image = mean_image(scene, 20.0, seed);
    const Segmentation result = segment({image.mean.view(), image.n.view()}, {});
    std::set<std::size_t> used;
    for (std::size_t i = 0; i < scene.voids.size(); ++i) {
      const auto& v = scene.voids[i];
      const bool inside = v.y > v.radius && v.x > v.radius && v.y < static_cast<double>(scene.rows) - v.radius &&
                          v.x < static_cast<double>(scene.columns) - v.radius;
      bool alone = true;
      for (std::size_t j = 0; j < scene.voids.size(); ++j) {
        alone = alone && (i == j || std::hypot(v.y - scene.voids[j].y, v.x - scene.voids[j].x) >
                                        v.radius + scene.voids[j].radius + 3.0);
      }
      if (!inside || !alone) {
        continue;
      }
      ++expected;
      for (std::size_t s = 0; s < result.spots.size(); ++s) {
        if (std::hypot(result.spots[s].y_px - v.y, result.spots[s].x_px - v.x) < 2.0) {
          ++found;
          used.insert(s);
          bias += result.spots[s].radius_px - v.radius;
        }
      }
    }
    for (std::size_t s = 0; s < result.spots.size(); ++s) {
      double nearest = 1e9;
      for (const auto& v : scene.voids) {
        nearest = std::min(nearest, std::hypot(result.spots[s].y_px - v.y, result.spots[s].x_px - v.x) - v.radius);
      }
      invented += nearest > 2.0 ? 1U : 0U;
    }
  }
  std::printf("voids %zu of %zu, invented %zu, radius bias %.2f px\n", found, expected, invented,
              bias / static_cast<double>(found));
  EXPECT_EQ(found, expected);
  EXPECT_EQ(invented, 0U);
  EXPECT_LT(std::abs(bias / static_cast<double>(found)), 1.2);
}

}  // namespace
}  // namespace hotstage::series
