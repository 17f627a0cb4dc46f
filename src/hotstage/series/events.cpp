// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/events.hpp"

#include "hotstage/num/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace hotstage::series {

namespace {

constexpr double first_share = 0.01;  // of a grain's blocks: its first part
constexpr std::size_t fewest_first = 2;
constexpr double mostly = 0.5;  // changed share from which a completion is stated
constexpr std::uint64_t bootstrap_stream = 61;
constexpr std::size_t replicates = 200;
constexpr double clear_share = 0.68;
constexpr long near_blocks = 2;  // a neighbour this many blocks away is beside

struct Members {
  std::map<int, std::vector<std::size_t>> found;  ///< blocks with an onset, by grain
  std::map<int, std::size_t> searched;
};

Members members_of(const BlockGrid& grid, const ChangeMap& changes) {
  Members out;
  for (std::size_t b = 0; b < grid.blocks(); ++b) {
    if (grid.covered[b] == 0 || grid.grain[b] <= 0) {
      continue;
    }
    ++out.searched[grid.grain[b]];
    if (changes.points[b].found) {
      out.found[grid.grain[b]].push_back(b);
    }
  }
  return out;
}

template <class Work>
void around(const BlockGrid& grid, std::size_t block, long reach, Work&& work) {
  const auto y = static_cast<long>(block / grid.columns);
  const auto x = static_cast<long>(block % grid.columns);
  for (long ny = std::max(0L, y - reach); ny <= std::min(static_cast<long>(grid.rows) - 1, y + reach); ++ny) {
    for (long nx = std::max(0L, x - reach); nx <= std::min(static_cast<long>(grid.columns) - 1, x + reach); ++nx) {
      work(static_cast<std::size_t>(ny) * grid.columns + static_cast<std::size_t>(nx));
    }
  }
}

/// Onset times with a median over 3 × 3 blocks of the grain.
std::vector<double> smoothed(const BlockGrid& grid, const std::vector<BlockOnset>& map) {
  std::vector<double> out(grid.blocks(), std::numeric_limits<double>::infinity());
  for (std::size_t b = 0; b < grid.blocks(); ++b) {
    if (!map[b].found) {
      continue;
    }
    std::vector<double> times;
    around(grid, b, 1, [&](std::size_t other) {
      if (map[other].found && grid.grain[other] == grid.grain[b]) {
        times.push_back(map[other].time_s);
      }
    });
    out[b] = num::median(times);
  }
  return out;
}

/// The first part of a grain: the blocks and the time of the last of them.
struct FirstPart {
  std::vector<std::size_t> blocks;
  double time_s = 0.0;
};

FirstPart first_part(const std::vector<std::size_t>& blocks, const std::vector<double>& times, std::size_t count) {
  std::vector<std::size_t> order = blocks;
  const std::size_t n = std::min(count, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<long>(n), order.end(),
                    [&](std::size_t a, std::size_t b) { return times[a] != times[b] ? times[a] < times[b] : a < b; });
  order.resize(n);
  return {order, times[order.back()]};
}

std::size_t first_count(std::size_t searched) {
  return std::max(fewest_first, static_cast<std::size_t>(first_share * static_cast<double>(searched)));
}

/// Slowness of the front around a block by a plane through the onset times, s/nm; nothing when the blocks do not
/// determine it.
std::optional<double> slowness(const EventInput& input, const std::vector<BlockOnset>& map, std::size_t block) {
  constexpr std::size_t fewest = 8;
  double n = 0.0, sy = 0.0, sx = 0.0, st = 0.0, syy = 0.0, sxx = 0.0, sxy = 0.0, syt = 0.0, sxt = 0.0, noise = 0.0;
  const BlockGrid& grid = input.grid;
  const auto y0 = static_cast<double>(block / grid.columns);
  const auto x0 = static_cast<double>(block % grid.columns);
  const double frame_s = input.thermometry.timeline.row_s * static_cast<double>(input.thermometry.timeline.rows);
  around(grid, block, 2, [&](std::size_t other) {
    if (!map[other].found || grid.grain[other] != grid.grain[block]) {
      return;
    }
    const double y = static_cast<double>(other / grid.columns) - y0;
    const double x = static_cast<double>(other % grid.columns) - x0;
    const double t = map[other].time_s - map[block].time_s;
    n += 1.0;
    sy += y;
    sx += x;
    st += t;
    syy += y * y;
    sxx += x * x;
    sxy += x * y;
    syt += y * t;
    sxt += x * t;
    noise += std::pow(map[other].sigma_frames * frame_s, 2);
  });
  if (n < static_cast<double>(fewest)) {
    return std::nullopt;
  }
  const double yy = syy - sy * sy / n;
  const double xx = sxx - sx * sx / n;
  const double xy = sxy - sx * sy / n;
  const double yt = syt - sy * st / n;
  const double xt = sxt - sx * st / n;
  const double determinant = yy * xx - xy * xy;
  if (!(determinant > 1e-6 * yy * xx)) {
    return std::nullopt;
  }
  const double gy = (xx * yt - xy * xt) / determinant;
  const double gx = (yy * xt - xy * yt) / determinant;
  // Noise makes a gradient longer: its expected square is taken off.
  const double variance = noise / n * (xx + yy) / determinant;
  const double squared = gy * gy + gx * gx - variance;
  const double step_nm = static_cast<double>(grid.block_px) * input.pixel_nm;
  return squared > 0.0 ? std::optional<double>(std::sqrt(squared) / step_nm) : std::nullopt;
}

void add_velocity(const EventInput& input, const std::vector<BlockOnset>& map, const std::vector<std::size_t>& blocks,
                  GrainOnset& out) {
  std::vector<double> values, temperatures;
  for (const std::size_t b : blocks) {
    if (const auto s = slowness(input, map, b)) {
      values.push_back(*s);
      temperatures.push_back(map[b].degC);
    }
  }
  constexpr std::size_t fewest = 10;
  if (values.size() < fewest) {
    return;
  }
  const double middle = num::median(values);
  // Planes over 5 × 5 blocks share their data: only every 25th is new.
  const double independent = std::max(1.0, static_cast<double>(values.size()) / 25.0);
  const double sigma = 1.2533 * num::median_deviation(values) / std::sqrt(independent);
  out.velocity_nm_per_s = 1.0 / middle;
  out.velocity_sigma = sigma / (middle * middle);
  out.velocity_degC = num::median(temperatures);
}

/// Time of the first part under each definition of onset and for half and twice the part: their spread is the model's.
double model_spread_K(const EventInput& input, const std::vector<std::size_t>& blocks, std::size_t count) {
  std::vector<double> degC;
  for (const OnsetDefinition d : {OnsetDefinition::first_sigma, OnsetDefinition::ten_percent, OnsetDefinition::half}) {
    const auto times = smoothed(input.grid, onset_map(input.grid, input.changes, input.drift, input.thermometry, d));
    for (const std::size_t n : {std::max<std::size_t>(1, count / 2), count, 2 * count}) {
      degC.push_back(input.thermometry.log.at(first_part(blocks, times, n).time_s));
    }
  }
  return num::standard_deviation(degC);
}

SigmaParts sigma_at(const EventInput& input, double time_s, double sigma_frames) {
  const Thermometry& t = input.thermometry;
  const double rate = std::abs(t.log.rate_K_per_s(time_s));
  const std::size_t frames = t.timeline.frame_start_s.size();
  const double frame_s =
      (t.timeline.frame_start_s.back() - t.timeline.frame_start_s.front()) / static_cast<double>(frames - 1);
  SigmaParts out;
  out.frame_K = rate * frame_s * sigma_frames;
  out.log_K = std::hypot(t.log_sigma_K, rate * t.clock_sigma_s);
  out.chip_K = t.chip_sigma_K;
  return out;
}

}  // namespace

double SigmaParts::total_K() const {
  return std::sqrt(frame_K * frame_K + log_K * log_K + chip_K * chip_K + model_K * model_K);
}

const char* name(CrossingVerdict verdict) noexcept {
  switch (verdict) {
    case CrossingVerdict::crossing:
      return "crossing";
    case CrossingVerdict::independent:
      return "independent";
    case CrossingVerdict::undecided:
      break;
  }
  return "undecided";
}

std::vector<BlockOnset> onset_map(const BlockGrid& grid, const ChangeMap& changes, std::span<const FrameDrift> drift,
                                  const Thermometry& thermometry, OnsetDefinition definition) {
  std::vector<BlockOnset> out(grid.blocks());
  const auto d = static_cast<std::size_t>(definition);
  for (std::size_t b = 0; b < grid.blocks(); ++b) {
    const ChangePoint& p = changes.points[b];
    if (p.found) {
      out[b].found = true;
      out[b].frame = p.at[d];
      out[b].sigma_frames = p.sigma[d];
      out[b].time_s = block_time_s(thermometry.timeline, drift, grid.y_px(b), p.at[d]);
      out[b].degC = thermometry.log.at(out[b].time_s);
    }
  }
  return out;
}

std::vector<GrainOnset> grain_onsets(const EventInput& input) {
  const Members members = members_of(input.grid, input.changes);
  const auto map = onset_map(input.grid, input.changes, input.drift, input.thermometry, input.definition);
  const std::vector<double> times = smoothed(input.grid, map);
  std::vector<GrainOnset> out;
  for (const auto& [grain, searched] : members.searched) {
    GrainOnset one{.grain = grain};
    const auto blocks = members.found.find(grain);
    const std::size_t count = first_count(searched);
    if (blocks == members.found.end() || blocks->second.size() < count) {
      out.push_back(one);
      continue;
    }
    one.found = true;
    one.changed_share = static_cast<double>(blocks->second.size()) / static_cast<double>(searched);
    const FirstPart first = first_part(blocks->second, times, count);
    one.time_s = first.time_s;
    one.degC = input.thermometry.log.at(first.time_s);
    std::vector<double> y, x, sigma, change, completed;
    for (const std::size_t b : first.blocks) {
      y.push_back(input.grid.y_px(b));
      x.push_back(input.grid.x_px(b));
      sigma.push_back(map[b].sigma_frames);
    }
    for (const std::size_t b : blocks->second) {
      const ChangePoint& p = input.changes.points[b];
      change.push_back(p.before > 0.0 ? p.change / p.before : 0.0);
      completed.push_back(block_time_s(input.thermometry.timeline, input.drift, input.grid.y_px(b), p.completed));
    }
    one.y_px = num::median(y);
    one.x_px = num::median(x);
    one.sigma = sigma_at(input, one.time_s, num::median(sigma));
    one.sigma.model_K = model_spread_K(input, blocks->second, count);
    one.mean_change = num::median(change);
    if (one.changed_share > mostly) {
      one.completed_degC = input.thermometry.log.at(num::quantile(completed, 0.9));
    }
    add_velocity(input, map, blocks->second, one);
    out.push_back(one);
  }
  return out;
}

namespace {

/// Latest-known state of a neighbour beside a block: its earliest onset within reach.
double neighbour_time(const BlockGrid& grid, const std::vector<double>& times, std::size_t block, int neighbour) {
  double earliest = std::numeric_limits<double>::infinity();
  around(grid, block, near_blocks, [&](std::size_t other) {
    if (grid.grain[other] == neighbour) {
      earliest = std::min(earliest, times[other]);
    }
  });
  return earliest;
}

/// Grains beside a block.
std::set<int> neighbours_of(const BlockGrid& grid, std::size_t block) {
  std::set<int> out;
  around(grid, block, near_blocks, [&](std::size_t other) {
    if (grid.grain[other] > 0 && grid.grain[other] != grid.grain[block]) {
      out.insert(grid.grain[other]);
    }
  });
  return out;
}

/// Blocks of a grain beside any other.
std::vector<std::size_t> rim_of(const BlockGrid& grid, int grain) {
  std::vector<std::size_t> out;
  for (std::size_t b = 0; b < grid.blocks(); ++b) {
    if (grid.grain[b] == grain && grid.covered[b] != 0 && !neighbours_of(grid, b).empty()) {
      out.push_back(b);
    }
  }
  return out;
}

/// Whether most of the first blocks lie beside parts of the neighbour that had changed by then.
bool beside_changed(const BlockGrid& grid, const std::vector<double>& times, const FirstPart& first, int neighbour,
                    double slack_s) {
  std::size_t hits = 0;
  for (const std::size_t b : first.blocks) {
    hits += neighbour_time(grid, times, b, neighbour) <= first.time_s + slack_s ? 1U : 0U;
  }
  return 2 * hits > first.blocks.size();
}

double bootstrap_share(const EventInput& input, const std::vector<std::size_t>& blocks, std::size_t count,
                       int neighbour, double slack_s) {
  const auto map = onset_map(input.grid, input.changes, input.drift, input.thermometry, input.definition);
  const std::size_t frames = input.thermometry.timeline.frame_start_s.size();
  const double frame_s =
      (input.thermometry.timeline.frame_start_s.back() - input.thermometry.timeline.frame_start_s.front()) /
      static_cast<double>(frames - 1);
  std::size_t hits = 0;
  for (std::size_t r = 0; r < replicates; ++r) {
    Rng rng(input.seed, bootstrap_stream, r);
    std::vector<BlockOnset> noisy = map;
    for (BlockOnset& onset : noisy) {
      onset.time_s += frame_s * onset.sigma_frames * rng.normal();
    }
    const std::vector<double> times = smoothed(input.grid, noisy);
    hits += beside_changed(input.grid, times, first_part(blocks, times, count), neighbour, slack_s) ? 1U : 0U;
  }
  return static_cast<double>(hits) / static_cast<double>(replicates);
}

}  // namespace

std::vector<Crossing> crossings(const EventInput& input, std::span<const GrainOnset> onsets) {
  const BlockGrid& grid = input.grid;
  const Members members = members_of(grid, input.changes);
  const auto map = onset_map(grid, input.changes, input.drift, input.thermometry, input.definition);
  const std::vector<double> times = smoothed(grid, map);
  const double frame_s = input.thermometry.timeline.row_s * static_cast<double>(input.thermometry.timeline.rows);
  std::vector<Crossing> out;
  for (const GrainOnset& grain : onsets) {
    if (!grain.found) {
      continue;
    }
    const std::vector<std::size_t>& blocks = members.found.at(grain.grain);
    const std::size_t count = first_count(members.searched.at(grain.grain));
    const FirstPart first = first_part(blocks, times, count);
    const std::vector<std::size_t> rim = rim_of(grid, grain.grain);
    std::set<int> beside;
    for (const std::size_t b : first.blocks) {
      beside.merge(neighbours_of(grid, b));
    }
    for (const int neighbour : beside) {
      std::vector<double> arrivals;
      for (const std::size_t b : first.blocks) {
        const double t = neighbour_time(grid, times, b, neighbour);
        if (std::isfinite(t)) {
          arrivals.push_back(t);
        }
      }
      if (arrivals.empty() || num::median(arrivals) > first.time_s + frame_s) {
        continue;  // the neighbour changed later: the front may have gone the other way
      }
      Crossing c{.from = neighbour, .into = grain.grain};
      const double arrival = num::median(arrivals);
      c.arrival_degC = input.thermometry.log.at(arrival);
      c.degC = grain.degC;
      c.sigma = grain.sigma;
      c.wait_s = first.time_s - arrival;
      // The front needs time for the blocks that count as beside; the rest is sampling and noise.
      const double reach_nm =
          static_cast<double>((near_blocks + 1) * static_cast<long>(grid.block_px)) * input.pixel_nm;
      const double travel_s = grain.velocity_nm_per_s ? reach_nm / *grain.velocity_nm_per_s : 0.0;
      c.continuous = c.wait_s <= travel_s + frame_s * (1.0 + 2.0 * map[first.blocks.front()].sigma_frames);
      c.y_px = grain.y_px;
      c.x_px = grain.x_px;
      std::size_t lucky = 0;
      for (const std::size_t b : rim) {
        lucky += neighbour_time(grid, times, b, neighbour) <= first.time_s + frame_s ? 1U : 0U;
      }
      c.chance = rim.empty() ? 1.0 : static_cast<double>(lucky) / static_cast<double>(rim.size());
      c.bootstrap = bootstrap_share(input, blocks, count, neighbour, frame_s);
      if (c.bootstrap >= clear_share && c.chance <= 1.0 - clear_share) {
        c.verdict = CrossingVerdict::crossing;
      } else if (c.bootstrap <= 1.0 - clear_share) {
        c.verdict = CrossingVerdict::independent;
      }
      out.push_back(c);
    }
  }
  return out;
}

}  // namespace hotstage::series
