// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/trial_score.hpp"

#include "hotstage/num/statistics.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numbers>

namespace hotstage::series::detail {

namespace {

constexpr double least_radius_px = 4.0;

/// Truth of one grain from the fine samples in the common field.
struct Seen {
  std::vector<double> front_s;
  std::vector<double> slowness;  ///< s/px
  double sum_y = 0.0;            ///< of the unit gradients
  double sum_x = 0.0;
  std::size_t area = 0;
};

std::map<int, Seen> look_at(const TrialScene& truth, const Field& field) {
  std::map<int, Seen> out;
  const auto label = truth.label.view();
  for (std::size_t y = 1; y + 1 < label.extent(0); ++y) {
    for (std::size_t x = 1; x + 1 < label.extent(1); ++x) {
      const auto fy = static_cast<double>(y);
      const auto fx = static_cast<double>(x);
      if (!field.holds(fy, fx, 1.0)) {
        continue;
      }
      const int here = label(y, x);
      Seen& s = out[here];
      ++s.area;
      const auto t = truth.front_at(fy, fx);
      if (!t) {
        continue;
      }
      s.front_s.push_back(*t);
      if (label(y + 1, x) == here && label(y - 1, x) == here && label(y, x + 1) == here && label(y, x - 1) == here) {
        const double gy = 0.5 * (*truth.front_at(fy + 1.0, fx) - *truth.front_at(fy - 1.0, fx));
        const double gx = 0.5 * (*truth.front_at(fy, fx + 1.0) - *truth.front_at(fy, fx - 1.0));
        const double g = std::hypot(gy, gx);
        if (g > 1e-6) {
          s.slowness.push_back(g);
          s.sum_y += gy / g;
          s.sum_x += gx / g;
        }
      }
    }
  }
  return out;
}

/// Label that overlaps a true grain most, and whether by more than half of the union.
struct Overlap {
  int label = 0;
  bool good = false;
};

std::map<int, Overlap> match_grains(const TrialScene& truth, View<const std::int32_t, 2> labels) {
  std::map<int, std::map<int, std::size_t>> both;
  std::map<int, std::size_t> of_truth, of_label;
  for (std::size_t y = 0; y < labels.extent(0); ++y) {
    for (std::size_t x = 0; x < labels.extent(1); ++x) {
      if (labels(y, x) > 0) {
        ++both[truth.label.view()(y, x)][labels(y, x)];
        ++of_truth[truth.label.view()(y, x)];
        ++of_label[labels(y, x)];
      }
    }
  }
  std::map<int, Overlap> out;
  for (const auto& [grain, shares] : both) {
    const auto most = std::max_element(shares.begin(), shares.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    const std::size_t all = of_truth[grain] + of_label[most->first] - most->second;
    out[grain] = {most->first, 2 * most->second > all};
  }
  return out;
}

EntryCall call_of(EntryVerdict verdict) {
  switch (verdict) {
    case EntryVerdict::continuous:
      return EntryCall::continuous;
    case EntryVerdict::wall:
      return EntryCall::wall;
    case EntryVerdict::independent:
      return EntryCall::independent;
    case EntryVerdict::cannot_tell:
      break;
  }
  return EntryCall::cannot_tell;
}

/// What the analysis says of the grain with that label.
void add_reading(const GrainReading& reading, int label, int true_source, GrainScore& s) {
  const auto onset = std::find_if(reading.onsets.begin(), reading.onsets.end(),
                                  [&](const GrainOnset& o) { return o.grain == label && o.found; });
  if (onset != reading.onsets.end()) {
    s.onset_blocks_degC.read = Estimate{onset->degC, onset->sigma.total_K()};
    if (onset->velocity_nm_per_s) {
      s.speed_blocks_px_s.read = Estimate{*onset->velocity_nm_per_s, onset->velocity_sigma};
    }
  }
  const auto front = std::find_if(reading.fronts.begin(), reading.fronts.end(),
                                  [&](const FrontFit& f) { return f.grain == label && f.found; });
  if (front == reading.fronts.end()) {
    return;
  }
  const auto in_degC = [&](const Estimate& time) {
    return Estimate{reading.log.at(time.value), time.sigma * std::abs(reading.log.rate_K_per_s(time.value))};
  };
  s.onset_degC.read = in_degC(front->start_s());
  if (front->best.completed_s < reading.last_s) {
    s.completed_degC.read = in_degC(front->completed_s());
  }
  s.speed_px_s.read = front->speed_px_s();
  s.gain_per_s.read = front->gain_per_s();
  s.direction_deg.read = front->direction_deg();
  const auto entry = std::find_if(reading.entries.begin(), reading.entries.end(),
                                  [&](const EntryReading& e) { return e.into == label; });
  if (entry != reading.entries.end()) {
    s.call = call_of(entry->verdict);
    s.from_right = entry->from == true_source;
    const std::array<double, 3> p{entry->continuous, entry->wall, entry->independent};
    const auto most = std::max_element(p.begin(), p.end());
    s.entry_p = *most;
    s.likeliest_right = most - p.begin() + 1 == static_cast<long>(s.truth);
    if (s.truth == Entry::wall && s.call == EntryCall::wall) {
      s.wait_s.read = entry->wait_s;
    }
  }
}

}  // namespace

Field common_field(const TrialScene& truth) {
  Field out{0.0, static_cast<double>(truth.options.rows - 1), 0.0, static_cast<double>(truth.options.columns - 1)};
  for (const auto& [dy, dx] : truth.drift) {
    out.top = std::max(out.top, -dy);
    out.left = std::max(out.left, -dx);
    out.bottom = std::min(out.bottom, static_cast<double>(truth.options.rows - 1) - dy);
    out.right = std::min(out.right, static_cast<double>(truth.options.columns - 1) - dx);
  }
  return out;
}

double distance_to(const TrueCrack& crack, double y, double x) {
  const double dy = crack.to[0] - crack.from[0];
  const double dx = crack.to[1] - crack.from[1];
  const double u = std::clamp(((y - crack.from[0]) * dy + (x - crack.from[1]) * dx) / (dy * dy + dx * dx), 0.0, 1.0);
  return std::hypot(y - crack.from[0] - u * dy, x - crack.from[1] - u * dx);
}

double drift_error(const TrialScene& truth, std::span<const FrameDrift> drift) {
  double sum = 0.0;
  for (std::size_t f = 0; f < drift.size(); ++f) {
    const double dy = drift[f].dy_px - drift[0].dy_px - truth.drift[f][0];
    const double dx = drift[f].dx_px - drift[0].dx_px - truth.drift[f][1];
    sum += 0.5 * (dy * dy + dx * dx);
  }
  return std::sqrt(sum / static_cast<double>(drift.size()));
}

void score_spots(const TrialScene& truth, std::span<const DarkSpot> spots, std::size_t frames_averaged, Trial& out) {
  const Field field = common_field(truth);
  const double time = 0.5 * static_cast<double>(frames_averaged) * truth.options.frame_s;
  std::vector<char> used(spots.size(), 0);
  constexpr double inset = 14.0;
  for (const TrueVoid& v : truth.voids) {
    const double r = v.radius_px(time);
    double least = std::max(r, 2.0);
    std::optional<std::size_t> best;
    for (std::size_t s = 0; s < spots.size(); ++s) {
      const double away = std::hypot(spots[s].y_px - v.y_px, spots[s].x_px - v.x_px);
      if (used[s] == 0 && spots[s].kind == DarkKind::round && away < least) {
        least = away;
        best = s;
      }
    }
    if (best) {
      used[*best] = 1;
    }
    if (r >= least_radius_px && field.holds(v.y_px, v.x_px, inset)) {
      ++out.voids.truth;
      out.voids.hits += best ? 1U : 0U;
    }
  }
  for (const TrueCrack& c : truth.cracks) {
    const double my = 0.5 * (c.from[0] + c.to[0]);
    const double mx = 0.5 * (c.from[1] + c.to[1]);
    if (!field.holds(my, mx, 0.5 * c.length_px())) {
      continue;
    }
    ++out.cracks.truth;
    Pair length{c.length_px(), std::nullopt};
    Pair width{c.width_px, std::nullopt};
    for (std::size_t s = 0; s < spots.size(); ++s) {
      if (used[s] == 0 && distance_to(c, spots[s].y_px, spots[s].x_px) < c.width_px) {
        used[s] = 1;
        if (spots[s].kind == DarkKind::crack && !length.read) {
          length.read = Estimate{spots[s].length_px, 0.0};
          width.read = Estimate{spots[s].width_px, 0.0};
          ++out.cracks.hits;
        }
      }
    }
    out.crack_length_px.push_back(length);
    out.crack_width_px.push_back(width);
  }
  for (std::size_t s = 0; s < spots.size(); ++s) {
    if (used[s] == 0 && field.holds(spots[s].y_px, spots[s].x_px, inset)) {
      const bool on_crack = std::any_of(truth.cracks.begin(), truth.cracks.end(), [&](const TrueCrack& c) {
        return distance_to(c, spots[s].y_px, spots[s].x_px) < 2.0 * c.width_px;
      });
      if (!on_crack) {
        ++(spots[s].kind == DarkKind::round ? out.voids : out.cracks).invented;
      }
    }
  }
}

void score_radii(const TrialScene& truth, std::span<const DarkSpot> spots, std::span<const VoidTrack> tracks,
                 Trial& out) {
  constexpr std::size_t stride = 10;
  for (const VoidTrack& track : tracks) {
    const DarkSpot& spot = spots[track.spot];
    for (const TrueVoid& v : truth.voids) {
      if (std::hypot(spot.y_px - v.y_px, spot.x_px - v.x_px) >= std::max(2.0, v.first_px)) {
        continue;
      }
      for (std::size_t f = 5; f < track.radius_px.size(); f += stride) {
        const double r = v.radius_px(truth.options.frame_s * (static_cast<double>(f) + 0.5));
        if (r >= least_radius_px && std::isfinite(track.radius_px[f])) {
          out.void_radius_px.push_back({r, Estimate{track.radius_px[f], track.sigma_px[f]}});
        }
      }
      break;
    }
  }
}

void score_grains(const TrialScene& truth, const GrainReading& reading, Trial& out) {
  const Field field = common_field(truth);
  constexpr std::size_t least_area = 1200;
  const auto matches = match_grains(truth, reading.labels);
  for (const auto& [grain, seen] : look_at(truth, field)) {
    if (seen.area < least_area) {
      continue;
    }
    const TrueGrain& g = truth.grains[static_cast<std::size_t>(grain)];
    GrainScore s{.grain = grain, .truth = g.entry};
    const auto match = matches.find(grain);
    s.segmented = match != matches.end() && match->second.good;
    // Where a grain starts must be seen, or its onset and its entry are not.
    constexpr double inset = 8.0;
    if (g.entry == Entry::none || seen.slowness.empty() || !field.holds(g.origin[0], g.origin[1], inset)) {
      s.truth = Entry::none;
      out.grains.push_back(s);
      continue;
    }
    s.onset_degC.truth = reading.log.at(*std::min_element(seen.front_s.begin(), seen.front_s.end()));
    s.completed_degC.truth = reading.log.at(num::quantile(seen.front_s, 0.9));
    s.completed_in_time = num::quantile(seen.front_s, 0.9) < reading.last_s - 10.0;
    s.speed_px_s.truth = 1.0 / num::median(seen.slowness);
    s.onset_blocks_degC.truth = s.onset_degC.truth;
    s.speed_blocks_px_s.truth = s.speed_px_s.truth;
    s.gain_per_s.truth = g.gain_per_s;
    s.wait_s.truth = g.wait_s;
    const double along = std::hypot(seen.sum_y, seen.sum_x) / static_cast<double>(seen.slowness.size());
    constexpr double directed = 0.7;
    s.direction_deg.truth = along > directed ? std::atan2(seen.sum_y, seen.sum_x) * 180.0 / std::numbers::pi : 1e9;
    if (s.segmented) {
      const auto source = matches.find(g.from);
      add_reading(reading, match->second.label, source == matches.end() ? -1 : source->second.label, s);
    }
    out.grains.push_back(s);
  }
}

}  // namespace hotstage::series::detail
