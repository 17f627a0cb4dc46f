// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/trials_scene.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <set>

namespace hotstage::series {

namespace {

constexpr std::uint64_t scene_stream = 0x7365'7269'6573;
constexpr double never = 1e30;

double between(Rng& rng, double low, double high) {
  return low + (high - low) * rng.uniform();
}

double sign(Rng& rng) {
  return rng.uniform() < 0.5 ? -1.0 : 1.0;
}

/// Slow waves bend the straight boundaries of the mosaic.
struct Warp {
  std::array<double, 4> phase{};
  double amplitude = 3.0;

  [[nodiscard]] std::array<double, 2> operator()(double y, double x) const {
    return {y + amplitude * std::sin(x / 17.0 + phase[0]) * std::cos(y / 41.0 + phase[1]),
            x + amplitude * std::sin(y / 19.0 + phase[2]) * std::cos(x / 37.0 + phase[3])};
  }
};

int nearest_grain(const std::vector<TrueGrain>& grains, const Warp& warp, double y, double x) {
  const auto [wy, wx] = warp(y, x);
  int best = 0;
  double least = never;
  for (std::size_t i = 0; i < grains.size(); ++i) {
    const double dy = grains[i].y_px - wy;
    const double dx = grains[i].x_px - wx;
    const double squared = dy * dy + dx * dx;
    if (squared < least) {
      least = squared;
      best = static_cast<int>(i);
    }
  }
  return best;
}

struct Place {
  double y = 0.0;
  double x = 0.0;
};

/// Where pairs of grains touch in the field, and pixels per grain.
struct Mosaic {
  std::map<std::pair<int, int>, std::vector<Place>> contact;  ///< both orders
  std::map<int, std::vector<Place>> pixels;
};

constexpr double inset_px = 14.0;  // from the edges of the field: where fronts may enter a grain

Mosaic survey(const TrialScene& scene) {
  Mosaic out;
  const auto rows = scene.label.extent(0);
  const auto columns = scene.label.extent(1);
  const auto label = scene.label.view();
  for (std::size_t y = 0; y + 1 < rows; ++y) {
    for (std::size_t x = 0; x + 1 < columns; ++x) {
      const int here = label(y, x);
      const Place place{static_cast<double>(y), static_cast<double>(x)};
      out.pixels[here].push_back(place);
      const bool inside = place.y > inset_px && place.x > inset_px && place.y < static_cast<double>(rows) - inset_px &&
                          place.x < static_cast<double>(columns) - inset_px;
      for (const int there : {label(y + 1, x), label(y, x + 1)}) {
        if (there != here && inside) {
          out.contact[{here, there}].push_back(place);
          out.contact[{there, here}].push_back(place);
        }
      }
    }
  }
  return out;
}

void draw_grains(TrialScene& scene, const Warp& warp, Rng& rng) {
  const auto height = static_cast<double>(scene.options.rows);
  const auto width = static_cast<double>(scene.options.columns);
  const double apart = 62.0;
  for (int tries = 0; tries < 4000; ++tries) {
    const double y = between(rng, -scene.margin_px, height + scene.margin_px);
    const double x = between(rng, -scene.margin_px, width + scene.margin_px);
    const bool clear = std::none_of(scene.grains.begin(), scene.grains.end(),
                                    [&](const TrueGrain& g) { return std::hypot(g.y_px - y, g.x_px - x) < apart; });
    if (clear) {
      scene.grains.push_back({.y_px = y, .x_px = x});
    }
  }
  scene.label = Buffer<std::int32_t, 2>({scene.options.rows, scene.options.columns});
  for (std::size_t y = 0; y < scene.options.rows; ++y) {
    for (std::size_t x = 0; x < scene.options.columns; ++x) {
      scene.label.view()(y, x) = nearest_grain(scene.grains, warp, static_cast<double>(y), static_cast<double>(x));
    }
  }
}

/// Levels 0.72 … 1.28, neighbours at least 6 % apart.
void draw_levels(TrialScene& scene, const Mosaic& mosaic, Rng& rng) {
  constexpr double apart = 0.06;
  for (std::size_t i = 0; i < scene.grains.size(); ++i) {
    for (int tries = 0; tries < 200; ++tries) {
      const double level = between(rng, 0.72, 1.28);
      bool clear = true;
      for (std::size_t j = 0; j < i; ++j) {
        const bool touch = mosaic.contact.count({static_cast<int>(i), static_cast<int>(j)}) > 0;
        clear = clear && !(touch && std::abs(scene.grains[j].level - level) < apart);
      }
      scene.grains[i].level = level;
      if (clear) {
        break;
      }
    }
  }
}

/// Time a front of growing speed needs for a distance.
double travel_s(const TrueGrain& g, double distance_px) {
  const double r = distance_px / g.speed_px_s;
  return g.gain_per_s > 1e-6 ? (std::sqrt(1.0 + 2.0 * g.gain_per_s * r) - 1.0) / g.gain_per_s : r;
}

/// Front times of the fine samples of grain `index`: sources are places with their start times.
struct Source {
  Place place;
  double time_s = 0.0;
};

void spread(TrialScene& scene, int index, const std::vector<Source>& sources) {
  const TrueGrain& g = scene.grains[static_cast<std::size_t>(index)];
  for (std::size_t i = 0; i < scene.fine.extent(0); ++i) {
    const double y = static_cast<double>(i) * TrialScene::step_px - scene.margin_px;
    for (std::size_t j = 0; j < scene.fine.extent(1); ++j) {
      if (scene.fine.view()(i, j) != index) {
        continue;
      }
      const double x = static_cast<double>(j) * TrialScene::step_px - scene.margin_px;
      double first = never;
      if (g.along) {
        const double distance =
            (y - sources.front().place.y) * (*g.along)[0] + (x - sources.front().place.x) * (*g.along)[1];
        first = sources.front().time_s + travel_s(g, std::max(0.0, distance));
      } else {
        // Speeds are the same for all sources: the earliest is found with uniform speed, then its law is applied.
        double least = never;
        for (const Source& s : sources) {
          const double distance = std::hypot(y - s.place.y, x - s.place.x);
          const double at = s.time_s + distance / g.speed_px_s;
          if (at < least) {
            least = at;
            first = s.time_s + travel_s(g, distance);
          }
        }
      }
      scene.front_s.view()(i, j) = static_cast<float>(first);
    }
  }
}

struct Arrival {
  int from = -1;
  Place place;
  double time_s = never;
};

/// Earliest arrival of a changed neighbour at the boundary of a grain.
Arrival earliest_arrival(const TrialScene& scene, const Mosaic& mosaic, int grain, const std::set<int>& done) {
  Arrival out;
  constexpr std::size_t shortest = 16;
  for (const int other : done) {
    const auto contact = mosaic.contact.find({grain, other});
    if (contact == mosaic.contact.end() || contact->second.size() < shortest) {
      continue;
    }
    for (const Place& p : contact->second) {
      // The place lies within a pixel of the neighbour.
      for (const auto& [dy, dx] :
           {std::array<double, 2>{0.0, 0.0}, std::array<double, 2>{1.0, 0.0}, std::array<double, 2>{0.0, 1.0}}) {
        const auto y = static_cast<std::size_t>(p.y + dy);
        const auto x = static_cast<std::size_t>(p.x + dx);
        if (scene.label.view()(y, x) != other) {
          continue;
        }
        const double at = scene.front_at(static_cast<double>(y), static_cast<double>(x)).value_or(never);
        if (at < out.time_s) {
          out = {other, p, at};
        }
      }
    }
  }
  return out;
}

std::vector<Source> sources_along(const TrialScene& scene, const std::vector<Place>& contact, int from, double wait_s) {
  std::vector<Source> out;
  for (const Place& p : contact) {
    for (const auto& [dy, dx] :
         {std::array<double, 2>{0.0, 0.0}, std::array<double, 2>{1.0, 0.0}, std::array<double, 2>{0.0, 1.0}}) {
      const auto y = static_cast<std::size_t>(p.y + dy);
      const auto x = static_cast<std::size_t>(p.x + dx);
      if (scene.label.view()(y, x) == from) {
        if (const auto at = scene.front_at(static_cast<double>(y), static_cast<double>(x))) {
          out.push_back({p, *at + wait_s});
        }
      }
    }
  }
  return out;
}

void start_nucleus(TrialScene& scene, const Mosaic& mosaic, int index, double time_s, Rng& rng) {
  TrueGrain& g = scene.grains[static_cast<std::size_t>(index)];
  const std::vector<Place>& pixels = mosaic.pixels.at(index);
  Place at = pixels[static_cast<std::size_t>(rng.uniform() * static_cast<double>(pixels.size()))];
  std::vector<Place> rim;
  for (const auto& [pair, places] : mosaic.contact) {
    if (pair.first == index) {
      rim.insert(rim.end(), places.begin(), places.end());
    }
  }
  if (!rim.empty() && rng.uniform() < 0.5) {
    at = rim[static_cast<std::size_t>(rng.uniform() * static_cast<double>(rim.size()))];
  }
  const auto height = static_cast<double>(scene.options.rows);
  const auto width = static_cast<double>(scene.options.columns);
  for (int tries = 0;
       tries < 200 && (at.y < inset_px || at.x < inset_px || at.y > height - inset_px || at.x > width - inset_px);
       ++tries) {
    at = pixels[static_cast<std::size_t>(rng.uniform() * static_cast<double>(pixels.size()))];
  }
  g.entry = Entry::independent;
  g.origin = {at.y, at.x};
  g.start_s = time_s;
  spread(scene, index, {{at, time_s}});
}

void draw_fronts(TrialScene& scene, const Mosaic& mosaic, Rng& rng) {
  const double last_s = static_cast<double>(scene.options.frames) * scene.options.frame_s;
  for (TrueGrain& g : scene.grains) {
    g.change = sign(rng) * between(rng, 0.08, 0.22);
    g.width_s = between(rng, 0.3, 2.0);
    g.speed_px_s = 0.8 * std::pow(5.0, rng.uniform());
    g.gain_per_s = rng.uniform() < 0.5 ? 0.0 : between(rng, 0.0, 0.03);
  }
  // Grains with a fair share of the field, in random order.
  constexpr std::size_t fewest = 1200;
  std::vector<int> waiting;
  for (const auto& [index, pixels] : mosaic.pixels) {
    if (pixels.size() >= fewest) {
      waiting.push_back(index);
    }
  }
  for (std::size_t i = waiting.size(); i > 1; --i) {
    std::swap(waiting[i - 1], waiting[static_cast<std::size_t>(rng.uniform() * static_cast<double>(i))]);
  }
  std::set<int> done;
  std::set<int> changed;
  while (!waiting.empty()) {
    // The next grain: one beside a changed one when there is one.
    std::size_t pick = 0;
    Arrival arrival;
    for (std::size_t i = 0; i < waiting.size() && arrival.from < 0; ++i) {
      arrival = earliest_arrival(scene, mosaic, waiting[i], changed);
      pick = arrival.from >= 0 ? i : 0;
    }
    const int index = waiting[pick];
    waiting.erase(waiting.begin() + static_cast<long>(pick));
    TrueGrain& g = scene.grains[static_cast<std::size_t>(index)];
    const double u = rng.uniform();
    const double wait_s = between(rng, 14.0, 50.0);
    if (changed.empty()) {
      start_nucleus(scene, mosaic, index, between(rng, 0.22, 0.38) * last_s, rng);
    } else if (arrival.from >= 0 && u < 0.42 && arrival.time_s < 0.72 * last_s) {
      g.entry = Entry::continuous;
      spread(scene, index, sources_along(scene, mosaic.contact.at({index, arrival.from}), arrival.from, 0.0));
    } else if (arrival.from >= 0 && u < 0.68 && arrival.time_s + wait_s < 0.8 * last_s) {
      g.entry = Entry::wall;
      g.wait_s = wait_s;
      if (rng.uniform() < 0.5) {
        // All of the boundary gives way at once: a plane front.
        const auto& contact = mosaic.contact.at({index, arrival.from});
        const double dy = g.y_px - contact[contact.size() / 2].y;
        const double dx = g.x_px - contact[contact.size() / 2].x;
        const double length = std::max(1e-9, std::hypot(dy, dx));
        g.along = std::array<double, 2>{dy / length, dx / length};
        // It starts at the point of the boundary that lies farthest back.
        Place back = arrival.place;
        for (const Place& p : contact) {
          const double ahead = (p.y - back.y) * dy + (p.x - back.x) * dx;
          back = ahead < 0.0 ? p : back;
        }
        arrival.place = back;
      }
      spread(scene, index, {{arrival.place, arrival.time_s + wait_s}});
    } else if (u < 0.92) {
      start_nucleus(scene, mosaic, index, between(rng, 0.22, 0.68) * last_s, rng);
    } else {
      done.insert(index);
      continue;
    }
    if (g.entry == Entry::continuous || g.entry == Entry::wall) {
      g.from = arrival.from;
      g.origin = {arrival.place.y, arrival.place.x};
      g.start_s = arrival.time_s + g.wait_s;
    }
    changed.insert(index);
  }
}

/// Keeps voids, cracks and particles apart.
class Room {
 public:
  Room(double height, double width) : height_(height), width_(width) {}

  /// A place with `radius` px of free space around it.
  std::optional<Place> find(double radius, double edge, Rng& rng) {
    for (int tries = 0; tries < 300; ++tries) {
      const Place p{between(rng, edge, height_ - edge), between(rng, edge, width_ - edge)};
      if (free(p, radius)) {
        return p;
      }
    }
    return std::nullopt;
  }

  [[nodiscard]] bool free(const Place& p, double radius) const {
    return std::none_of(taken_.begin(), taken_.end(), [&](const auto& t) {
      return std::hypot(t.first.y - p.y, t.first.x - p.x) < t.second + radius + 8.0;
    });
  }

  void take(const Place& p, double radius) { taken_.emplace_back(p, radius); }

 private:
  double height_;
  double width_;
  std::vector<std::pair<Place, double>> taken_;
};

void draw_cracks(TrialScene& scene, Room& room, Rng& rng) {
  const int count = static_cast<int>(3.0 * rng.uniform());
  for (int i = 0; i < count; ++i) {
    const double length = between(rng, 25.0, 60.0);
    const double angle = between(rng, 0.0, std::numbers::pi);
    const auto middle = room.find(0.5 * length, 0.5 * length + 12.0, rng);
    if (!middle) {
      continue;
    }
    const double dy = 0.5 * length * std::sin(angle);
    const double dx = 0.5 * length * std::cos(angle);
    scene.cracks.push_back({.from = {middle->y - dy, middle->x - dx},
                            .to = {middle->y + dy, middle->x + dx},
                            .width_px = between(rng, 2.5, 5.0),
                            .depth = between(rng, 0.5, 0.95)});
    for (double u = -1.0; u <= 1.0; u += 0.1) {
      room.take({middle->y + u * dy, middle->x + u * dx}, 4.0);
    }
  }
}

void draw_voids(TrialScene& scene, Room& room, Rng& rng) {
  const double last_s = static_cast<double>(scene.options.frames) * scene.options.frame_s;
  const int count = 8 + static_cast<int>(5.0 * rng.uniform());
  for (int i = 0; i < count; ++i) {
    TrueVoid v;
    const double kind = rng.uniform();
    v.depth = between(rng, 0.35, 0.95);
    v.hexagon = rng.uniform() < 0.5;
    v.angle = between(rng, 0.0, 2.0 * std::numbers::pi);
    if (kind < 0.4) {  // there from the start, unchanged
      v.first_px = v.most_px = between(rng, 2.5, 9.0);
    } else {
      v.first_px = kind < 0.7 ? between(rng, 2.5, 6.0) : 0.0;
      v.most_px = v.first_px + between(rng, 2.0, 4.5) + (v.first_px > 0.0 ? 0.0 : 2.0);
      v.begins_s = between(rng, 0.25, 0.6) * last_s;
      v.rate_px_s = (v.most_px - v.first_px) / between(rng, 25.0, 80.0);
    }
    if (const auto p = room.find(v.most_px, v.most_px + 10.0, rng)) {
      v.y_px = p->y;
      v.x_px = p->x;
      room.take(*p, v.most_px);
      scene.voids.push_back(v);
    }
  }
}

void draw_particles(TrialScene& scene, Room& room, Rng& rng) {
  const double last_s = static_cast<double>(scene.options.frames) * scene.options.frame_s;
  int pair = 0;
  const int count = 3 + static_cast<int>(3.0 * rng.uniform());
  for (int i = 0; i < count; ++i) {
    TrueParticle p{.begins_s = between(rng, 0.1, 0.6) * last_s,
                   .most_px = between(rng, 4.5, 7.5),
                   .brightness = between(rng, 0.35, 1.0),
                   .moves_s = never,
                   .end_s = last_s};
    const double kind = rng.uniform();
    const bool two = kind < 0.4;
    const double reach = p.most_px + (two ? 16.0 : 0.0);
    const auto place = room.find(reach, reach + 10.0, rng);
    if (!place) {
      continue;
    }
    room.take(*place, reach);
    p.y_px = place->y;
    p.x_px = place->x;
    if (!two) {
      scene.particles.push_back(p);
      continue;
    }
    // Two that run into each other, or one that comes apart.
    ++pair;
    p.begins_s = between(rng, 0.05, 0.2) * last_s;
    const bool merge = kind < 0.2;
    const double angle = between(rng, 0.0, 2.0 * std::numbers::pi);
    const double speed = between(rng, 0.25, 0.5);
    const double far = 1.2 * p.most_px + 6.0;
    TrueParticle q = p;
    p.moves_s = q.moves_s = between(rng, 0.45, 0.6) * last_s;
    p.stops_s = q.stops_s = p.moves_s + far / speed;
    p.pair = q.pair = merge ? pair : -pair;
    const double at = merge ? far : 0.0;
    const double v = merge ? -speed : speed;
    p.y_px += at * std::sin(angle);
    p.x_px += at * std::cos(angle);
    p.vy_px_s = v * std::sin(angle);
    p.vx_px_s = v * std::cos(angle);
    q.y_px -= at * std::sin(angle);
    q.x_px -= at * std::cos(angle);
    q.vy_px_s = -p.vy_px_s;
    q.vx_px_s = -p.vx_px_s;
    scene.particles.push_back(p);
    scene.particles.push_back(q);
  }
}

void draw_motion(TrialScene& scene, Rng& rng) {
  const SceneOptions& o = scene.options;
  const double ramp = 0.5 * o.drift_px * rng.uniform();
  const double angle = between(rng, 0.0, 2.0 * std::numbers::pi);
  std::array<double, 2> at{};
  for (std::size_t f = 0; f < o.frames; ++f) {
    scene.drift.push_back(at);
    at[0] += ramp * std::sin(angle) + o.drift_px * rng.normal();
    at[1] += ramp * std::cos(angle) + o.drift_px * rng.normal();
    // The specimen ends at the margin: the walk is turned back before.
    for (double& v : at) {
      const double most = scene.margin_px - 8.0;
      v = std::clamp(v, -most, most);
    }
  }
  scene.jitter = Buffer<float, 2>({o.frames, o.rows});
  constexpr double memory = 0.7;
  for (std::size_t f = 0; f < o.frames; ++f) {
    double value = 0.0;
    for (float& v : scene.jitter.row(f)) {
      value = memory * value + std::sqrt(1.0 - memory * memory) * rng.normal();
      v = static_cast<float>(o.jitter_px * value);
    }
  }
  const int bends = 1 + static_cast<int>(2.0 * rng.uniform());
  for (int i = 0; i < bends; ++i) {
    scene.bends.push_back({.angle = between(rng, 0.0, 2.0 * std::numbers::pi),
                           .offset_px = between(rng, -150.0, 150.0),
                           .speed_px_s = between(rng, 0.05, 0.4),
                           .width_px = between(rng, 15.0, 35.0),
                           .depth = sign(rng) * between(rng, 0.03, 0.08)});
  }
}

}  // namespace

const char* name(Entry entry) noexcept {
  switch (entry) {
    case Entry::none:
      return "none";
    case Entry::continuous:
      return "continuous";
    case Entry::wall:
      return "wall";
    case Entry::independent:
      break;
  }
  return "independent";
}

double TrueVoid::radius_px(double time_s) const {
  return std::min(most_px, first_px + rate_px_s * std::max(0.0, time_s - begins_s));
}

double TrueCrack::length_px() const {
  return std::hypot(to[0] - from[0], to[1] - from[1]) + width_px;
}

double TrueParticle::radius_px(double time_s) const {
  return time_s <= begins_s ? 0.0 : most_px * std::sqrt(std::min(1.0, (time_s - begins_s) / (end_s - begins_s)));
}

std::array<double, 2> TrueParticle::place(double time_s) const {
  const double moving = std::max(0.0, std::min(time_s, stops_s) - moves_s);
  return {y_px + vy_px_s * moving, x_px + vx_px_s * moving};
}

std::optional<double> TrialScene::front_at(double y_px, double x_px) const {
  const auto i = static_cast<std::size_t>(std::lround((y_px + margin_px) / step_px));
  const auto j = static_cast<std::size_t>(std::lround((x_px + margin_px) / step_px));
  const auto t = static_cast<double>(front_s.view()(i, j));
  return t < 1e9 ? std::optional(t) : std::nullopt;
}

TrialScene draw_trial_scene(const SceneOptions& options, std::uint64_t seed) {
  Rng rng(seed, scene_stream, 0);
  TrialScene scene;
  scene.options = options;
  Warp warp;
  for (double& p : warp.phase) {
    p = between(rng, 0.0, 2.0 * std::numbers::pi);
  }
  draw_grains(scene, warp, rng);
  const Mosaic mosaic = survey(scene);
  draw_levels(scene, mosaic, rng);
  const auto fine = [&](std::size_t n) {
    return static_cast<std::size_t>((static_cast<double>(n) + 2.0 * scene.margin_px) / TrialScene::step_px);
  };
  scene.fine = Buffer<std::int32_t, 2>({fine(options.rows), fine(options.columns)});
  scene.front_s = Buffer<float, 2>({fine(options.rows), fine(options.columns)});
  for (std::size_t i = 0; i < scene.fine.extent(0); ++i) {
    for (std::size_t j = 0; j < scene.fine.extent(1); ++j) {
      scene.fine.view()(i, j) =
          nearest_grain(scene.grains, warp, static_cast<double>(i) * TrialScene::step_px - scene.margin_px,
                        static_cast<double>(j) * TrialScene::step_px - scene.margin_px);
      scene.front_s.view()(i, j) = static_cast<float>(never);
    }
  }
  draw_fronts(scene, mosaic, rng);
  Room room(static_cast<double>(options.rows), static_cast<double>(options.columns));
  draw_cracks(scene, room, rng);
  draw_voids(scene, room, rng);
  draw_particles(scene, room, rng);
  draw_motion(scene, rng);
  scene.wedge = {between(rng, -5e-4, 5e-4), between(rng, -5e-4, 5e-4)};
  scene.texture = between(rng, 0.0, 0.04);
  scene.gain = between(rng, 3.0, 30.0);
  scene.black = between(rng, 20.0, 200.0);
  return scene;
}

std::vector<std::string> shared_assumptions() {
  return {
      "a grain changes its brightness by one factor when a front passes; texture and shape do not count",
      "a front runs equally fast in all directions of a grain and straight; one that a neighbour hands on spreads from "
      "the whole of the common boundary",
      "translation and displaced rows only: no rotation, shear or change of magnification",
      "noise is Poisson with one gain and one black level, white from pixel to pixel",
      "neighbouring grains differ in brightness by at least 6 %; voids and cracks are darker than their grain",
      "the log of the holder is the temperature of the specimen, on the clock of the frames"};
}

}  // namespace hotstage::series
