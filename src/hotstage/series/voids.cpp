// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/voids.hpp"

#include "hotstage/core/parallel.hpp"
#include "hotstage/num/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace hotstage::series {

namespace {

constexpr double disc_radii = 1.4;  // where the missing signal is summed
constexpr double ring_inner = 1.6;  // where the level around is measured
constexpr double ring_outer = 2.2;
constexpr double core_radii = 0.6;  // where the floor is measured
constexpr double ring_least_px = 3.0;
constexpr std::size_t half_width = 2;     // frames averaged on each side
constexpr std::size_t first_frames = 10;  // that define floor and outline
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

struct Patch {
  std::size_t side = 0;
  std::vector<float> electrons;  ///< side × side; empty when it leaves the frame
};

/// Electrons around a spot, resampled to the coordinates of frame 0.
Patch cut_patch(View<const float, 2> frame, const DarkSpot& spot, const FrameDrift& drift,
                const DetectorResponse& detector) {
  const double half = ring_outer * spot.radius_px + ring_least_px;
  Patch out{.side = 2 * static_cast<std::size_t>(std::ceil(half)) + 1, .electrons = {}};
  const double y0 = spot.y_px + drift.dy_px - 0.5 * static_cast<double>(out.side - 1);
  const double x0 = spot.x_px + drift.dx_px - 0.5 * static_cast<double>(out.side - 1);
  const auto end = static_cast<double>(out.side);
  if (y0 < 0.0 || x0 < 0.0 || y0 + end >= static_cast<double>(frame.extent(0)) ||
      x0 + end >= static_cast<double>(frame.extent(1))) {
    return out;
  }
  const auto iy = static_cast<std::size_t>(y0);
  const auto ix = static_cast<std::size_t>(x0);
  const auto fy = static_cast<float>(y0 - static_cast<double>(iy));
  const auto fx = static_cast<float>(x0 - static_cast<double>(ix));
  for (std::size_t y = 0; y < out.side; ++y) {
    for (std::size_t x = 0; x < out.side; ++x) {
      const float top = (1.0F - fx) * frame(iy + y, ix + x) + fx * frame(iy + y, ix + x + 1);
      const float low = (1.0F - fx) * frame(iy + y + 1, ix + x) + fx * frame(iy + y + 1, ix + x + 1);
      out.electrons.push_back(
          static_cast<float>(detector.electrons(static_cast<double>((1.0F - fy) * top + fy * low))));
    }
  }
  return out;
}

/// Mean over the frames [first, last) that have the patch; nothing when there are none.
struct MeanPatch {
  std::vector<double> mean;
  double n = 0.0;
};

MeanPatch average(const std::vector<Patch>& patches, std::size_t first, std::size_t last) {
  MeanPatch out;
  for (std::size_t i = first; i < last; ++i) {
    if (patches[i].electrons.empty()) {
      continue;
    }
    out.mean.resize(patches[i].electrons.size(), 0.0);
    for (std::size_t k = 0; k < out.mean.size(); ++k) {
      out.mean[k] += static_cast<double>(patches[i].electrons[k]);
    }
    out.n += 1.0;
  }
  for (double& v : out.mean) {
    v /= out.n;
  }
  return out;
}

struct Geometry {
  std::size_t side = 0;
  double radius = 0.0;

  [[nodiscard]] double distance(std::size_t k) const {
    const double middle = 0.5 * static_cast<double>(side - 1);
    return std::hypot(static_cast<double>(k / side) - middle, static_cast<double>(k % side) - middle);
  }
};

double median_between(const MeanPatch& patch, const Geometry& g, double inner, double outer) {
  std::vector<double> values;
  for (std::size_t k = 0; k < patch.mean.size(); ++k) {
    const double d = g.distance(k);
    if (d >= inner && d <= outer) {
      values.push_back(patch.mean[k]);
    }
  }
  return num::median(values);
}

double ring_level(const MeanPatch& patch, const Geometry& g) {
  return median_between(patch, g, std::max(ring_inner * g.radius, g.radius + 2.0),
                        std::max(ring_outer * g.radius, g.radius + 2.0 + ring_least_px));
}

struct Start {
  double depth_share = 0.0;  ///< 1 − floor/level in the first frames
  MeanPatch patch;
  double level = 0.0;
};

void measure_frame(const MeanPatch& patch, const Geometry& g, const Start& start, std::size_t frame, VoidTrack& out) {
  const double level = ring_level(patch, g);
  const double depth = start.depth_share * level;
  double missing = 0.0;
  double variance = 0.0;
  double pixels = 0.0;
  double gained = 0.0;
  double particle = 0.0;
  for (std::size_t k = 0; k < patch.mean.size(); ++k) {
    const double d = g.distance(k);
    if (d > disc_radii * g.radius) {
      continue;
    }
    missing += (level - patch.mean[k]) / depth;
    variance += std::max(0.0, patch.mean[k]) / patch.n;
    pixels += 1.0;
    if (d <= g.radius) {
      const double gain = patch.mean[k] / level - start.patch.mean[k] / start.level;
      const double noise = std::sqrt(std::max(1e-6, patch.mean[k]) * (1.0 / patch.n + 1.0 / start.patch.n)) / level;
      gained += gain;
      constexpr double clear = 3.0;
      particle += gain > std::max(clear * noise, 0.5 * start.depth_share) ? 1.0 : 0.0;
    }
  }
  // The level is the median of the ring: its own error enters once per pixel of the disc.
  const double ring = std::numbers::pi * (std::pow(std::max(ring_outer * g.radius, g.radius + 5.0), 2) -
                                          std::pow(std::max(ring_inner * g.radius, g.radius + 2.0), 2));
  constexpr double median_variance = 1.5708;
  variance += pixels * pixels * median_variance * level / (patch.n * ring);
  const double sigma = std::sqrt(variance) / depth;
  out.radius_px[frame] = std::sqrt(std::max(0.0, missing) / std::numbers::pi);
  out.sigma_px[frame] = sigma / (2.0 * std::numbers::pi * std::max(0.5, out.radius_px[frame]));
  out.brightness_px2[frame] = gained;
  out.particle_px2[frame] = particle;
}

VoidTrack follow(const std::vector<Patch>& patches, const DarkSpot& spot, std::size_t index) {
  const std::size_t frames = patches.size();
  VoidTrack out{.spot = index,
                .radius_px = std::vector<double>(frames, nan),
                .sigma_px = std::vector<double>(frames, nan),
                .particle_px2 = std::vector<double>(frames, nan),
                .brightness_px2 = std::vector<double>(frames, nan)};
  Start start{.patch = average(patches, 0, std::min(first_frames, frames))};
  if (start.patch.mean.empty()) {
    return out;
  }
  const Geometry g{patches.front().side, spot.radius_px};
  start.level = ring_level(start.patch, g);
  const double floor = median_between(start.patch, g, 0.0, std::max(1.0, core_radii * g.radius));
  start.depth_share = start.level > 0.0 ? 1.0 - floor / start.level : 0.0;
  constexpr double shallowest = 0.05;
  for (std::size_t f = 0; f < frames && start.depth_share > shallowest; ++f) {
    const MeanPatch patch = average(patches, f > half_width ? f - half_width : 0, std::min(frames, f + half_width + 1));
    if (!patch.mean.empty()) {
      measure_frame(patch, g, start, f, out);
    }
  }
  return out;
}

}  // namespace

std::vector<VoidTrack> track_voids(const signal::Signal& series, std::span<const FrameDrift> drift,
                                   std::span<const DarkSpot> spots, const DetectorResponse& detector, Run& run) {
  const FrameShape shape = shape_of(series);
  HOTSTAGE_EXPECTS(drift.size() == shape.frames);
  std::vector<std::size_t> followed;
  for (std::size_t s = 0; s < spots.size(); ++s) {
    if (spots[s].kind == DarkKind::round) {
      followed.push_back(s);
    }
  }
  std::vector<std::vector<Patch>> patches(followed.size(), std::vector<Patch>(shape.frames));
  parallel_chunks(run, shape.frames, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t f = begin; f < end; ++f) {
      const Buffer<float, 2> frame = read_frame(series, f);
      for (std::size_t s = 0; s < followed.size(); ++s) {
        patches[s][f] = cut_patch(frame.view(), spots[followed[s]], drift[f], detector);
        if (!drift[f].usable()) {
          patches[s][f].electrons.clear();
        }
      }
    }
  });
  std::vector<VoidTrack> out(followed.size());
  parallel_chunks(run, followed.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t s = begin; s < end; ++s) {
      out[s] = follow(patches[s], spots[followed[s]], followed[s]);
    }
  });
  return out;
}

}  // namespace hotstage::series
