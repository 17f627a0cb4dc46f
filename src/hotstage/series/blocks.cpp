// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/blocks.hpp"

#include "hotstage/core/parallel.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace hotstage::series {

namespace {

/// Σ over pixels above and left of (y, x), where pixel p covers [p, p + 1).
class AreaTable {
 public:
  explicit AreaTable(View<const float, 2> image) : sums_({image.extent(0) + 1, image.extent(1) + 1}) {
    for (std::size_t y = 0; y < image.extent(0); ++y) {
      double row = 0.0;
      const std::span<const double> above = sums_.row(y);
      const std::span<double> here = sums_.row(y + 1);
      const std::span<const float> pixels = image.row(y);
      for (std::size_t x = 0; x < pixels.size(); ++x) {
        row += static_cast<double>(pixels[x]);
        here[x + 1] = above[x + 1] + row;
      }
    }
  }

  [[nodiscard]] bool holds(double y0, double x0, double side) const {
    return y0 >= 0.0 && x0 >= 0.0 && y0 + side <= static_cast<double>(sums_.extent(0) - 1) &&
           x0 + side <= static_cast<double>(sums_.extent(1) - 1);
  }

  [[nodiscard]] double box(double y0, double x0, double side) const {
    return at(y0 + side, x0 + side) - at(y0, x0 + side) - at(y0 + side, x0) + at(y0, x0);
  }

 private:
  [[nodiscard]] double at(double y, double x) const {
    const auto iy = std::min(static_cast<std::size_t>(y), sums_.extent(0) - 2);
    const auto ix = std::min(static_cast<std::size_t>(x), sums_.extent(1) - 2);
    const double fy = y - static_cast<double>(iy);
    const double fx = x - static_cast<double>(ix);
    const std::span<const double> low = sums_.row(iy);
    const std::span<const double> high = sums_.row(iy + 1);
    return (1.0 - fy) * ((1.0 - fx) * low[ix] + fx * low[ix + 1]) + fy * ((1.0 - fx) * high[ix] + fx * high[ix + 1]);
  }

  Buffer<double, 2> sums_;
};

void label_blocks(View<const std::int32_t, 2> labels, BlockGrid& grid) {
  grid.grain.assign(grid.blocks(), 0);
  grid.purity.assign(grid.blocks(), 0.0);
  if (labels.extent(0) == 0) {
    return;
  }
  for (std::size_t b = 0; b < grid.blocks(); ++b) {
    std::map<int, int> votes;
    const std::size_t y0 = b / grid.columns * grid.block_px;
    const std::size_t x0 = b % grid.columns * grid.block_px;
    for (std::size_t y = y0; y < y0 + grid.block_px; ++y) {
      for (std::size_t x = x0; x < x0 + grid.block_px; ++x) {
        ++votes[labels(y, x)];
      }
    }
    const auto most = std::max_element(votes.begin(), votes.end(),
                                       [](const auto& a, const auto& b_) { return a.second < b_.second; });
    grid.grain[b] = most->first;
    grid.purity[b] = static_cast<double>(most->second) / static_cast<double>(grid.block_px * grid.block_px);
  }
}

}  // namespace

BlockGrid make_blocks(const BlockInput& input, Run& run) {
  const FrameShape shape = shape_of(input.series);
  HOTSTAGE_EXPECTS(input.drift.size() == shape.frames && input.block_px > 0);
  BlockGrid grid{.rows = shape.rows / input.block_px,
                 .columns = shape.columns / input.block_px,
                 .block_px = input.block_px,
                 .frames = shape.frames};
  grid.covered.assign(grid.blocks(), 1);
  grid.series = Buffer<float, 2>({grid.blocks(), grid.frames});
  const auto side = static_cast<double>(input.block_px);
  std::vector<std::vector<char>> outside(shape.frames);
  parallel_chunks(run, shape.frames, 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t f = begin; f < end; ++f) {
      const Buffer<float, 2> frame = read_frame(input.series, f);
      const AreaTable table(frame.view());
      outside[f].assign(grid.blocks(), 0);
      for (std::size_t b = 0; b < grid.blocks(); ++b) {
        const double y = static_cast<double>(b / grid.columns) * side + input.drift[f].dy_px;
        const double x = static_cast<double>(b % grid.columns) * side + input.drift[f].dx_px;
        if (table.holds(y, x, side)) {
          const double mean = table.box(y, x, side) / (side * side);
          grid.series.view()(b, f) = static_cast<float>(input.detector.electrons(mean));
        } else {
          outside[f][b] = 1;
        }
      }
    }
  });
  for (std::size_t f = 0; f < shape.frames; ++f) {
    for (std::size_t b = 0; b < grid.blocks() && input.drift[f].usable(); ++b) {
      grid.covered[b] = outside[f][b] != 0 ? 0 : grid.covered[b];
    }
  }
  label_blocks(input.labels, grid);
  return grid;
}

double TemperatureLog::at(double time) const {
  HOTSTAGE_EXPECTS(!time_s.empty() && time_s.size() == temperature_degC.size());
  const auto above = std::upper_bound(time_s.begin(), time_s.end(), time);
  if (above == time_s.begin()) {
    return temperature_degC.front();
  }
  if (above == time_s.end()) {
    return temperature_degC.back();
  }
  const auto i = static_cast<std::size_t>(above - time_s.begin());
  const double part = (time - time_s[i - 1]) / (time_s[i] - time_s[i - 1]);
  return temperature_degC[i - 1] + part * (temperature_degC[i] - temperature_degC[i - 1]);
}

double TemperatureLog::rate_K_per_s(double time) const {
  constexpr double half_s = 5.0;
  return (at(time + half_s) - at(time - half_s)) / (2.0 * half_s);
}

double block_time_s(const signal::Timeline& timeline, std::span<const FrameDrift> drift, double y_px, double frame) {
  const auto last = static_cast<double>(timeline.frame_start_s.size() - 1);
  const double clamped = std::clamp(frame, 0.0, last);
  const auto below = std::min(static_cast<std::size_t>(clamped), timeline.frame_start_s.size() - 1);
  const std::size_t above = std::min(below + 1, timeline.frame_start_s.size() - 1);
  const double part = clamped - static_cast<double>(below);
  const auto when = [&](std::size_t f) {
    const double row = std::clamp(y_px + drift[f].dy_px, 0.0, static_cast<double>(timeline.rows));
    return timeline.frame_start_s[f] + row * timeline.row_s;
  };
  return (1.0 - part) * when(below) + part * when(above);
}

}  // namespace hotstage::series
