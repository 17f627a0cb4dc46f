// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/tracks.hpp"

#include "hotstage/core/error.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace hotstage::series {

namespace {

constexpr double alone = 1.0;      // cost of no partner; a pair on the gate costs 2
constexpr double forbidden = 1e6;  // finite, so that sums stay exact enough

double distance(const Spot& a, const Spot& b) {
  return std::hypot(a.y_px - b.y_px, a.x_px - b.x_px);
}

struct Open {
  Track track;
  int missed = 0;
};

/// Gates: `near` for one that moves a little, `inside` for one that has taken up another or lost a part: its middle
/// jumps, but not out of the larger outline.
enum class Gate { near, inside };

double pair_cost(const Spot& last, const Spot& spot, int missed, const TrackOptions& options, Gate kind) {
  const double sigma = std::hypot(last.place_sigma_px, spot.place_sigma_px);
  double gate = options.gate_sigma * sigma + options.gate_px * (1.0 + missed) + 0.25 * last.radius_px;
  if (kind == Gate::inside) {
    gate = std::max(gate, std::max(last.radius_px, spot.radius_px) + options.gate_px);
  }
  const double u = distance(last, spot) / gate;
  return u <= 1.0 ? 2.0 * alone * u * u : forbidden;
}

/// Gives spots to open tracks that have none yet.
void assign(const std::vector<Open>& open, const std::vector<Spot>& spots, const TrackOptions& options, Gate gate,
            std::vector<std::optional<std::size_t>>& chosen) {
  std::vector<char> used(spots.size(), 0);
  std::vector<std::size_t> waiting;
  for (std::size_t t = 0; t < open.size(); ++t) {
    if (chosen[t]) {
      used[*chosen[t]] = 1;
    } else {
      waiting.push_back(t);
    }
  }
  if (waiting.empty()) {
    return;
  }
  // One more column per track: it finds nothing.
  Buffer<double, 2> costs({waiting.size(), spots.size() + waiting.size()});
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    const Open& o = open[waiting[i]];
    for (std::size_t s = 0; s < spots.size(); ++s) {
      costs.view()(i, s) =
          used[s] != 0 ? forbidden : pair_cost(o.track.points.back().spot, spots[s], o.missed, options, gate);
    }
    for (std::size_t n = 0; n < waiting.size(); ++n) {
      costs.view()(i, spots.size() + n) = n == i ? 2.0 * alone : forbidden;
    }
  }
  const std::vector<std::size_t> columns = linear_assignment(costs.view());
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    if (columns[i] < spots.size() && costs.view()(i, columns[i]) < forbidden) {
      chosen[waiting[i]] = columns[i];
    }
  }
}

std::vector<Track> link(std::span<const SpotFrame> windows, SpotKind kind, const TrackOptions& options) {
  std::vector<Open> open;
  std::vector<Track> done;
  for (std::size_t w = 0; w < windows.size(); ++w) {
    std::vector<Spot> spots;
    std::copy_if(windows[w].spots.begin(), windows[w].spots.end(), std::back_inserter(spots),
                 [&](const Spot& s) { return s.kind == kind; });
    std::vector<std::optional<std::size_t>> chosen(open.size());
    assign(open, spots, options, Gate::near, chosen);
    assign(open, spots, options, Gate::inside, chosen);
    std::vector<char> used(spots.size(), 0);
    std::vector<Open> next;
    for (std::size_t t = 0; t < open.size(); ++t) {
      if (chosen[t]) {
        used[*chosen[t]] = 1;
        open[t].track.points.push_back({w, spots[*chosen[t]]});
        open[t].missed = 0;
      } else if (++open[t].missed > options.longest_gap) {
        done.push_back(std::move(open[t].track));
        continue;
      }
      next.push_back(std::move(open[t]));
    }
    for (std::size_t s = 0; s < spots.size(); ++s) {
      if (used[s] == 0) {
        next.push_back({Track{.kind = kind, .points = {{w, spots[s]}}}, 0});
      }
    }
    open = std::move(next);
  }
  for (Open& o : open) {
    done.push_back(std::move(o.track));
  }
  return done;
}

const TrackPoint* point_at(const Track& track, std::size_t window) {
  const auto found = std::lower_bound(track.points.begin(), track.points.end(), window,
                                      [](const TrackPoint& p, std::size_t w) { return p.window < w; });
  return found == track.points.end() || found->window != window ? nullptr : &*found;
}

/// Nearest seen window of a track at or before (step −1), at or after (step 1) one.
const TrackPoint* nearest(const Track& track, std::size_t window, long step, int most) {
  for (long k = 0; k <= most; ++k) {
    const long w = static_cast<long>(window) + k * step;
    if (w >= 0) {
      if (const TrackPoint* p = point_at(track, static_cast<std::size_t>(w))) {
        return p;
      }
    }
  }
  return nullptr;
}

/// The track that takes up (or gave off) a good part of a spot's signal between two windows, with the spot inside it.
int partner(const std::vector<Track>& tracks, const Track& own, const Spot& spot, std::size_t with, std::size_t without,
            const TrackOptions& options) {
  int best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (const Track& other : tracks) {
    if (other.id == own.id || other.kind != own.kind) {
      continue;
    }
    const std::size_t reach = static_cast<std::size_t>(options.longest_gap) + 1;
    if (other.points.front().window > with + reach || other.points.back().window + reach < with) {
      continue;
    }
    const long step = without > with ? 1 : -1;
    const TrackPoint* beside = nearest(other, with, -step, options.longest_gap);
    const TrackPoint* joined = nearest(other, without, step, options.longest_gap);
    if (beside == nullptr || joined == nullptr) {
      continue;
    }
    constexpr double good_part = 0.4;
    const double away = distance(joined->spot, spot);
    const bool inside = away < joined->spot.radius_px + spot.radius_px;
    if (inside && joined->spot.signal_px2 - beside->spot.signal_px2 > good_part * spot.signal_px2 && away < least) {
      least = away;
      best = other.id;
    }
  }
  return best;
}

TrackEvent event_between(std::span<const SpotFrame> windows, std::size_t before, std::size_t after, const Spot& spot) {
  const double span = windows[after].middle - windows[before].middle;
  return {.frame = 0.5 * (windows[before].middle + windows[after].middle),
          .sigma_frames = span / std::sqrt(12.0),
          .y_px = spot.y_px,
          .x_px = spot.x_px};
}

}  // namespace

const char* name(TrackChange change) noexcept {
  switch (change) {
    case TrackChange::appears:
      return "appears";
    case TrackChange::vanishes:
      return "vanishes";
    case TrackChange::merges:
      return "merges";
    case TrackChange::splits:
      break;
  }
  return "splits";
}

std::vector<std::size_t> linear_assignment(View<const double, 2> costs) {
  const std::size_t rows = costs.extent(0);
  const std::size_t columns = costs.extent(1);
  HOTSTAGE_EXPECTS(rows <= columns);
  constexpr double infinite = std::numeric_limits<double>::infinity();
  // Potentials of rows and columns; rows enter one by one along the shortest augmenting path. Index 0 is "none".
  std::vector<double> u(rows + 1, 0.0), v(columns + 1, 0.0);
  std::vector<std::size_t> row_of(columns + 1, 0), before(columns + 1, 0);
  for (std::size_t row = 1; row <= rows; ++row) {
    row_of[0] = row;
    std::size_t column = 0;
    std::vector<double> least(columns + 1, infinite);
    std::vector<char> seen(columns + 1, 0);
    do {
      seen[column] = 1;
      const std::size_t at = row_of[column];
      double step = infinite;
      std::size_t next = 0;
      for (std::size_t c = 1; c <= columns; ++c) {
        if (seen[c] != 0) {
          continue;
        }
        const double reduced = costs(at - 1, c - 1) - u[at] - v[c];
        if (reduced < least[c]) {
          least[c] = reduced;
          before[c] = column;
        }
        if (least[c] < step) {
          step = least[c];
          next = c;
        }
      }
      for (std::size_t c = 0; c <= columns; ++c) {
        if (seen[c] != 0) {
          u[row_of[c]] += step;
          v[c] -= step;
        } else {
          least[c] -= step;
        }
      }
      column = next;
    } while (row_of[column] != 0);
    while (column != 0) {
      row_of[column] = row_of[before[column]];
      column = before[column];
    }
  }
  std::vector<std::size_t> out(rows, 0);
  for (std::size_t c = 1; c <= columns; ++c) {
    if (row_of[c] != 0) {
      out[row_of[c] - 1] = c - 1;
    }
  }
  return out;
}

Tracks link_spots(std::span<const SpotFrame> windows, const TrackOptions& options) {
  Tracks out;
  for (const SpotKind kind : {SpotKind::hole, SpotKind::particle}) {
    for (Track& track : link(windows, kind, options)) {
      if (track.points.size() >= static_cast<std::size_t>(options.shortest)) {
        track.id = static_cast<int>(out.tracks.size()) + 1;
        out.tracks.push_back(std::move(track));
      }
    }
  }
  for (const Track& track : out.tracks) {
    const std::size_t first = track.points.front().window;
    const std::size_t last = track.points.back().window;
    if (first > 0) {
      TrackEvent e = event_between(windows, first - 1, first, track.points.front().spot);
      e.track = track.id;
      e.other = partner(out.tracks, track, track.points.front().spot, first, first - 1, options);
      e.change = e.other != 0 ? TrackChange::splits : TrackChange::appears;
      out.events.push_back(e);
    }
    if (last + 1 < windows.size()) {
      TrackEvent e = event_between(windows, last, last + 1, track.points.back().spot);
      e.track = track.id;
      e.other = partner(out.tracks, track, track.points.back().spot, last, last + 1, options);
      e.change = e.other != 0 ? TrackChange::merges : TrackChange::vanishes;
      out.events.push_back(e);
    }
  }
  std::stable_sort(out.events.begin(), out.events.end(),
                   [](const TrackEvent& a, const TrackEvent& b) { return a.frame < b.frame; });
  return out;
}

}  // namespace hotstage::series
