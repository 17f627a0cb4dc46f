// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/halo.hpp"

#include "hotstage/core/rng.hpp"
#include "hotstage/num/least_squares.hpp"
#include "hotstage/num/statistics.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numbers>
#include <optional>

namespace hotstage::series {

namespace {

constexpr std::uint64_t sham_stream = 0x68616c6f;
constexpr std::size_t terms = 7;     // 1, x, y, x², xy, y², ring
constexpr double cell_px = 4.0;      // pixels are summed in cells before a ratio is taken
constexpr double least_share = 0.5;  // of ring and control that must lie in the grain
constexpr std::size_t fewest_shams = 12;

/// Same grain in all directions, so that neither a misplaced boundary nor a wall is in the pixel.
bool inside_grain(View<const std::int32_t, 2> labels, long y, long x, int grain) {
  constexpr std::array<std::array<long, 2>, 9> around{
      {{0, 0}, {-4, 0}, {4, 0}, {0, -4}, {0, 4}, {-3, -3}, {-3, 3}, {3, -3}, {3, 3}}};
  return std::all_of(around.begin(), around.end(), [&](const std::array<long, 2>& d) {
    const long v = y + d[0];
    const long u = x + d[1];
    return v >= 0 && u >= 0 && v < static_cast<long>(labels.extent(0)) && u < static_cast<long>(labels.extent(1)) &&
           labels(static_cast<std::size_t>(v), static_cast<std::size_t>(u)) == grain;
  });
}

constexpr double margin = 2.0;  // frames and σ

/// Frame before which a block certainly did not change.
double starts(const ChangePoint& point) {
  return point.at[1] - 2.0 * point.width - margin * (1.0 + point.sigma[1]);
}

struct Place {
  double y_px = 0.0;
  double x_px = 0.0;
  double radius_px = 0.0;
  int grain = 0;
};

struct Cell {
  double early = 0.0;  ///< electrons per frame
  double late = 0.0;
  double early_counted = 0.0;  ///< electrons
  double late_counted = 0.0;
  double y = 0.0;
  double x = 0.0;
  double pixels = 0.0;
};

using Cells = std::map<std::array<long, 3>, Cell>;  // row, column, in the ring

struct Gathered {
  Cells cells;
  double ring_share = 0.0;
  double control_share = 0.0;
};

double ring_start(double radius_px, const HaloOptions& o) {
  return o.inner * radius_px + o.blur_px;
}

/// A small void still has a ring of some pixels.
double ring_end(double radius_px, const HaloOptions& o) {
  constexpr double thinnest_px = 3.0;
  return std::max(o.outer * radius_px, ring_start(radius_px, o) + thinnest_px);
}

double control_end(double radius_px, const HaloOptions& o) {
  return ring_end(radius_px, o) + (o.reach - o.outer) * radius_px;
}

Gathered gather(const HaloImages& images, const Place& place, const HaloOptions& options) {
  const double start = ring_start(place.radius_px, options);
  const double end = ring_end(place.radius_px, options);
  const double reach = control_end(place.radius_px, options);
  Gathered out;
  for (long y = std::lround(place.y_px - reach); y <= std::lround(place.y_px + reach); ++y) {
    for (long x = std::lround(place.x_px - reach); x <= std::lround(place.x_px + reach); ++x) {
      const double dy = static_cast<double>(y) - place.y_px;
      const double dx = static_cast<double>(x) - place.x_px;
      const double distance = std::hypot(dy, dx);
      if (distance < start || distance > reach || !inside_grain(images.labels, y, x, place.grain)) {
        continue;
      }
      const auto v = static_cast<std::size_t>(y);
      const auto u = static_cast<std::size_t>(x);
      const double n_early = static_cast<double>(images.early.n_averaged.view()(v, u));
      const double n_late = static_cast<double>(images.late.n_averaged.view()(v, u));
      if (!(n_early > 0.0) || !(n_late > 0.0)) {
        continue;
      }
      const bool ring = distance <= end;
      Cell& cell = out.cells[{std::lround(dy / cell_px), std::lround(dx / cell_px), ring ? 1 : 0}];
      const auto early = static_cast<double>(images.early.mean.view()(v, u));
      const auto late = static_cast<double>(images.late.mean.view()(v, u));
      cell.early += early;
      cell.late += late;
      cell.early_counted += early * n_early;
      cell.late_counted += late * n_late;
      cell.y += dy;
      cell.x += dx;
      cell.pixels += 1.0;
      (ring ? out.ring_share : out.control_share) += 1.0;
    }
  }
  out.ring_share /= std::numbers::pi * (end * end - start * start);
  out.control_share /= std::numbers::pi * (reach * reach - end * end);
  return out;
}

/// Deficit and its counting error (scaled up by the misfit); nothing when too little of it is in the grain.
std::optional<Estimate> deficit_at(const HaloImages& images, const Place& place, const HaloOptions& options) {
  const Gathered g = gather(images, place, options);
  if (g.ring_share < least_share || g.control_share < least_share) {
    return std::nullopt;
  }
  Buffer<double, 2> design({g.cells.size(), terms});
  std::vector<double> ratio, weight;
  double ring_level = 0.0;
  double ring_weight = 0.0;
  const double reach = control_end(place.radius_px, options);
  for (const auto& [key, c] : g.cells) {
    if (!(c.early_counted > 0.0) || !(c.late_counted > 0.0)) {
      return std::nullopt;
    }
    const double y = c.y / c.pixels / reach;
    const double x = c.x / c.pixels / reach;
    const std::array<double, terms> row{1.0, x, y, x * x, x * y, y * y, key[2] == 1 ? 1.0 : 0.0};
    std::copy(row.begin(), row.end(), design.row(ratio.size()).begin());
    ratio.push_back(c.late / c.early);
    weight.push_back(1.0 / (ratio.back() * ratio.back() * (1.0 / c.early_counted + 1.0 / c.late_counted)));
    if (key[2] == 1) {
      ring_level += weight.back() * ratio.back();
      ring_weight += weight.back();
    }
  }
  const num::Fit fit = num::fit_linear(design.view(), ratio, weight);
  if (!fit.ok() || fit.dof <= 0) {
    return std::nullopt;
  }
  const double step = fit.parameters[terms - 1];
  const double level = ring_level / ring_weight - step;
  const double misfit = std::sqrt(std::max(1.0, fit.chi2 / fit.dof));
  return Estimate{-step / level, fit.sigma(terms - 1) / level * misfit};
}

bool free_of_voids(const HaloImages& images, const Place& place, const HaloOptions& options) {
  return std::all_of(images.spots.begin(), images.spots.end(), [&](const DarkSpot& s) {
    const double distance = std::hypot(s.y_px - place.y_px, s.x_px - place.x_px);
    return s.kind != DarkKind::round || distance > ring_end(place.radius_px, options) + ring_end(s.radius_px, options);
  });
}

/// Pulls at places that have no void.
std::vector<double> sham_pulls(const HaloImages& images, double radius_px, const HaloOptions& options) {
  std::vector<double> out;
  for (std::size_t i = 0; i < options.shams; ++i) {
    Rng rng(options.seed, sham_stream, i);
    Place place{rng.uniform() * static_cast<double>(images.labels.extent(0) - 1),
                rng.uniform() * static_cast<double>(images.labels.extent(1) - 1), radius_px, 0};
    place.grain = images.labels(static_cast<std::size_t>(std::lround(place.y_px)),
                                static_cast<std::size_t>(std::lround(place.x_px)));
    if (place.grain <= 0 || !free_of_voids(images, place, options)) {
      continue;
    }
    if (const auto found = deficit_at(images, place, options)) {
      out.push_back(found->value / found->sigma);
    }
  }
  return out;
}

}  // namespace

Buffer<std::int32_t, 2> settled_labels(View<const std::int32_t, 2> labels, const BlockGrid& grid,
                                       const ChangeMap& changes, const HaloWindow& window) {
  Buffer<std::int32_t, 2> out({labels.extent(0), labels.extent(1)});
  for (std::size_t y = 0; y < labels.extent(0); ++y) {
    for (std::size_t x = 0; x < labels.extent(1); ++x) {
      const std::size_t row = y / grid.block_px;
      const std::size_t column = x / grid.block_px;
      bool settled = true;
      if (row < grid.rows && column < grid.columns) {
        const ChangePoint& point = changes.points[row * grid.columns + column];
        settled = !point.found ||
                  (window.phase == HaloPhase::before ? starts(point) >= static_cast<double>(window.last)
                                                     : point.completed + margin <= static_cast<double>(window.first));
      }
      out.view()(y, x) = settled ? labels(y, x) : 0;
    }
  }
  return out;
}

HaloWindows halo_windows(const BlockGrid& grid, const ChangeMap& changes, const DarkSpot& spot,
                         const HaloOptions& options) {
  const double reach = control_end(spot.radius_px, options) + 0.7 * static_cast<double>(grid.block_px);
  auto earliest = static_cast<double>(grid.frames);
  std::size_t searched = 0;
  std::vector<double> completed;
  for (std::size_t b = 0; b < grid.blocks(); ++b) {
    if (grid.covered[b] == 0 || grid.grain[b] != spot.grain ||
        std::hypot(grid.y_px(b) - spot.y_px, grid.x_px(b) - spot.x_px) > reach) {
      continue;
    }
    ++searched;
    const ChangePoint& point = changes.points[b];
    if (point.found) {
      earliest = std::min(earliest, starts(point));
      completed.push_back(point.completed + margin);
    }
  }
  const auto n = static_cast<std::size_t>(options.frames);
  HaloWindows out;
  const auto end = static_cast<std::size_t>(std::max(0.0, std::floor(earliest)));
  if (end >= 2 * n) {
    out.before = {HaloPhase::before, end - n, end};
  }
  for (const std::size_t length : {n, n / 2}) {
    const auto settled = std::count_if(completed.begin(), completed.end(), [&](double frame) {
      return frame + static_cast<double>(length) <= static_cast<double>(grid.frames);
    });
    constexpr double most = 0.7;
    if (out.after.empty() && static_cast<double>(settled) > most * static_cast<double>(searched)) {
      out.after = {HaloPhase::after, grid.frames - length, grid.frames};
    }
  }
  return out;
}

Halo measure_halo(const HaloImages& images, const DarkSpot& spot, const HaloOptions& options) {
  const Place place{spot.y_px, spot.x_px, spot.radius_px, spot.grain};
  Halo out{.ring_share = gather(images, place, options).ring_share};
  const auto found = deficit_at(images, place, options);
  if (!found) {
    return out;
  }
  const std::vector<double> pulls = sham_pulls(images, spot.radius_px, options);
  out.shams = pulls.size();
  double squares = 0.0;
  for (const double p : pulls) {
    squares += p * p / static_cast<double>(pulls.size());
  }
  out.deficit = found->value;
  out.excess = std::max(1.0, std::sqrt(squares));
  out.sigma = found->sigma * out.excess;
  out.measured = out.shams >= fewest_shams;
  return out;
}

Estimate expected_deficit(const VoidTrack& track, const DarkSpot& spot, const HaloWindow& late,
                          const HaloOptions& options) {
  const auto over = [&](const HaloWindow& window) {
    std::vector<double> values;
    for (std::size_t f = window.first; f < std::min(window.last, track.brightness_px2.size()); ++f) {
      if (std::isfinite(track.brightness_px2[f])) {
        values.push_back(track.brightness_px2[f]);
      }
    }
    // The values are running means of five frames.
    constexpr double independent = 5.0;
    const double n = std::max(1.0, static_cast<double>(values.size()) / independent);
    return Estimate{num::mean(values), num::standard_deviation(values) / std::sqrt(n)};
  };
  const Estimate gain = num::difference(over(late), over({.last = static_cast<std::size_t>(options.frames)}));
  const double end = ring_end(spot.radius_px, options);
  const double area = std::numbers::pi * (end * end - spot.radius_px * spot.radius_px);
  return {gain.value / area, gain.sigma / area};
}

}  // namespace hotstage::series
