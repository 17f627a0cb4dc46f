// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/front_field.hpp"

#include "hotstage/num/statistics.hpp"
#include "hotstage/series/segment.hpp"

#include <algorithm>
#include <cmath>
#include <span>

namespace hotstage::series::detail {

namespace {

constexpr double least_purity = 0.6;
constexpr double height_spread = 0.25;  // of a block's change against its grain's: texture, voids, foreign pixels

// Of the height of the step: what a smooth step in a block of one brightness leaves out. Strong steps at 20 e/px reach
// it.
constexpr double least_noise = 0.1;

/// Middles of the quadrants' own pixels.
FrontBlock place_of(const BlockGrid& grid, View<const std::int32_t, 2> labels, std::size_t block, int grain) {
  FrontBlock out;
  const std::size_t half = std::max<std::size_t>(1, grid.block_px / 2);
  const std::size_t y0 = block / grid.columns * grid.block_px;
  const std::size_t x0 = block % grid.columns * grid.block_px;
  double total = 0.0;
  for (std::size_t qy = 0; qy < grid.block_px; qy += half) {
    for (std::size_t qx = 0; qx < grid.block_px; qx += half) {
      FrontPoint sum;
      double n = 0.0;
      for (std::size_t y = y0 + qy; y < y0 + std::min(qy + half, grid.block_px); ++y) {
        for (std::size_t x = x0 + qx; x < x0 + std::min(qx + half, grid.block_px); ++x) {
          if (labels(y, x) == grain) {
            sum.y += static_cast<double>(y);
            sum.x += static_cast<double>(x);
            n += 1.0;
          }
        }
      }
      out.middle.y += sum.y;
      out.middle.x += sum.x;
      total += n;
      constexpr double fair = 0.5;  // of a quadrant
      if (n >= fair * static_cast<double>(half * half)) {
        out.points.push_back({sum.y / n, sum.x / n});
      }
    }
  }
  out.middle.y /= std::max(1.0, total);
  out.middle.x /= std::max(1.0, total);
  out.side = std::sqrt(total);
  if (out.points.empty()) {
    out.points.push_back(out.middle);
  }
  return out;
}

struct Member {
  std::size_t block = 0;
  double level = 0.0;
};

/// The part of frame 0 that all usable frames show.
struct Shared {
  double top = 0.0;
  double bottom = 0.0;
  double left = 0.0;
  double right = 0.0;

  [[nodiscard]] bool holds(std::size_t y_px, std::size_t x_px) const {
    const auto y = static_cast<double>(y_px);
    const auto x = static_cast<double>(x_px);
    return y >= top && y <= bottom && x >= left && x <= right;
  }
};

Shared shared_by_all(const EventInput& input, View<const std::int32_t, 2> labels) {
  const std::vector<char> usable = usable_frames(input.drift);
  Shared out{.bottom = static_cast<double>(labels.extent(0)) - 1.0,
             .right = static_cast<double>(labels.extent(1)) - 1.0};
  const Shared whole = out;
  for (std::size_t f = 0; f < input.drift.size(); ++f) {
    if (usable[f] != 0) {
      out.top = std::max(out.top, -input.drift[f].dy_px);
      out.left = std::max(out.left, -input.drift[f].dx_px);
      out.bottom = std::min(out.bottom, whole.bottom - input.drift[f].dy_px);
      out.right = std::min(out.right, whole.right - input.drift[f].dx_px);
    }
  }
  return out;
}

/// Frames that a grain's curves must cover: those of its onsets and a window around.
std::pair<std::size_t, std::size_t> frames_of(const BlockGrid& grid, const ChangeMap& changes,
                                              const std::vector<Member>& members, std::size_t window) {
  double first = 1e300;
  double last = -1e300;
  for (const Member& m : members) {
    if (changes.points[m.block].found) {
      first = std::min(first, changes.points[m.block].at[2]);
      last = std::max(last, changes.points[m.block].at[2]);
    }
  }
  const auto reach = 3.0 * static_cast<double>(window);
  const double end = static_cast<double>(grid.frames);
  const double from = std::clamp(std::floor(first - reach), 0.0, end - 2.0);
  return {static_cast<std::size_t>(from), static_cast<std::size_t>(std::clamp(last + reach, from + 2.0, end))};
}

}  // namespace

std::map<int, GrainFront> gather_fronts(const EventInput& input, View<const std::int32_t, 2> labels) {
  const BlockGrid& grid = input.grid;
  const auto map = onset_map(grid, input.changes, input.drift, input.thermometry, OnsetDefinition::half);
  const auto& start = input.thermometry.timeline.frame_start_s;
  const double frame_s = (start.back() - start.front()) / static_cast<double>(start.size() - 1);
  const bool bright = grid.series.blocks() > 0;
  Buffer<float, 2> row({1, std::max<std::size_t>(1, bright ? grid.frames : 0)});
  const auto brightness = [&](std::size_t block) {
    grid.series.read(block, row.view());
    return std::span<const float>(row.row(0));
  };
  const auto window = static_cast<std::size_t>(std::max(6.0, std::round(input.window_s / frame_s)));
  std::optional<StepTemplates> templates;
  if (bright) {
    templates.emplace(usable_frames(input.drift), window, frame_s);
  }
  std::map<int, GrainFront> out;
  const Shared shared = shared_by_all(input, labels);
  for (const auto& p : boundary_pixels(labels)) {
    if (shared.holds(p.y, p.x)) {
      out[p.a].rim.push_back({static_cast<double>(p.y), static_cast<double>(p.x)});
    }
  }
  for (std::size_t y = 0; y < labels.extent(0); ++y) {
    for (std::size_t x = 0; x < labels.extent(1); ++x) {
      if (labels(y, x) > 0 && shared.holds(y, x)) {
        out[labels(y, x)].pixels.push_back({static_cast<double>(y), static_cast<double>(x)});
      }
    }
  }
  std::map<int, std::vector<Member>> members;
  for (std::size_t b = 0; b < grid.blocks(); ++b) {
    if (grid.covered[b] != 0 && grid.grain[b] > 0 && grid.purity[b] >= least_purity) {
      double level = 0.0;
      if (bright) {
        for (const float v : brightness(b)) {
          level += static_cast<double>(v) / static_cast<double>(grid.frames);
        }
      }
      members[grid.grain[b]].push_back({b, level});
    }
  }
  for (auto& [grain, front] : out) {
    FrontField& field = front.field;
    field.extent_px = std::sqrt(static_cast<double>(front.pixels.size()));
    field.first_s = start.front();
    field.duration_s = start.back() - start.front();
    field.frame_s = frame_s;
    front.searched = members[grain].size();
    std::vector<double> heights;
    for (const Member& m : members[grain]) {
      front.changed += map[m.block].found ? 1U : 0U;
      if (bright && map[m.block].found && m.level > 0.0) {
        heights.push_back(input.changes.points[m.block].change / m.level);
      }
    }
    if (front.changed < 2 || (bright && heights.empty())) {
      continue;
    }
    const double height = bright ? num::median(heights) : 0.0;
    const auto [from, to] = frames_of(grid, input.changes, members[grain], window);
    for (const Member& m : members[grain]) {
      if (!bright && !map[m.block].found) {
        continue;
      }
      FrontBlock block = place_of(grid, labels, m.block, grain);
      const double sigma_s = frame_s * map[m.block].sigma_frames;
      if (map[m.block].found && (input.changes.pooled[m.block] == 0 || !bright)) {
        block.dated_s = map[m.block].time_s;
      }
      if (bright) {
        const double change = height * m.level;
        const double offset =
            block_time_s(input.thermometry.timeline, input.drift, grid.y_px(m.block), static_cast<double>(from)) -
            frame_s * static_cast<double>(from);
        const double noise = std::max({1e-12, input.changes.noise[m.block], least_noise * std::abs(change)});
        block.curve =
            templates->curve(brightness(m.block), noise, change, height_spread * std::abs(change), offset, from, to);
      } else {
        block.curve = curve_of_time(map[m.block].time_s, std::max(1e-3 * frame_s, sigma_s));
      }
      field.blocks.push_back(std::move(block));
    }
    for (const FrontBlock& b : field.blocks) {
      field.y += b.middle.y / static_cast<double>(field.blocks.size());
      field.x += b.middle.x / static_cast<double>(field.blocks.size());
    }
    const auto thin = [](std::vector<FrontPoint>& points, std::size_t most) {
      const std::size_t stride = std::max<std::size_t>(1, points.size() / most);
      std::size_t kept = 0;
      for (std::size_t i = 0; i < points.size(); i += stride) {
        points[kept++] = points[i];
      }
      points.resize(kept);
    };
    constexpr std::size_t most_pixels = 600;
    constexpr std::size_t most_rim = 250;
    thin(front.pixels, most_pixels);
    thin(front.rim, most_rim);
  }
  return out;
}

}  // namespace hotstage::series::detail
