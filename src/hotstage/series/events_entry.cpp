// SPDX-License-Identifier: GPL-3.0-or-later
// How a front came into a grain: votes of the replicates of its front and of its neighbours'.

#include "hotstage/num/statistics.hpp"
#include "hotstage/series/events_front.hpp"
#include "hotstage/series/segment.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace hotstage::series {

namespace {

struct Place {
  double y = 0.0;
  double x = 0.0;
};

using Contacts = std::map<int, std::map<int, std::vector<Place>>>;  ///< grain → neighbour → places

Contacts contacts_of(View<const std::int32_t, 2> labels) {
  Contacts out;
  for (const BoundaryPixel& p : boundary_pixels(labels)) {
    out[p.a][p.b].push_back({static_cast<double>(p.y), static_cast<double>(p.x)});
  }
  return out;
}

struct Vote {
  int from = 0;         ///< 0: independent
  bool shared = false;  ///< the neighbour started at the same place and time: one nucleus at the boundary
  double wait_s = 0.0;
  double arrival_s = 0.0;
};

struct Neighbour {
  const FrontModel* model = nullptr;
  const FrontReading* start = nullptr;
};

/// The neighbour whose front arrived last before the start, close to it.
Vote vote(const FrontReading& start, const std::map<int, std::vector<Place>>& contact,
          const std::map<int, Neighbour>& neighbours, double near_px, double slack_s) {
  Vote out;
  double best = 1e300;
  for (const auto& [neighbour, places] : contact) {
    const auto other = neighbours.find(neighbour);
    if (other == neighbours.end()) {
      continue;
    }
    double arrival = 1e300;
    for (const Place& p : places) {
      if (std::hypot(p.y - start.y_px, p.x - start.x_px) <= near_px) {
        arrival = std::min(arrival, other->second.model->at(p.y, p.x));
      }
    }
    const double wait = start.start_s - arrival;
    if (wait >= -slack_s && std::abs(wait) < best) {
      best = std::abs(wait);
      const FrontReading& its = *other->second.start;
      const bool together = std::hypot(its.y_px - start.y_px, its.x_px - start.x_px) <= 1.5 * near_px &&
                            start.start_s - its.start_s <= slack_s;
      out = {neighbour, together, wait, arrival};
    }
  }
  return out;
}

/// A front handed on says by itself where it came from and how long it was held.
Vote vote_of(const FrontFit& fit, std::size_t k, const std::map<int, std::vector<Place>>& contact,
             const std::map<int, Neighbour>& neighbours, double near_px, double slack_s) {
  const FrontModel& m = fit.replicates[k];
  if (m.shape != FrontShape::relay) {
    return vote(fit.readings[k], contact, neighbours, near_px, slack_s);
  }
  return {m.from, false, m.time_s, fit.readings[k].start_s - m.time_s};
}

}  // namespace

const char* name(EntryVerdict verdict) noexcept {
  switch (verdict) {
    case EntryVerdict::continuous:
      return "continuous";
    case EntryVerdict::wall:
      return "wall";
    case EntryVerdict::independent:
      return "independent";
    case EntryVerdict::cannot_tell:
      break;
  }
  return "cannot tell";
}

std::vector<EntryReading> read_entries(const EventInput& input, std::span<const FrontFit> fronts,
                                       View<const std::int32_t, 2> labels, const EntryOptions& options) {
  const auto& starts = input.thermometry.timeline.frame_start_s;
  const double slack_s =
      options.slack_frames * (starts.back() - starts.front()) / static_cast<double>(starts.size() - 1);
  const Contacts contacts = contacts_of(labels);
  std::map<int, const FrontFit*> fits;
  for (const FrontFit& f : fronts) {
    if (f.found) {
      fits[f.grain] = &f;
    }
  }
  std::vector<EntryReading> out;
  for (const auto& [grain, fit] : fits) {
    EntryReading e{.into = grain, .start_s = fit->best.start_s};
    e.start_degC = input.thermometry.log.at(e.start_s);
    const auto contact = contacts.find(grain);
    if (contact == contacts.end()) {
      continue;
    }
    std::map<int, std::size_t> from;
    std::map<int, std::vector<double>> waits, arrivals;
    double continuous = 0.0;
    double wall = 0.0;
    double shared = 0.0;
    for (std::size_t k = 0; k < fit->readings.size(); ++k) {
      std::map<int, Neighbour> neighbours;
      for (const auto& [neighbour, places] : contact->second) {
        const auto other = fits.find(neighbour);
        if (other != fits.end()) {
          neighbours[neighbour] = {&other->second->replicates[k], &other->second->readings[k]};
        }
      }
      const Vote v = vote_of(*fit, k, contact->second, neighbours, options.near_px, slack_s);
      if (v.from != 0) {
        ++from[v.from];
        waits[v.from].push_back(v.wait_s);
        arrivals[v.from].push_back(v.arrival_s);
        double& share = v.shared ? shared : std::abs(v.wait_s) <= slack_s ? continuous : wall;
        share += 1.0 / static_cast<double>(fit->readings.size());
      }
    }
    // Places of the rim beside a neighbour that had changed at the start, or changed just then.
    double rim = 0.0;
    double behind = 0.0;
    double just = 0.0;
    for (const auto& [neighbour, places] : contact->second) {
      const auto other = fits.find(neighbour);
      for (const Place& p : places) {
        rim += 1.0;
        if (other != fits.end()) {
          const double wait = e.start_s - other->second->model.at(p.y, p.x);
          just += std::abs(wait) <= slack_s ? 1.0 : 0.0;
          behind += wait > slack_s ? 1.0 : 0.0;
        }
      }
    }
    const double lucky_just = rim > 0.0 ? just / rim : 1.0;
    const double lucky_wall = rim > 0.0 ? behind / rim : 1.0;
    e.continuous = continuous / (1.0 + lucky_just);
    e.wall = wall / (1.0 + lucky_wall);
    // A nucleus at the boundary itself belongs to both grains: half for each explanation.
    e.continuous += 0.5 * shared;
    e.independent = 1.0 - e.continuous - e.wall;
    e.chance = continuous > wall ? lucky_just : lucky_wall;
    const auto most =
        std::max_element(from.begin(), from.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    if (most != from.end()) {
      e.from = most->first;
      const std::vector<double>& w = waits[e.from];
      const auto other = fits.find(e.from);
      // A front may be handed on by a neighbour whose own fit was given up in the last round.
      const double model =
          fit->model_variance.start_s + (other != fits.end() ? other->second->model_variance.start_s : 0.0);
      e.wait_s = {num::median(w), std::hypot(num::standard_deviation(w), std::sqrt(model))};
      e.arrival_s = num::median(arrivals[e.from]);
      const TemperatureLog& log = input.thermometry.log;
      const double middle_s = 0.5 * (e.arrival_s + e.start_s);
      e.arrival_degC = log.at(e.arrival_s);
      e.wait_K = {log.at(e.arrival_s + e.wait_s.value) - e.arrival_degC,
                  e.wait_s.sigma * std::abs(log.rate_K_per_s(middle_s))};
    }
    e.verdict = e.continuous >= options.clear    ? EntryVerdict::continuous
                : e.wall >= options.clear        ? EntryVerdict::wall
                : e.independent >= options.clear ? EntryVerdict::independent
                                                 : EntryVerdict::cannot_tell;
    out.push_back(e);
  }
  return out;
}

}  // namespace hotstage::series
