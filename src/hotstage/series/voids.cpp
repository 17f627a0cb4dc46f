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

/// What does not change from frame to frame: where the pixels around a spot lie.
struct Surroundings {
  DarkSpot spot;
  std::size_t index = 0;  ///< of the spot in the list given
  std::size_t side = 0;
  std::vector<double> distance;    ///< from the middle, px; side × side
  std::vector<std::size_t> ring;   ///< pixels where the level is measured
  std::vector<std::size_t> floor;  ///< and the floor
  std::vector<std::size_t> disc;   ///< and the missing signal

  Surroundings(const DarkSpot& of, std::size_t number) : spot(of), index(number) {
    const double radius = spot.radius_px;
    side = 2 * static_cast<std::size_t>(std::ceil(ring_outer * radius + ring_least_px)) + 1;
    const double inner = std::max(ring_inner * radius, radius + 2.0);
    const double outer = std::max(ring_outer * radius, radius + 2.0 + ring_least_px);
    const double middle = 0.5 * static_cast<double>(side - 1);
    for (std::size_t k = 0; k < side * side; ++k) {
      const double d = std::hypot(static_cast<double>(k / side) - middle, static_cast<double>(k % side) - middle);
      distance.push_back(d);
      if (d >= inner && d <= outer) {
        ring.push_back(k);
      }
      if (d <= std::max(1.0, core_radii * radius)) {
        floor.push_back(k);
      }
      if (d <= disc_radii * radius) {
        disc.push_back(k);
      }
    }
  }
};

/// Electrons around a spot, resampled to the coordinates of frame 0; empty when it leaves the frame.
using Patch = std::vector<float>;

void cut_patch(View<const float, 2> frame, const Surroundings& around, const FrameDrift& drift,
               const DetectorResponse& detector, Patch& out) {
  out.clear();
  const double y0 = around.spot.y_px + drift.dy_px - 0.5 * static_cast<double>(around.side - 1);
  const double x0 = around.spot.x_px + drift.dx_px - 0.5 * static_cast<double>(around.side - 1);
  const auto end = static_cast<double>(around.side);
  if (y0 < 0.0 || x0 < 0.0 || y0 + end >= static_cast<double>(frame.extent(0)) ||
      x0 + end >= static_cast<double>(frame.extent(1))) {
    return;
  }
  const auto iy = static_cast<std::size_t>(y0);
  const auto ix = static_cast<std::size_t>(x0);
  const auto fy = static_cast<float>(y0 - static_cast<double>(iy));
  const auto fx = static_cast<float>(x0 - static_cast<double>(ix));
  out.resize(around.side * around.side);
  for (std::size_t y = 0; y < around.side; ++y) {
    const float* const above = frame.row(iy + y).data() + ix;
    const float* const below = frame.row(iy + y + 1).data() + ix;
    for (std::size_t x = 0; x < around.side; ++x) {
      const float top = (1.0F - fx) * above[x] + fx * above[x + 1];
      const float low = (1.0F - fx) * below[x] + fx * below[x + 1];
      out[y * around.side + x] =
          static_cast<float>(detector.electrons(static_cast<double>((1.0F - fy) * top + fy * low)));
    }
  }
}

/// The patches of consecutive frames, frame by frame.
class PatchBlock {
 public:
  PatchBlock(std::size_t spots, std::size_t frames) : patches_(frames, std::vector<Patch>(spots)) {}

  [[nodiscard]] Patch& at(std::size_t spot, std::size_t frame) { return patches_[frame - first_][spot]; }

  [[nodiscard]] const Patch& at(std::size_t spot, std::size_t frame) const { return patches_[frame - first_][spot]; }

  /// Goes on so that `frame` is the first one, and keeps what is known of it and those after it.
  void advance(std::size_t frame) {
    std::rotate(patches_.begin(), patches_.begin() + static_cast<std::ptrdiff_t>(frame - first_), patches_.end());
    first_ = frame;
  }

 private:
  std::vector<std::vector<Patch>> patches_;
  std::size_t first_ = 0;
};

/// Mean over the frames [first, last) that have the patch; nothing when there are none.
struct MeanPatch {
  std::vector<double> mean;
  double n = 0.0;
};

MeanPatch average(const PatchBlock& patches, std::size_t spot, std::size_t first, std::size_t last) {
  MeanPatch out;
  for (std::size_t i = first; i < last; ++i) {
    const Patch& patch = patches.at(spot, i);
    if (patch.empty()) {
      continue;
    }
    out.mean.resize(patch.size(), 0.0);
    for (std::size_t k = 0; k < patch.size(); ++k) {
      out.mean[k] += static_cast<double>(patch[k]);
    }
    out.n += 1.0;
  }
  for (double& v : out.mean) {
    v /= out.n;
  }
  return out;
}

double median_of(const MeanPatch& patch, const std::vector<std::size_t>& pixels) {
  std::vector<double> values;
  values.reserve(pixels.size());
  for (const std::size_t k : pixels) {
    values.push_back(patch.mean[k]);
  }
  return num::median(values);
}

struct Start {
  double depth_share = 0.0;  ///< 1 − floor/level in the first frames
  MeanPatch patch;
  double level = 0.0;
};

void measure_frame(const MeanPatch& patch, const Surroundings& g, const Start& start, std::size_t frame,
                   VoidTrack& out) {
  const double level = median_of(patch, g.ring);
  const double radius = g.spot.radius_px;
  const double depth = start.depth_share * level;
  double missing = 0.0;
  double variance = 0.0;
  double pixels = 0.0;
  double gained = 0.0;
  double particle = 0.0;
  for (const std::size_t k : g.disc) {
    missing += (level - patch.mean[k]) / depth;
    variance += std::max(0.0, patch.mean[k]) / patch.n;
    pixels += 1.0;
    if (g.distance[k] <= radius) {
      const double gain = patch.mean[k] / level - start.patch.mean[k] / start.level;
      const double noise = std::sqrt(std::max(1e-6, patch.mean[k]) * (1.0 / patch.n + 1.0 / start.patch.n)) / level;
      gained += gain;
      constexpr double clear = 3.0;
      particle += gain > std::max(clear * noise, 0.5 * start.depth_share) ? 1.0 : 0.0;
    }
  }
  // The level is the median of the ring: its own error enters once per pixel of the disc.
  const double ring = std::numbers::pi * (std::pow(std::max(ring_outer * radius, radius + 5.0), 2) -
                                          std::pow(std::max(ring_inner * radius, radius + 2.0), 2));
  constexpr double median_variance = 1.5708;
  variance += pixels * pixels * median_variance * level / (patch.n * ring);
  const double sigma = std::sqrt(variance) / depth;
  out.radius_px[frame] = std::sqrt(std::max(0.0, missing) / std::numbers::pi);
  out.sigma_px[frame] = sigma / (2.0 * std::numbers::pi * std::max(0.5, out.radius_px[frame]));
  out.brightness_px2[frame] = gained;
  out.particle_px2[frame] = particle;
}

Start start_of(const PatchBlock& patches, const Surroundings& g, std::size_t spot, std::size_t frames) {
  Start out{.patch = average(patches, spot, 0, std::min(first_frames, frames))};
  if (!out.patch.mean.empty()) {
    out.level = median_of(out.patch, g.ring);
    out.depth_share = out.level > 0.0 ? 1.0 - median_of(out.patch, g.floor) / out.level : 0.0;
  }
  return out;
}

/// Which frames must be read so that the wanted ones can be measured.
std::vector<char> frames_to_read(std::span<const char> wanted, std::size_t frames) {
  std::vector<char> out(frames, wanted.empty() ? 1 : 0);
  for (std::size_t f = 0; f < wanted.size(); ++f) {
    for (std::size_t i = f > half_width ? f - half_width : 0; wanted[f] != 0 && i < frames && i <= f + half_width;
         ++i) {
      out[i] = 1;
    }
    out[f] = f < first_frames ? 1 : out[f];
  }
  return out;
}

/// Frames whose patches are held at once.
std::size_t block_length(const std::vector<Surroundings>& spots, std::size_t memory, std::size_t frames) {
  std::size_t bytes = 0;
  for (const Surroundings& s : spots) {
    bytes += sizeof(Patch) + s.side * s.side * sizeof(float);
  }
  constexpr std::size_t shortest = 2 * first_frames;
  constexpr std::size_t longest = 64;  // enough for any number of threads
  return std::min(std::clamp(memory / std::max<std::size_t>(1, bytes), shortest, longest),
                  std::max<std::size_t>(1, frames));
}

}  // namespace

std::vector<VoidTrack> track_voids(const signal::Signal& series, std::span<const FrameDrift> drift,
                                   std::span<const DarkSpot> spots, const DetectorResponse& detector, Run& run,
                                   std::span<const char> wanted) {
  const FrameShape shape = shape_of(series);
  const std::size_t frames = shape.frames;
  HOTSTAGE_EXPECTS(drift.size() == frames && (wanted.empty() || wanted.size() == frames));
  std::vector<Surroundings> followed;
  std::vector<VoidTrack> out;
  for (std::size_t s = 0; s < spots.size(); ++s) {
    if (spots[s].kind == DarkKind::round) {
      followed.emplace_back(spots[s], s);
      const std::vector<double> unknown(frames, nan);
      out.push_back({s, unknown, unknown, unknown, unknown});
    }
  }
  if (followed.empty()) {
    return out;
  }
  const std::vector<char> needed = frames_to_read(wanted, frames);
  const std::size_t length = block_length(followed, run.memory / 2, frames);
  const Run pass =
      run_that_fits(run, series, "following voids", run.memory / 2, shape.rows * shape.columns * sizeof(float));
  PatchBlock patches(followed.size(), length);
  std::vector<Start> start;
  std::size_t read = 0;      // frames cut out so far
  std::size_t measured = 0;  // and measured
  while (measured < frames) {
    const std::size_t oldest = measured > half_width ? measured - half_width : 0;
    patches.advance(oldest);
    const std::size_t from = read;
    read = std::min(frames, oldest + length);
    parallel_chunks(pass, read - from, 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t f = from + begin; f < from + end; ++f) {
        const bool use = needed[f] != 0 && drift[f].usable();
        const Buffer<float, 2> frame = use ? read_frame(series, f) : Buffer<float, 2>();
        for (std::size_t s = 0; s < followed.size(); ++s) {
          patches.at(s, f).clear();
          if (use) {
            cut_patch(frame.view(), followed[s], drift[f], detector, patches.at(s, f));
          }
        }
      }
    });
    for (std::size_t s = start.size(); s < followed.size(); ++s) {
      start.push_back(start_of(patches, followed[s], s, frames));
    }
    const std::size_t first = measured;
    measured = read == frames ? frames : read - half_width;
    constexpr std::size_t chunk = 8;
    parallel_chunks(pass, measured - first, chunk, [&](std::size_t begin, std::size_t end) {
      for (std::size_t f = first + begin; f < first + end; ++f) {
        for (std::size_t s = 0; s < followed.size() && (wanted.empty() || wanted[f] != 0); ++s) {
          constexpr double shallowest = 0.05;
          if (start[s].depth_share > shallowest) {
            const MeanPatch patch =
                average(patches, s, f > half_width ? f - half_width : 0, std::min(frames, f + half_width + 1));
            if (!patch.mean.empty()) {
              measure_frame(patch, followed[s], start[s], f, out[s]);
            }
          }
        }
      }
    });
    run.progress(0.5 * static_cast<double>(measured) / static_cast<double>(frames), "voids");
  }
  return out;
}

}  // namespace hotstage::series
