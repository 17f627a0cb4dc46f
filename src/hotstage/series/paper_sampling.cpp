// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/paper_sampling.hpp"

#include "hotstage/num/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace hotstage::series {

namespace {

/// Mean over 3 × 3 blocks of the same grain in one frame, and how many they are.
struct Pooled {
  std::vector<double> value;
  std::vector<double> n;
};

Pooled pool(const BlockGrid& grid, std::size_t frame) {
  Pooled out{std::vector<double>(grid.blocks(), 0.0), std::vector<double>(grid.blocks(), 0.0)};
  const std::vector<float> values = grid.series.at_frame(frame);
  const auto rows = static_cast<long>(grid.rows);
  const auto columns = static_cast<long>(grid.columns);
  for (long y = 0; y < rows; ++y) {
    for (long x = 0; x < columns; ++x) {
      const auto b = static_cast<std::size_t>(y * columns + x);
      for (long k = 0; k < 9; ++k) {
        const long ny = y + k / 3 - 1;
        const long nx = x + k % 3 - 1;
        if (ny < 0 || nx < 0 || ny >= rows || nx >= columns) {
          continue;
        }
        const auto other = static_cast<std::size_t>(ny * columns + nx);
        if (grid.covered[other] != 0 && grid.grain[other] == grid.grain[b]) {
          out.value[b] += static_cast<double>(values[other]);
          out.n[b] += 1.0;
        }
      }
      out.value[b] /= std::max(1.0, out.n[b]);
    }
  }
  return out;
}

/// 1 where a block changed from one frame to the next.
std::vector<char> changed_blocks(const BlockGrid& grid, std::size_t before, std::size_t after,
                                 const PaperOptions& options) {
  const Pooled a = pool(grid, before);
  const Pooled b = pool(grid, after);
  const double pixels = static_cast<double>(grid.block_px * grid.block_px);
  std::vector<double> relative(grid.blocks(), 0.0);
  std::vector<double> known;
  for (std::size_t i = 0; i < grid.blocks(); ++i) {
    if (grid.covered[i] != 0 && grid.grain[i] > 0 && a.value[i] > 0.0) {
      relative[i] = b.value[i] / a.value[i] - 1.0;
      if (std::abs(relative[i]) < options.contrast) {
        known.push_back(relative[i]);
      }
    }
  }
  // What all have in common is small: blocks that changed clearly, be they most, do not say what it is.
  const double common = num::median(known);
  std::vector<char> out(grid.blocks(), 0);
  for (std::size_t i = 0; i < grid.blocks(); ++i) {
    if (grid.covered[i] == 0 || grid.grain[i] <= 0 || !(a.value[i] > 0.0)) {
      continue;
    }
    const double sigma = std::sqrt(2.0 / (a.value[i] * pixels * std::max(1.0, a.n[i])));
    out[i] = std::abs(relative[i] - common) > std::max(options.contrast, options.sigma_k * sigma) ? 1 : 0;
  }
  return out;
}

std::vector<std::size_t> nearest_frames(std::span<const FrameDrift> drift, std::span<const double> temperature,
                                        const PaperOptions& options) {
  std::vector<std::size_t> out;
  for (const double wanted : options.temperatures_degC) {
    std::size_t best = 0;
    double distance = std::numeric_limits<double>::infinity();
    for (std::size_t f = 0; f < drift.size(); ++f) {
      const double off = std::abs(temperature[f] - wanted);
      if (drift[f].usable() && off < distance) {
        distance = off;
        best = f;
      }
    }
    if (out.empty() || best > out.back()) {
      out.push_back(best);
    }
  }
  return out;
}

std::optional<Interval> earliest(const std::optional<Interval>& a, const std::optional<Interval>& b) {
  if (!a || !b) {
    return a ? a : b;
  }
  return a->high_degC <= b->high_degC ? a : b;
}

}  // namespace

PaperReading read_as_paper(const BlockGrid& grid, std::span<const FrameDrift> drift,
                           std::span<const double> frame_temperature_degC,
                           std::span<const std::pair<int, int>> neighbours, const PaperOptions& options) {
  HOTSTAGE_EXPECTS(drift.size() == grid.frames && frame_temperature_degC.size() == grid.frames);
  PaperReading out;
  out.frames = nearest_frames(drift, frame_temperature_degC, options);
  for (const std::size_t f : out.frames) {
    out.temperatures_degC.push_back(frame_temperature_degC[f]);
  }
  std::map<int, std::size_t> size;
  for (std::size_t b = 0; b < grid.blocks(); ++b) {
    if (grid.covered[b] != 0 && grid.grain[b] > 0) {
      ++size[grid.grain[b]];
    }
  }
  std::map<int, PaperGrain> grains;
  for (const auto& [grain, count] : size) {
    grains[grain].grain = grain;
  }
  for (std::size_t k = 1; k < out.frames.size(); ++k) {
    const std::vector<char> changed = changed_blocks(grid, out.frames[k - 1], out.frames[k], options);
    std::map<int, std::size_t> hits;
    for (std::size_t b = 0; b < grid.blocks(); ++b) {
      hits[grid.grain[b]] += changed[b] != 0 ? 1U : 0U;
    }
    for (auto& [id, grain] : grains) {
      const double share = static_cast<double>(hits[id]) / static_cast<double>(size[id]);
      grain.changed_share.push_back(share);
      constexpr std::size_t fewest = 3;
      if (!grain.onset && hits[id] >= fewest && share >= options.share) {
        grain.onset = Interval{out.temperatures_degC[k - 1], out.temperatures_degC[k]};
      }
    }
  }
  for (const auto& [id, grain] : grains) {
    out.onset = earliest(out.onset, grain.onset);
  }
  for (const auto& [a, b] : neighbours) {
    const auto first = grains.find(a);
    const auto second = grains.find(b);
    if (first == grains.end() || second == grains.end() || !first->second.onset || !second->second.onset) {
      continue;
    }
    const Interval& one = *first->second.onset;
    const Interval& two = *second->second.onset;
    if (one.high_degC != two.high_degC) {
      out.crossing = earliest(out.crossing, one.high_degC < two.high_degC ? two : one);
    }
  }
  for (auto& [id, grain] : grains) {
    out.grains.push_back(std::move(grain));
  }
  return out;
}

}  // namespace hotstage::series
