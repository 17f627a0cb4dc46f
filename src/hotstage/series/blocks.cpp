// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/blocks.hpp"

#include "hotstage/core/parallel.hpp"
#include "hotstage/core/pass_journal.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace hotstage::series {

namespace {

constexpr std::size_t longest_alone = 64;  // frames: below it every frame is a chunk

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

/// A box from `start` lies in the frame along one axis.
bool inside(double start, double side, std::size_t extent) {
  return start >= 0.0 && start + side <= static_cast<double>(extent);
}

/// Rows and columns of blocks that are inside all usable frames.
void mark_covered(const BlockInput& input, const FrameShape& shape, BlockGrid& grid) {
  const auto side = static_cast<double>(input.block_px);
  std::vector<char> rows(grid.rows, 1);
  std::vector<char> columns(grid.columns, 1);
  for (const FrameDrift& drift : input.drift) {
    if (!drift.usable()) {
      continue;
    }
    for (std::size_t i = 0; i < grid.rows; ++i) {
      rows[i] = inside(static_cast<double>(i) * side + drift.dy_px, side, shape.rows) ? rows[i] : 0;
    }
    for (std::size_t i = 0; i < grid.columns; ++i) {
      columns[i] = inside(static_cast<double>(i) * side + drift.dx_px, side, shape.columns) ? columns[i] : 0;
    }
  }
  grid.covered.resize(grid.blocks());
  for (std::size_t b = 0; b < grid.blocks(); ++b) {
    grid.covered[b] = rows[b / grid.columns] != 0 && columns[b % grid.columns] != 0 ? 1 : 0;
  }
}

/// One frame into column k of `values`; 0 where the box leaves the frame.
void sum_blocks(const BlockInput& input, const BlockGrid& grid, const FrameShape& shape, std::size_t frame,
                View<float, 2> values, std::size_t k) {
  const auto side = static_cast<double>(input.block_px);
  const AreaTable table(read_frame(input.series, frame).view());
  for (std::size_t row = 0; row < grid.rows; ++row) {
    const double y = static_cast<double>(row) * side + input.drift[frame].dy_px;
    for (std::size_t column = 0; column < grid.columns; ++column) {
      const double x = static_cast<double>(column) * side + input.drift[frame].dx_px;
      float& value = values(row * grid.columns + column, k);
      value = inside(y, side, shape.rows) && inside(x, side, shape.columns)
                  ? static_cast<float>(input.detector.electrons(table.box(y, x, side) / (side * side)))
                  : 0.0F;
    }
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
  mark_covered(input, shape, grid);
  grid.series = BlockSeries(grid.blocks(), grid.frames, run.memory,
                            run.journal ? run.journal->scratch_folder() : std::filesystem::path{});
  const std::size_t batch = grid.series.batch();
  const std::size_t kept =
      (grid.series.on_disk() ? 0 : grid.blocks() * grid.frames * sizeof(float)) + grid.blocks() * batch * sizeof(float);
  const std::size_t per_thread =
      shape.rows * shape.columns * sizeof(float) + (shape.rows + 1) * (shape.columns + 1) * sizeof(double);
  const Run pass = run_that_fits(run, input.series, "the brightness of blocks", kept, per_thread);
  Buffer<float, 2> values({grid.blocks(), batch});
  for (std::size_t first = 0; first < shape.frames; first += batch) {
    const std::size_t n = std::min(batch, shape.frames - first);
    constexpr std::size_t side_by_side = 8;  // frames whose numbers share cache lines
    parallel_chunks(pass, n, n < longest_alone ? 1 : side_by_side, [&](std::size_t begin, std::size_t end) {
      for (std::size_t k = begin; k < end; ++k) {
        sum_blocks(input, grid, shape, first + k, values.view(), k);
      }
    });
    grid.series.write(first, values.view());
    run.progress(0.4 * static_cast<double>(first + n) / static_cast<double>(shape.frames), "brightness of blocks");
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
