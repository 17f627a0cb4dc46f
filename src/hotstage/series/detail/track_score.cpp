// SPDX-License-Identifier: GPL-3.0-or-later
// Voids and particles followed over time against those drawn.

#include "hotstage/series/detail/trial_score.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace hotstage::series::detail {

namespace {

constexpr double least_radius_px = 4.0;
constexpr double inset_px = 16.0;  // from the edges of the common field

/// One drawn thing at one time.
struct Drawn {
  SpotKind kind = SpotKind::hole;
  std::size_t index = 0;  ///< among voids or particles
  double y = 0.0;
  double x = 0.0;
  double radius = 0.0;
  bool clear = true;  ///< counts: large enough, inside, not touching another
};

std::vector<Drawn> drawn_at(const TrialScene& truth, const Field& field, double time_s) {
  std::vector<Drawn> out;
  for (std::size_t i = 0; i < truth.voids.size(); ++i) {
    const TrueVoid& v = truth.voids[i];
    const double r = v.radius_px(time_s);
    out.push_back(
        {SpotKind::hole, i, v.y_px, v.x_px, r, r >= least_radius_px && field.holds(v.y_px, v.x_px, inset_px)});
  }
  for (std::size_t i = 0; i < truth.particles.size(); ++i) {
    const TrueParticle& p = truth.particles[i];
    const auto [y, x] = p.place(time_s);
    const double r = p.radius_px(time_s);
    out.push_back({SpotKind::particle, i, y, x, r, r >= least_radius_px && field.holds(y, x, inset_px)});
  }
  for (Drawn& a : out) {
    for (const Drawn& b : out) {
      const bool pair = a.kind == SpotKind::particle && b.kind == a.kind && a.index != b.index;
      if (pair && std::hypot(a.y - b.y, a.x - b.x) < a.radius + b.radius + 4.0) {
        a.clear = false;
      }
    }
  }
  return out;
}

const Drawn* match(const std::vector<Drawn>& drawn, const Spot& spot) {
  const Drawn* best = nullptr;
  double least = 1e300;
  for (const Drawn& d : drawn) {
    const double away = std::hypot(d.y - spot.y_px, d.x - spot.x_px);
    if (d.kind == spot.kind && away < std::max(2.0, d.radius) && away < least) {
      least = away;
      best = &d;
    }
  }
  return best;
}

void score_windows(const TrialScene& truth, const Field& field, std::span<const SpotFrame> windows, Trial& out) {
  for (const SpotFrame& w : windows) {
    const auto drawn = drawn_at(truth, field, truth.options.frame_s * (w.middle + 0.5));
    std::set<const Drawn*> hit;
    for (const Spot& spot : w.spots) {
      Detections& d = spot.kind == SpotKind::hole ? out.hole_spots : out.particle_spots;
      const Drawn* m = match(drawn, spot);
      if (m != nullptr && hit.insert(m).second) {
        if (m->clear) {
          ++d.hits;
          (spot.kind == SpotKind::hole ? out.hole_radius_px : out.particle_radius_px)
              .push_back({m->radius, Estimate{spot.radius_px, spot.sigma_px}});
        }
        continue;
      }
      const bool on_crack = std::any_of(truth.cracks.begin(), truth.cracks.end(), [&](const TrueCrack& c) {
        return distance_to(c, spot.y_px, spot.x_px) < 2.0 * c.width_px;
      });
      if (m == nullptr && !on_crack && spot.radius_px >= least_radius_px &&
          field.holds(spot.y_px, spot.x_px, inset_px)) {
        ++d.invented;
      }
    }
    for (const Drawn& d : drawn) {
      (d.kind == SpotKind::hole ? out.hole_spots : out.particle_spots).truth += d.clear ? 1U : 0U;
    }
  }
}

/// Frame in the middle of the time in which the two of a pair come to touch (merge) or come apart (split).
double touching_frame(const TrialScene& truth, const TrueParticle& a, const TrueParticle& b) {
  for (std::size_t f = 0; f < truth.options.frames; ++f) {
    const double time = truth.options.frame_s * (static_cast<double>(f) + 0.5);
    const auto [ay, ax] = a.place(time);
    const auto [by, bx] = b.place(time);
    const bool touch = std::hypot(ay - by, ax - bx) < a.radius_px(time) + b.radius_px(time);
    if (time > a.moves_s && touch == (a.pair > 0)) {
      return static_cast<double>(f);
    }
  }
  return -1.0;
}

void score_pairs(const TrialScene& truth, const Field& field, const Tracks& tracks, Trial& out) {
  std::set<const TrackEvent*> used;
  constexpr double within_frames = 20.0;  // outlines touch before brightness does
  constexpr double within_px = 12.0;
  for (std::size_t i = 0; i + 1 < truth.particles.size(); ++i) {
    const TrueParticle& a = truth.particles[i];
    if (a.pair == 0 || truth.particles[i + 1].pair != a.pair) {
      continue;
    }
    const double frame = touching_frame(truth, a, truth.particles[i + 1]);
    const auto [y, x] = a.place(a.pair > 0 ? a.stops_s : a.moves_s);
    if (frame < 0.0 || !field.holds(y, x, inset_px + 12.0)) {
      continue;
    }
    Detections& d = a.pair > 0 ? out.merges : out.splits;
    const TrackChange wanted = a.pair > 0 ? TrackChange::merges : TrackChange::splits;
    ++d.truth;
    for (const TrackEvent& e : tracks.events) {
      if (e.change == wanted && used.count(&e) == 0 && std::abs(e.frame - frame) < within_frames &&
          std::hypot(e.y_px - y, e.x_px - x) < within_px) {
        used.insert(&e);
        ++d.hits;
        break;
      }
    }
  }
  for (const TrackEvent& e : tracks.events) {
    if (used.count(&e) == 0 && field.holds(e.y_px, e.x_px, inset_px)) {
      out.merges.invented += e.change == TrackChange::merges ? 1U : 0U;
      out.splits.invented += e.change == TrackChange::splits ? 1U : 0U;
    }
  }
}

}  // namespace

void score_tracks(const TrialScene& truth, std::span<const SpotFrame> windows, const Tracks& tracks, Trial& out) {
  const Field field = common_field(truth);
  score_windows(truth, field, windows, out);
  score_pairs(truth, field, tracks, out);
  // Tracks that hold a drawn thing, single ones only.
  std::map<std::pair<SpotKind, std::size_t>, std::map<int, std::size_t>> holders;
  std::map<std::pair<SpotKind, std::size_t>, double> first_seen;
  for (const Track& track : tracks.tracks) {
    for (const TrackPoint& p : track.points) {
      const double middle = windows[p.window].middle;
      const auto drawn = drawn_at(truth, field, truth.options.frame_s * (middle + 0.5));
      const Drawn* m = match(drawn, p.spot);
      const bool paired = m != nullptr && m->kind == SpotKind::particle && truth.particles[m->index].pair != 0;
      if (m == nullptr || paired || !field.holds(m->y, m->x, inset_px)) {
        continue;
      }
      const std::pair<SpotKind, std::size_t> key{m->kind, m->index};
      ++holders[key][track.id];
      const auto [entry, fresh] = first_seen.try_emplace(key, middle);
      entry->second = std::min(entry->second, middle);
    }
  }
  for (const auto& [key, tracks_of] : holders) {
    std::size_t all = 0;
    for (const auto& [id, n] : tracks_of) {
      all += n;
    }
    if (all >= 2) {
      ++out.followed;
      out.whole += tracks_of.size() == 1 ? 1U : 0U;
    }
    // When its radius passes 2 px, if that is during the series.
    constexpr double born_px = 2.0;
    for (std::size_t f = 0; f < truth.options.frames; ++f) {
      const double time = truth.options.frame_s * (static_cast<double>(f) + 0.5);
      const double r = key.first == SpotKind::hole ? truth.voids[key.second].radius_px(time)
                                                   : truth.particles[key.second].radius_px(time);
      if (r >= born_px) {
        if (f > 0) {
          out.nucleation_frame.push_back({static_cast<double>(f), Estimate{first_seen[key], 0.0}});
        }
        break;
      }
    }
  }
}

}  // namespace hotstage::series::detail
