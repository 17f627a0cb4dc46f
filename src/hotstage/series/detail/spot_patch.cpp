// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/spot_patch.hpp"

#include "hotstage/num/least_squares.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

namespace hotstage::series::detail {

namespace {

constexpr int directions = 16;

struct RingPixel {
  double y = 0.0;
  double x = 0.0;
  double value = 0.0;
  double frames = 0.0;
  bool clipped = false;
};

double plane_at(const std::vector<double>& p, double y, double x) {
  return p[0] + p[1] * y + p[2] * x;
}

/// Plane through the ring and the scatter about it over that of counting; empty when it cannot be fitted.
std::pair<std::vector<double>, double> fit_ring(std::vector<RingPixel>& ring) {
  std::vector<double> plane;
  double scatter = 1.0;
  constexpr int rounds = 4;
  for (int round = 0; round < rounds; ++round) {
    Buffer<double, 2> design({ring.size(), 3});
    std::vector<double> value, weight;
    for (std::size_t i = 0; i < ring.size(); ++i) {
      const RingPixel& p = ring[i];
      design.view()(i, 0) = 1.0;
      design.view()(i, 1) = p.y;
      design.view()(i, 2) = p.x;
      value.push_back(p.value);
      weight.push_back(p.clipped ? 0.0 : p.frames);
    }
    const num::Fit fit = num::fit_linear(design.view(), value, weight);
    if (!fit.ok()) {
      return {};
    }
    plane = fit.parameters;
    double squares = 0.0;
    double n = 0.0;
    for (const RingPixel& p : ring) {
      const double expected = std::max(plane_at(plane, p.y, p.x), 1e-9);
      if (!p.clipped) {
        squares += (p.value - expected) * (p.value - expected) * p.frames / expected;
        n += 1.0;
      }
    }
    scatter = squares / std::max(1.0, n - 3.0);
    constexpr double clip = 3.0;
    for (RingPixel& p : ring) {
      const double expected = std::max(plane_at(plane, p.y, p.x), 1e-9);
      p.clipped = std::abs(p.value - expected) > clip * std::sqrt(std::max(scatter, 1e-9) * expected / p.frames);
    }
  }
  return {plane, scatter};
}

}  // namespace

Expected<SpotPatch> cut_spot(const GrainImage& image, View<const std::int32_t, 2> labels, const DarkSpot& spot) {
  const auto rows = static_cast<long>(labels.extent(0));
  const auto columns = static_cast<long>(labels.extent(1));
  SpotPatch out;
  out.reach = 1.35 * spot.radius_px + 3.0;
  const double outer = 2.0 * spot.radius_px + 10.0;
  const long half = std::lround(outer) + 1;
  const long y0 = std::clamp(std::lround(spot.y_px) - half, 0L, rows - 1);
  const long x0 = std::clamp(std::lround(spot.x_px) - half, 0L, columns - 1);
  const long y1 = std::clamp(std::lround(spot.y_px) + half + 1, y0 + 1, rows);
  const long x1 = std::clamp(std::lround(spot.x_px) + half + 1, x0 + 1, columns);
  out.first_y = y0;
  out.first_x = x0;
  const std::array<std::size_t, 2> size{static_cast<std::size_t>(y1 - y0), static_cast<std::size_t>(x1 - x0)};
  out.share = Buffer<float, 2>(size);
  out.counts = Buffer<float, 2>(size);
  out.use = Buffer<std::uint8_t, 2>(size);
  std::vector<RingPixel> ring;
  std::array<bool, directions> seen{};
  for (long y = y0; y < y1; ++y) {
    for (long x = x0; x < x1; ++x) {
      const auto uy = static_cast<std::size_t>(y);
      const auto ux = static_cast<std::size_t>(x);
      const double dy = static_cast<double>(y) - spot.y_px;
      const double dx = static_cast<double>(x) - spot.x_px;
      const double distance = std::hypot(dy, dx);
      const int label = labels(uy, ux);
      const auto n = static_cast<double>(image.n_averaged(uy, ux));
      const bool own = label == spot.grain || (label == 0 && distance <= out.reach);
      if (!(n > 0.0) || !own || distance > outer) {
        continue;
      }
      out.use.view()(uy - static_cast<std::size_t>(y0), ux - static_cast<std::size_t>(x0)) = 1;
      if (distance > out.reach) {
        ring.push_back({dy, dx, static_cast<double>(image.mean(uy, ux)), n});
        const double turn = (std::atan2(dy, dx) / std::numbers::pi + 1.0) * 0.5 * directions;
        seen[static_cast<std::size_t>(turn) % directions] = true;
      }
    }
  }
  constexpr std::size_t fewest = 60;
  const auto covered = std::count(seen.begin(), seen.end(), true);
  if (ring.size() < fewest || 2 * covered < directions) {
    return tl::unexpected(Error(Errc::refused,
                                fmt::format("{} pixels of its own grain lie around the spot, in {} of {} directions",
                                            ring.size(), covered, directions),
                                "Spots on boundaries or close to others have no level to compare with"));
  }
  const auto [plane, scatter] = fit_ring(ring);
  if (plane.empty()) {
    return tl::unexpected(Error(Errc::refused, "no plane fits the ring around the spot"));
  }
  out.texture = std::max(1.0, scatter);
  double mass = 0.0, my = 0.0, mx = 0.0;
  for (std::size_t y = 0; y < size[0]; ++y) {
    for (std::size_t x = 0; x < size[1]; ++x) {
      const auto uy = y + static_cast<std::size_t>(y0);
      const auto ux = x + static_cast<std::size_t>(x0);
      const double dy = static_cast<double>(uy) - spot.y_px;
      const double dx = static_cast<double>(ux) - spot.x_px;
      const double level = plane_at(plane, dy, dx);
      if (!(level > 0.0)) {
        out.use.view()(y, x) = 0;
        continue;
      }
      const double share = 1.0 - static_cast<double>(image.mean(uy, ux)) / level;
      out.share.view()(y, x) = static_cast<float>(share);
      out.counts.view()(y, x) = static_cast<float>(level * static_cast<double>(image.n_averaged(uy, ux)));
      if (out.use.view()(y, x) != 0 && std::hypot(dy, dx) < 1.2 * spot.radius_px + 1.0) {
        mass += share;
        my += share * static_cast<double>(y);
        mx += share * static_cast<double>(x);
      }
    }
  }
  if (!(mass > 0.0)) {
    return tl::unexpected(Error(Errc::refused, "no brightness is missing against the ring around the spot"));
  }
  out.y = my / mass;
  out.x = mx / mass;
  return out;
}

}  // namespace hotstage::series::detail
