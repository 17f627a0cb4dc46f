// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/onset_zones.hpp"

#include "hotstage/core/rng.hpp"
#include "hotstage/num/statistics.hpp"
#include "hotstage/series/segment.hpp"

#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <optional>

namespace hotstage::series {

namespace {

constexpr std::uint64_t tile_stream = 71;
constexpr std::uint64_t place_stream = 72;
constexpr std::uint64_t piece_stream = 73;
constexpr double never = std::numeric_limits<double>::infinity();

/// Value that a share of the blocks does not exceed; +∞ when fewer have changed.
double quantile_of(std::vector<double>& values, double share) {
  if (values.empty()) {
    return never;
  }
  const auto at = std::min(values.size() - 1, static_cast<std::size_t>(share * static_cast<double>(values.size())));
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

/// Median that may be +∞.
double middle(std::vector<double> values) {
  return quantile_of(values, 0.5);
}

/// Distance of every pixel to the nearest boundary between two grains, px; very large without one.
cv::Mat boundary_distance(View<const std::int32_t, 2> labels) {
  cv::setNumThreads(1);
  cv::Mat apart(static_cast<int>(labels.extent(0)), static_cast<int>(labels.extent(1)), CV_8U, cv::Scalar(255));
  for (const BoundaryPixel& p : boundary_pixels(labels)) {
    apart.at<unsigned char>(static_cast<int>(p.y), static_cast<int>(p.x)) = 0;
  }
  cv::Mat distance;
  cv::distanceTransform(apart, distance, cv::DIST_L2, cv::DIST_MASK_PRECISE);
  return distance;
}

/// Onsets of both zones of one tile of blocks.
struct Tile {
  std::vector<double> at_boundary;
  std::vector<double> interior;
};

std::map<std::size_t, Tile> tiles_of(const OnsetField& field, View<const std::int32_t, 2> labels,
                                     const ZoneOptions& options) {
  const cv::Mat distance = boundary_distance(labels);
  const std::size_t across = field.columns / options.tile_blocks + 1;
  std::map<std::size_t, Tile> out;
  for (std::size_t b = 0; b < field.value.size(); ++b) {
    if (field.grain[b] <= 0) {
      continue;
    }
    const auto y = static_cast<int>(field.y_px(b));
    const auto x = static_cast<int>(field.x_px(b));
    Tile& tile = out[b / field.columns / options.tile_blocks * across + b % field.columns / options.tile_blocks];
    const bool near = static_cast<double>(distance.at<float>(y, x)) <= options.near_px;
    (near ? tile.at_boundary : tile.interior).push_back(field.value[b]);
  }
  return out;
}

/// Start of both zones in a drawing of tiles.
template <class Draw>
std::array<double, 2> zone_starts(const std::vector<const Tile*>& tiles, double share, Draw&& draw) {
  std::vector<double> edge, inside;
  for (std::size_t i = 0; i < tiles.size(); ++i) {
    const Tile& tile = *tiles[draw(i)];
    edge.insert(edge.end(), tile.at_boundary.begin(), tile.at_boundary.end());
    inside.insert(inside.end(), tile.interior.begin(), tile.interior.end());
  }
  return {quantile_of(edge, share), quantile_of(inside, share)};
}

/// Ranks 0 … n − 1, ties share the mean rank.
std::vector<double> ranks(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return values[a] != values[b] ? values[a] < values[b] : a < b; });
  std::vector<double> out(values.size());
  for (std::size_t i = 0; i < order.size();) {
    std::size_t j = i;
    while (j < order.size() && values[order[j]] == values[order[i]]) {
      ++j;
    }
    for (std::size_t k = i; k < j; ++k) {
      out[order[k]] = 0.5 * static_cast<double>(i + j - 1);
    }
    i = j;
  }
  return out;
}

double correlation(const std::vector<double>& a, const std::vector<double>& b) {
  const double ma = num::mean(a);
  const double mb = num::mean(b);
  double aa = 0.0;
  double bb = 0.0;
  double ab = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    aa += (a[i] - ma) * (a[i] - ma);
    bb += (b[i] - mb) * (b[i] - mb);
    ab += (a[i] - ma) * (b[i] - mb);
  }
  return aa > 0.0 && bb > 0.0 ? ab / std::sqrt(aa * bb) : 0.0;
}

/// One grain with its blocks, for the questions about damage.
struct GrainBlocks {
  std::vector<std::size_t> blocks;
  std::vector<double> rank;  ///< of the onsets
  double median = never;
};

struct Seen {
  double lead = 0.0;
  double outward = 0.0;
  bool known = false;
};

Seen look_around(const OnsetField& field, const GrainBlocks& grain, const DamageDisc& disc, double reach_px) {
  std::vector<double> beside, distance;
  for (const std::size_t b : grain.blocks) {
    distance.push_back(std::hypot(field.y_px(b) - disc.y_px, field.x_px(b) - disc.x_px));
    if (distance.back() <= disc.radius_px + reach_px) {
      beside.push_back(field.value[b]);
    }
  }
  const double near = middle(beside);
  if (beside.empty() || !std::isfinite(near)) {
    return {};
  }
  return {grain.median - near, correlation(grain.rank, ranks(distance)), true};
}

/// Grain of the block nearest to a place; 0: none within the disc and its surroundings.
int grain_at(const OnsetField& field, const DamageDisc& disc, double reach_px) {
  double nearest = disc.radius_px + reach_px;
  int out = 0;
  for (std::size_t b = 0; b < field.value.size(); ++b) {
    const double distance = std::hypot(field.y_px(b) - disc.y_px, field.x_px(b) - disc.x_px);
    if (field.grain[b] > 0 && distance < nearest) {
      nearest = distance;
      out = field.grain[b];
    }
  }
  return out;
}

/// Onsets on both sides of one piece of a contact.
struct Place {
  double first_s = never;
  double later_s = never;
  double way_px = 0.0;
};

struct SideMean {
  std::vector<double> values;
  double y = 0.0;
  double x = 0.0;
};

std::optional<Place> place_at(const OnsetField& field, int a, int b, double y, double x, double near_px) {
  SideMean side[2];
  for (std::size_t k = 0; k < field.value.size(); ++k) {
    if (field.grain[k] != a && field.grain[k] != b) {
      continue;
    }
    if (std::hypot(field.y_px(k) - y, field.x_px(k) - x) <= near_px) {
      SideMean& s = side[field.grain[k] == a ? 0 : 1];
      s.values.push_back(field.value[k]);
      s.y += field.y_px(k);
      s.x += field.x_px(k);
    }
  }
  if (side[0].values.empty() || side[1].values.empty()) {
    return std::nullopt;
  }
  const double ta = middle(side[0].values);
  const double tb = middle(side[1].values);
  if (!std::isfinite(std::min(ta, tb))) {
    return std::nullopt;
  }
  const auto na = static_cast<double>(side[0].values.size());
  const auto nb = static_cast<double>(side[1].values.size());
  return Place{std::min(ta, tb), std::max(ta, tb),
               std::hypot(side[0].y / na - side[1].y / nb, side[0].x / na - side[1].x / nb)};
}

struct Piece {
  double y = 0.0;
  double x = 0.0;
  double pixels = 0.0;
};

BoundaryHold read_hold(const std::vector<Place>& places, double end_s, const HoldOptions& options,
                       std::uint64_t index) {
  std::vector<double> waits, arrivals, later;
  for (const Place& p : places) {
    waits.push_back(std::max(0.0, std::min(p.later_s, end_s) - p.first_s - p.way_px * options.slowness_s_px));
    arrivals.push_back(p.first_s);
    later.push_back(p.later_s);
  }
  std::vector<double> replicates;
  double held = 0.0;
  for (std::size_t r = 0; r < options.replicates; ++r) {
    Rng rng(options.seed, piece_stream, index * options.replicates + r);
    std::vector<double> drawn;
    for (std::size_t i = 0; i < waits.size(); ++i) {
      drawn.push_back(waits[std::min(waits.size() - 1,
                                     static_cast<std::size_t>(rng.uniform() * static_cast<double>(waits.size())))]);
    }
    replicates.push_back(num::median(drawn));
    held += replicates.back() > options.slack_s ? 1.0 : 0.0;
  }
  BoundaryHold out;
  out.places = places.size();
  out.wait_s = {num::median(waits), num::standard_deviation(replicates)};
  out.arrival_s = num::median(arrivals);
  out.until_s = middle(later);
  out.held = held / static_cast<double>(options.replicates);
  out.verdict = out.held >= options.clear         ? HoldVerdict::held
                : out.held <= 1.0 - options.clear ? HoldVerdict::no_wait
                                                  : HoldVerdict::cannot_tell;
  return out;
}

}  // namespace

double OnsetField::y_px(std::size_t block) const {
  return (static_cast<double>(block / columns) + 0.5) * static_cast<double>(block_px) - 0.5;
}

double OnsetField::x_px(std::size_t block) const {
  return (static_cast<double>(block % columns) + 0.5) * static_cast<double>(block_px) - 0.5;
}

OnsetField onset_field(const BlockGrid& grid, std::span<const BlockOnset> onsets, double BlockOnset::*value) {
  OnsetField out{.rows = grid.rows, .columns = grid.columns, .block_px = grid.block_px};
  for (std::size_t b = 0; b < grid.blocks(); ++b) {
    out.grain.push_back(grid.covered[b] != 0 ? grid.grain[b] : 0);
    out.value.push_back(onsets[b].found ? onsets[b].*value : never);
  }
  return out;
}

BoundaryLead boundary_lead(const OnsetField& field, View<const std::int32_t, 2> labels, const ZoneOptions& options) {
  const auto tiles = tiles_of(field, labels, options);
  std::vector<const Tile*> list;
  for (const auto& [index, tile] : tiles) {
    list.push_back(&tile);
  }
  BoundaryLead out;
  const auto [edge, inside] = zone_starts(list, options.share, [](std::size_t i) { return i; });
  out.at_boundary = edge;
  out.interior = inside;
  out.found = std::isfinite(edge) && std::isfinite(inside);
  if (!out.found) {
    return out;
  }
  std::vector<double> leads;
  for (std::size_t r = 0; r < options.replicates; ++r) {
    Rng rng(options.seed, tile_stream, r);
    const auto [e, i] = zone_starts(list, options.share, [&](std::size_t) {
      return std::min(list.size() - 1, static_cast<std::size_t>(rng.uniform() * static_cast<double>(list.size())));
    });
    if (std::isfinite(e) && std::isfinite(i)) {
      leads.push_back(i - e);
      out.probability += i > e ? 1.0 : i == e ? 0.5 : 0.0;
    }
  }
  out.probability /= std::max(1.0, static_cast<double>(leads.size()));
  out.lead = {inside - edge, num::standard_deviation(leads)};
  return out;
}

DamageLead damage_lead(const OnsetField& field, std::span<const DamageDisc> damage, const DamageOptions& options) {
  std::map<int, GrainBlocks> grains;
  for (std::size_t b = 0; b < field.value.size(); ++b) {
    if (field.grain[b] > 0) {
      grains[field.grain[b]].blocks.push_back(b);
    }
  }
  for (auto& [grain, g] : grains) {
    std::vector<double> onsets;
    for (const std::size_t b : g.blocks) {
      onsets.push_back(field.value[b]);
    }
    g.rank = ranks(onsets);
    g.median = middle(std::move(onsets));
  }

  struct At {
    const GrainBlocks* grain;
    DamageDisc disc;
  };

  std::vector<At> sites;
  DamageLead out;
  for (const DamageDisc& disc : damage) {
    const auto grain = grains.find(grain_at(field, disc, options.reach_px));
    if (grain == grains.end() || !std::isfinite(grain->second.median)) {
      continue;
    }
    if (const Seen seen = look_around(field, grain->second, disc, options.reach_px); seen.known) {
      sites.push_back({&grain->second, disc});
      out.lead += seen.lead;
      out.outward += seen.outward;
    }
  }
  out.sites = sites.size();
  if (sites.empty()) {
    return out;
  }
  const auto n = static_cast<double>(sites.size());
  out.lead /= n;
  out.outward /= n;
  std::vector<double> leads, outwards;
  std::size_t as_early = 0;
  std::size_t as_outward = 0;
  for (std::size_t draw = 0; draw < options.draws; ++draw) {
    Rng rng(options.seed, place_stream, draw);
    double lead = 0.0;
    double outward = 0.0;
    for (const At& site : sites) {
      const std::vector<std::size_t>& blocks = site.grain->blocks;
      const std::size_t b = blocks[std::min(
          blocks.size() - 1, static_cast<std::size_t>(rng.uniform() * static_cast<double>(blocks.size())))];
      const Seen seen =
          look_around(field, *site.grain, {field.y_px(b), field.x_px(b), site.disc.radius_px}, options.reach_px);
      lead += seen.lead / n;
      outward += seen.outward / n;
    }
    leads.push_back(lead);
    outwards.push_back(outward);
    as_early += lead >= out.lead ? 1U : 0U;
    as_outward += outward >= out.outward ? 1U : 0U;
  }
  out.random_lead = num::mean(leads);
  out.random_sigma = num::standard_deviation(leads);
  out.random_outward = num::mean(outwards);
  out.outward_sigma = num::standard_deviation(outwards);
  const auto all = static_cast<double>(1 + options.draws);
  out.p_lead = (1.0 + static_cast<double>(as_early)) / all;
  out.p_outward = (1.0 + static_cast<double>(as_outward)) / all;
  return out;
}

const char* name(HoldVerdict verdict) noexcept {
  switch (verdict) {
    case HoldVerdict::held:
      return "held";
    case HoldVerdict::no_wait:
      return "no wait";
    case HoldVerdict::cannot_tell:
      break;
  }
  return "cannot tell";
}

std::vector<BoundaryHold> boundary_holds(const OnsetField& field, View<const std::int32_t, 2> labels, double end_s,
                                         const HoldOptions& options) {
  std::map<std::pair<int, int>, std::map<std::pair<long, long>, Piece>> contacts;
  for (const BoundaryPixel& p : boundary_pixels(labels)) {
    if (p.a > 0 && p.b > 0) {
      const auto cell = std::pair{static_cast<long>(static_cast<double>(p.y) / options.piece_px),
                                  static_cast<long>(static_cast<double>(p.x) / options.piece_px)};
      Piece& piece = contacts[std::minmax(p.a, p.b)][cell];
      piece.y += static_cast<double>(p.y);
      piece.x += static_cast<double>(p.x);
      piece.pixels += 1.0;
    }
  }
  std::vector<BoundaryHold> out;
  for (const auto& [pair, pieces] : contacts) {
    std::vector<Place> places;
    Piece all;
    for (const auto& [cell, piece] : pieces) {
      all.y += piece.y;
      all.x += piece.x;
      all.pixels += piece.pixels;
      if (const auto place = place_at(field, pair.first, pair.second, piece.y / piece.pixels, piece.x / piece.pixels,
                                      options.near_px)) {
        places.push_back(*place);
      }
    }
    constexpr std::size_t fewest = 3;
    if (places.size() < fewest) {
      continue;
    }
    BoundaryHold hold = read_hold(places, end_s, options, out.size());
    hold.a = pair.first;
    hold.b = pair.second;
    hold.y_px = all.y / all.pixels;
    hold.x_px = all.x / all.pixels;
    out.push_back(hold);
  }
  return out;
}

}  // namespace hotstage::series
