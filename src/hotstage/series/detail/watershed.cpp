// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/watershed.hpp"

#include "hotstage/num/statistics.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <optional>
#include <queue>
#include <set>
#include <tuple>

namespace hotstage::series::detail {

namespace {

constexpr std::array<std::array<long, 2>, 4> four{{{-1, 0}, {1, 0}, {0, -1}, {0, 1}}};

std::pair<int, int> key(int a, int b) {
  return {std::min(a, b), std::max(a, b)};
}

/// Distances from the boundary at which the brightness is taken, px: means over a near and a far stretch.
constexpr long near_first = 5, near_last = 8, far_first = 9, far_last = 15;

/// Brightness at the boundary, extrapolated from the side that starts at (y, x) and goes in steps of (dy, dx); taken
/// as it stands close to the boundary where the far stretch is not there, nothing where the near one is not.
std::optional<double> extrapolated(View<const float, 2> image, View<const std::int32_t, 2> labels,
                                   std::array<long, 2> at, std::array<long, 2> step) {
  const auto rows = static_cast<long>(labels.extent(0));
  const auto columns = static_cast<long>(labels.extent(1));
  const std::int32_t label = labels(static_cast<std::size_t>(at[0]), static_cast<std::size_t>(at[1]));
  double close = 0.0;
  double distant = 0.0;
  long k = 0;
  for (; k <= far_last; ++k) {
    const long y = at[0] + k * step[0];
    const long x = at[1] + k * step[1];
    if (y < 0 || x < 0 || y >= rows || x >= columns ||
        labels(static_cast<std::size_t>(y), static_cast<std::size_t>(x)) != label) {
      break;
    }
    const auto value = static_cast<double>(image(static_cast<std::size_t>(y), static_cast<std::size_t>(x)));
    close += k >= near_first && k <= near_last ? value : 0.0;
    distant += k >= far_first ? value : 0.0;
  }
  if (k <= near_last) {
    return std::nullopt;
  }
  constexpr double near_middle = 0.5 * (near_first + near_last) + 0.5;
  constexpr double far_middle = 0.5 * (far_first + far_last) + 0.5;
  close /= static_cast<double>(near_last - near_first + 1);
  distant /= static_cast<double>(far_last - far_first + 1);
  return k <= far_last ? close : close + (close - distant) * near_middle / (far_middle - near_middle);
}

struct Step {
  double relative = 0.0;    ///< positive when the second side is brighter
  double brightness = 0.0;  ///< mean of both
};

/// The step between two neighbouring pixels.
std::optional<Step> step_between(View<const float, 2> image, View<const std::int32_t, 2> labels, std::array<long, 2> at,
                                 std::array<long, 2> direction) {
  const auto here = extrapolated(image, labels, at, {-direction[0], -direction[1]});
  const auto there = extrapolated(image, labels, {at[0] + direction[0], at[1] + direction[1]}, direction);
  if (!here || !there || !(*here + *there > 0.0)) {
    return std::nullopt;
  }
  const double brightness = 0.5 * (*here + *there);
  return Step{(*there - *here) / brightness, brightness};
}

enum class Turn { keep, reverse };

void add(Sides& to, const Sides& s, Turn turn) {
  for (const auto& [place, tile] : s.tiles) {
    Sides::Tile& target = to.tiles[place];
    target.sum += turn == Turn::keep ? tile.sum : -tile.sum;
    target.pixels += tile.pixels;
    target.inverse += tile.inverse;
  }
}

/// Sums over the tiles of a boundary.
struct TileSums {
  double pixels = 0.0;
  double square = 0.0;    ///< mean over places of the squared mean step of their tile
  double variance = 0.0;  ///< what noise gives to that
  double tiles = 0.0;     ///< tiles that count
  double mean = 0.0;      ///< step over all places
  double mean_variance = 0.0;
};

TileSums tile_sums(const Sides& s, double step_noise) {
  constexpr double shared = 6.0;  // neighbouring places share most of their pixels
  TileSums out;
  double pixels = 0.0;
  double inverse = 0.0;
  for (const auto& [place, tile] : s.tiles) {
    const double mean = tile.sum / tile.pixels;
    const double variance = step_noise * tile.inverse / tile.pixels / std::max(1.0, tile.pixels / shared);
    out.square += tile.pixels * mean * mean;
    out.variance += tile.pixels * variance;
    out.mean += tile.sum;
    pixels += tile.pixels;
    inverse += tile.inverse;
    out.tiles += 1.0;
  }
  out.pixels = pixels;
  if (pixels > 0.0) {
    out.square /= pixels;
    out.variance /= pixels;
    out.mean = std::abs(out.mean) / pixels;
    out.mean_variance = step_noise * inverse / pixels / std::max(1.0, pixels / shared);
  }
  return out;
}

/// A flooded boundary follows the noise where there is nothing else: its steps are larger than those anywhere.
constexpr double followed = 2.0;

struct Region {
  double area = 0.0;
  double sum = 0.0;  ///< of brightness

  [[nodiscard]] double mean() const { return sum / area; }
};

using Regions = std::map<int, Region>;

/// Relative difference of the mean brightness.
double difference(const Region& a, const Region& b) {
  return std::abs(a.mean() - b.mean()) / (0.5 * (a.mean() + b.mean()));
}

/// The smallest region, when it is too small to be a grain, and its neighbour most alike.
std::pair<int, int> smallest_pair(const SidesOf& sides, const Regions& regions, double min_area_px) {
  const auto smallest = std::min_element(regions.begin(), regions.end(),
                                         [](const auto& a, const auto& b) { return a.second.area < b.second.area; });
  double least = 1e300;
  std::pair<int, int> best{0, 0};
  if (smallest->second.area < min_area_px) {
    for (const auto& [pair, s] : sides) {
      const double ratio = difference(regions.at(pair.first), regions.at(pair.second));
      if ((pair.first == smallest->first || pair.second == smallest->first) && ratio < least) {
        least = ratio;
        best = pair;
      }
    }
  }
  return best;
}

/// Puts all of region `from` into region `into`.
void join(SidesOf& sides, Regions& regions, int into, int from) {
  SidesOf next;
  for (const auto& [pair, s] : sides) {
    int a = pair.first == from ? into : pair.first;
    int b = pair.second == from ? into : pair.second;
    if (a == b) {
      continue;
    }
    add(next[key(a, b)], s, a < b ? Turn::keep : Turn::reverse);
  }
  sides = std::move(next);
  regions[into].area += regions[from].area;
  regions[into].sum += regions[from].sum;
  regions.erase(from);
}

}  // namespace

void flood(View<const float, 2> height, View<std::int32_t, 2> markers) {
  using Entry = std::tuple<float, std::uint64_t, std::uint32_t, std::uint32_t>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
  const auto rows = static_cast<long>(height.extent(0));
  const auto columns = static_cast<long>(height.extent(1));
  std::uint64_t order = 0;
  const auto push_neighbours = [&](long y, long x) {
    const std::int32_t label = markers(static_cast<std::size_t>(y), static_cast<std::size_t>(x));
    for (const auto& [dy, dx] : four) {
      const long ny = y + dy;
      const long nx = x + dx;
      if (ny < 0 || nx < 0 || ny >= rows || nx >= columns) {
        continue;
      }
      std::int32_t& target = markers(static_cast<std::size_t>(ny), static_cast<std::size_t>(nx));
      if (target == 0) {
        target = label;
        queue.emplace(height(static_cast<std::size_t>(ny), static_cast<std::size_t>(nx)), order++,
                      static_cast<std::uint32_t>(ny), static_cast<std::uint32_t>(nx));
      }
    }
  };
  // Marked pixels enter at their own height, so that low ones spread first.
  for (long y = 0; y < rows; ++y) {
    for (long x = 0; x < columns; ++x) {
      const auto uy = static_cast<std::size_t>(y);
      const auto ux = static_cast<std::size_t>(x);
      if (markers(uy, ux) != 0) {
        queue.emplace(height(uy, ux), order++, static_cast<std::uint32_t>(y), static_cast<std::uint32_t>(x));
      }
    }
  }
  while (!queue.empty()) {
    const auto [h, o, y, x] = queue.top();
    queue.pop();
    push_neighbours(static_cast<long>(y), static_cast<long>(x));
  }
}

double Sides::contrast(double step_noise) const {
  const TileSums sums = tile_sums(*this, step_noise);
  return std::sqrt(std::max(0.0, sums.square - followed * sums.variance));
}

double Sides::distinctness(double step_noise, double min_contrast) const {
  constexpr double clear = 4.0;
  const TileSums sums = tile_sums(*this, step_noise);
  constexpr double fewest = 6.0;
  if (sums.pixels < fewest) {
    return -1.0;
  }
  const double scatter = std::sqrt(clear * followed * sums.variance * std::sqrt(2.0 / sums.tiles));
  return std::max(sums.mean / std::max(min_contrast, clear * std::sqrt(followed * sums.mean_variance)),
                  contrast(step_noise) / std::max(min_contrast, scatter));
}

SidesOf look_at_sides(View<const float, 2> image, View<const std::int32_t, 2> labels) {
  SidesOf out;
  const auto rows = static_cast<long>(labels.extent(0));
  const auto columns = static_cast<long>(labels.extent(1));
  for (long y = 0; y < rows; ++y) {
    for (long x = 0; x < columns; ++x) {
      const std::int32_t here = labels(static_cast<std::size_t>(y), static_cast<std::size_t>(x));
      for (const auto& [dy, dx] : {std::array<long, 2>{1, 0}, std::array<long, 2>{0, 1}}) {
        if (y + dy >= rows || x + dx >= columns) {
          continue;
        }
        const std::int32_t there = labels(static_cast<std::size_t>(y + dy), static_cast<std::size_t>(x + dx));
        if (here == there || here <= 0 || there <= 0) {
          continue;
        }
        Sides& sides = out[key(here, there)];
        if (const auto step = step_between(image, labels, {y, x}, {dy, dx})) {
          constexpr long tile_px = 16;
          Sides::Tile& tile = sides.tiles[{y / tile_px, x / tile_px}];
          tile.sum += here < there ? step->relative : -step->relative;
          tile.pixels += 1.0;
          tile.inverse += 1.0 / step->brightness;
        }
      }
    }
  }
  return out;
}

double step_noise(View<const float, 2> image, View<const std::int32_t, 2> labels) {
  constexpr long stride = 7;
  std::vector<double> squares;
  const auto rows = static_cast<long>(labels.extent(0));
  const auto columns = static_cast<long>(labels.extent(1));
  for (long y = 0; y + 1 < rows; y += stride) {
    for (long x = 0; x + 1 < columns; x += stride) {
      const auto label = labels(static_cast<std::size_t>(y), static_cast<std::size_t>(x));
      for (const auto& direction : {std::array<long, 2>{1, 0}, std::array<long, 2>{0, 1}}) {
        const auto other =
            labels(static_cast<std::size_t>(y + direction[0]), static_cast<std::size_t>(x + direction[1]));
        const auto step = label > 0 && other == label ? step_between(image, labels, {y, x}, direction) : std::nullopt;
        if (step) {
          squares.push_back(step->relative * step->relative * step->brightness);
        }
      }
    }
  }
  constexpr double median_of_chi2 = 0.4549;
  return num::median(squares) / median_of_chi2;
}

void merge_regions(View<const float, 2> image, View<std::int32_t, 2> labels, const MergeRule& rule) {
  SidesOf sides = look_at_sides(image, labels);
  const double noise = step_noise(image, labels);
  Regions regions;
  std::map<int, int> parent;
  for (std::size_t y = 0; y < labels.extent(0); ++y) {
    for (std::size_t x = 0; x < labels.extent(1); ++x) {
      Region& region = regions[labels(y, x)];
      region.area += 1.0;
      region.sum += static_cast<double>(image(y, x));
      parent[labels(y, x)] = labels(y, x);
    }
  }
  const auto merge = [&](int into, int from) {
    join(sides, regions, into, from);
    for (auto& [label, root] : parent) {
      root = root == from ? into : root;
    }
  };
  for (;;) {
    // The pair most alike, in units of what would make it two grains, until none is below 1.
    double least = 1.0;
    std::pair<int, int> best{0, 0};
    for (const auto& [pair, s] : sides) {
      const double ratio = s.distinctness(noise, rule.min_contrast);
      if (ratio >= 0.0 && ratio < least) {
        least = ratio;
        best = pair;
      }
    }
    if (best.first == 0) {
      best = smallest_pair(sides, regions, rule.min_area_px);
    }
    if (best.first == 0) {
      break;
    }
    merge(best.first, best.second);
  }
  std::map<int, int> number;
  for (std::size_t y = 0; y < labels.extent(0); ++y) {
    for (std::int32_t& label : labels.row(y)) {
      const int root = parent[label];
      const auto [entry, fresh] = number.try_emplace(root, static_cast<int>(number.size()) + 1);
      label = entry->second;
    }
  }
}

}  // namespace hotstage::series::detail
