// SPDX-License-Identifier: GPL-3.0-or-later
// Steps of every block of a grid: tiles of blocks with all their frames, so that a long series need not be in memory.

#include "hotstage/core/parallel.hpp"
#include "hotstage/num/statistics.hpp"
#include "hotstage/series/change_point.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numbers>

namespace hotstage::series {

namespace {

/// Standard deviation of one value from the differences of neighbours: steps and slow changes hardly count.
double noise_from_differences(std::span<const float> values, const std::vector<char>& usable) {
  std::vector<double> differences;
  for (std::size_t i = 1; i < values.size(); ++i) {
    if (usable[i] != 0 && usable[i - 1] != 0) {
      differences.push_back(static_cast<double>(values[i]) - static_cast<double>(values[i - 1]));
    }
  }
  return num::median_deviation(differences) / std::numbers::sqrt2;
}

double mean_of(std::span<const float> values, const std::vector<char>& usable) {
  double sum = 0.0;
  double n = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (usable[i] != 0) {
      sum += static_cast<double>(values[i]);
      n += 1.0;
    }
  }
  return n > 0.0 ? sum / n : 0.0;
}

bool searched(const BlockGrid& grid, std::size_t block) {
  constexpr double purest = 0.5;
  return grid.covered[block] != 0 && grid.grain[block] > 0 && grid.purity[block] > purest;
}

/// Blocks of the same grain among the 3 × 3 around, the block itself included.
std::vector<std::size_t> family(const BlockGrid& grid, std::size_t block) {
  std::vector<std::size_t> out;
  const auto y = static_cast<long>(block / grid.columns);
  const auto x = static_cast<long>(block % grid.columns);
  for (long dy = -1; dy <= 1; ++dy) {
    for (long dx = -1; dx <= 1; ++dx) {
      if (y + dy < 0 || x + dx < 0 || y + dy >= static_cast<long>(grid.rows) ||
          x + dx >= static_cast<long>(grid.columns)) {
        continue;
      }
      const std::size_t other = static_cast<std::size_t>(y + dy) * grid.columns + static_cast<std::size_t>(x + dx);
      if (searched(grid, other) && grid.grain[other] == grid.grain[block]) {
        out.push_back(other);
      }
    }
  }
  return out;
}

/// Blocks [first, last) of one row of the grid, searched by one thread.
struct Tile {
  std::size_t row = 0;
  std::size_t first = 0;  ///< columns
  std::size_t last = 0;
};

/// As many blocks of a row as fit with the rows above and below and a column on either side.
std::vector<Tile> make_tiles(const BlockGrid& grid, std::size_t memory) {
  constexpr std::size_t longest = 64;
  const std::size_t column = 3 * grid.frames * sizeof(float);
  const std::size_t fit = memory / std::max<std::size_t>(1, column);
  const std::size_t length = std::clamp<std::size_t>(fit > 2 ? fit - 2 : 1, 1, longest);
  std::vector<Tile> out;
  for (std::size_t row = 0; row < grid.rows; ++row) {
    for (std::size_t first = 0; first < grid.columns; first += length) {
      out.push_back({row, first, std::min(grid.columns, first + length)});
    }
  }
  return out;
}

/// The numbers of a tile and of the blocks around it.
class TileSeries {
 public:
  TileSeries(const BlockGrid& grid, const Tile& tile, std::size_t border)
      : columns_(grid.columns),
        row_(tile.row > border ? tile.row - border : 0),
        first_(tile.first > border ? tile.first - border : 0),
        width_(std::min(grid.columns, tile.last + border) - first_),
        values_({(std::min(grid.rows, tile.row + border + 1) - row_) * width_, grid.frames}) {
    for (std::size_t k = 0; k < values_.extent(0); k += width_) {
      grid.series.read((row_ + k / width_) * columns_ + first_, values_.view().rows(k, width_));
    }
  }

  [[nodiscard]] std::span<const float> row(std::size_t block) const {
    return values_.row((block / columns_ - row_) * width_ + block % columns_ - first_);
  }

 private:
  std::size_t columns_;
  std::size_t row_;
  std::size_t first_;
  std::size_t width_;
  Buffer<float, 2> values_;
};

/// Noise of each block: counting times the excess common to all, or more where a block scatters more.
void measure_noise(const BlockGrid& grid, const std::vector<char>& usable, const std::vector<Tile>& tiles,
                   const Run& run, ChangeMap& out) {
  const double pixels = static_cast<double>(grid.block_px * grid.block_px);
  std::vector<double> own(grid.blocks(), 0.0);
  std::vector<double> counting(grid.blocks(), 0.0);
  parallel_chunks(run, tiles.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t t = begin; t < end; ++t) {
      const TileSeries series(grid, tiles[t], 0);
      for (std::size_t b = tiles[t].row * grid.columns + tiles[t].first;
           b < tiles[t].row * grid.columns + tiles[t].last; ++b) {
        if (searched(grid, b)) {
          own[b] = noise_from_differences(series.row(b), usable);
          counting[b] = std::sqrt(std::max(1e-12, mean_of(series.row(b), usable)) / pixels);
        }
      }
    }
  });
  std::vector<double> ratio;
  for (std::size_t b = 0; b < grid.blocks(); ++b) {
    if (searched(grid, b)) {
      ratio.push_back(own[b] * own[b] / (counting[b] * counting[b]));
    }
  }
  out.excess = ratio.empty() ? 1.0 : num::median(ratio);
  out.noise.assign(grid.blocks(), 0.0);
  for (std::size_t b = 0; b < grid.blocks(); ++b) {
    // A block's own estimate has some ten per cent of error: it counts only when it is clearly larger.
    constexpr double clearly = 1.3;
    const double common = std::sqrt(out.excess) * counting[b];
    out.noise[b] = own[b] > clearly * common ? own[b] : common;
  }
}

/// A step of one block; if there is none, of the mean over its family.
void search_block(const BlockGrid& grid, const TileSeries& series, const StepSearch& search, std::size_t b,
                  ChangeMap& out) {
  out.points[b] = search.find(series.row(b), out.noise[b]);
  if (out.points[b].found) {
    return;
  }
  const std::vector<std::size_t> members = family(grid, b);
  std::vector<float> mean(grid.frames, 0.0F);
  double variance = 0.0;
  for (const std::size_t member : members) {
    const auto row = series.row(member);
    std::transform(mean.begin(), mean.end(), row.begin(), mean.begin(), std::plus<>{});
    variance += out.noise[member] * out.noise[member];
  }
  const auto n = static_cast<float>(members.size());
  for (float& v : mean) {
    v /= n;
  }
  ChangePoint pooled = search.find(mean, std::sqrt(variance) / static_cast<double>(members.size()));
  if (pooled.found) {
    out.points[b] = pooled;
    out.pooled[b] = 1;
  }
}

std::size_t drop_isolated(const BlockGrid& grid, std::vector<ChangePoint>& points) {
  constexpr double slack_frames = 12.0;
  std::vector<char> keep(points.size(), 0);
  std::size_t dropped = 0;
  for (std::size_t b = 0; b < points.size(); ++b) {
    if (!points[b].found) {
      continue;
    }
    for (const std::size_t other : family(grid, b)) {
      const double sigma = std::hypot(points[b].sigma[2], points[other].sigma[2]);
      if (other != b && points[other].found && points[other].change * points[b].change > 0.0 &&
          std::abs(points[other].at[2] - points[b].at[2]) < 3.0 * sigma + slack_frames) {
        keep[b] = 1;
      }
    }
    dropped += keep[b] == 0 ? 1U : 0U;
  }
  for (std::size_t b = 0; b < points.size(); ++b) {
    points[b].found = points[b].found && keep[b] != 0;
  }
  return dropped;
}

}  // namespace

ChangeMap find_changes(const BlockGrid& grid, std::span<const FrameDrift> drift, const ChangeOptions& options,
                       Run& run) {
  const std::vector<char> usable = usable_frames(drift);
  HOTSTAGE_EXPECTS(usable.size() == grid.frames);
  ChangeMap out;
  const auto threads = static_cast<std::size_t>(std::max(1, run.threads));
  const std::vector<Tile> tiles = make_tiles(grid, run.memory / 4 / threads);
  measure_noise(grid, usable, tiles, run, out);
  std::size_t count = 0;
  for (std::size_t b = 0; b < grid.blocks(); ++b) {
    count += searched(grid, b) ? 1U : 0U;
  }
  const StepSearch search(usable, 2 * count, options, &run);  // each block is looked at twice at most
  out.threshold = search.threshold();
  out.points.resize(grid.blocks());
  out.pooled.assign(grid.blocks(), 0);
  std::atomic<std::size_t> done{0};
  parallel_chunks(run, tiles.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t t = begin; t < end; ++t) {
      run.progress(0.4 + 0.4 * static_cast<double>(done++) / static_cast<double>(tiles.size()), "changes");
      const TileSeries series(grid, tiles[t], 1);
      for (std::size_t b = tiles[t].row * grid.columns + tiles[t].first;
           b < tiles[t].row * grid.columns + tiles[t].last; ++b) {
        if (searched(grid, b)) {
          search_block(grid, series, search, b, out);
        }
      }
    }
  });
  out.isolated = drop_isolated(grid, out.points);
  return out;
}

}  // namespace hotstage::series
