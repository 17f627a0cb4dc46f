// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/events_front.hpp"

#include "hotstage/core/parallel.hpp"
#include "hotstage/num/statistics.hpp"
#include "hotstage/series/detail/front_field.hpp"
#include "hotstage/series/segment.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

namespace hotstage::series {

namespace {

constexpr std::size_t fewest_blocks = 12;
constexpr std::size_t replicate_count = 80;
constexpr std::uint64_t draw_stream = 67;
constexpr double outline_px = 1.5;    // error of a boundary of the segmentation
constexpr double least_share = 0.4;   // of a grain's blocks that must have changed
constexpr double usual_misfit = 3.0;  // of a front of the right shape: time, width and height are not fitted per block

// What blocks of one grain err by together (texture, bend contours, outline) is in none of their curves. Chosen so that
// two thirds of onsets and speeds of drawn series 1-20 lie within σ.
constexpr double shared_errors = 1.7;

double square(double x) {
  return x * x;
}

/// Earliest source of a relay for a place.
const FrontSource& earliest(const FrontModel& m, double y, double x) {
  const FrontSource* best = nullptr;
  double least = 1e300;
  for (const FrontSource& s : *m.sources) {
    const double t = s.time_s + std::hypot(y - s.y_px, x - s.x_px) * m.slowness_s_px;
    if (t < least) {
      least = t;
      best = &s;
    }
  }
  return *best;
}

/// `dy`, `dx` shift the grain.
FrontReading read(const FrontModel& model, const detail::GrainFront& grain, View<const std::int32_t, 2> labels,
                  int label, double dy = 0.0, double dx = 0.0) {
  FrontReading out{.start_s = 1e300};
  const auto begin_at = [&](double y, double x, double t) {
    if (t < out.start_s) {
      out.start_s = t;
      out.y_px = y;
      out.x_px = x;
    }
  };
  std::vector<double> slowness, times;
  double sy = 0.0;
  double sx = 0.0;
  for (const detail::FrontPoint& p : grain.pixels) {
    const double t = model.at(p.y + dy, p.x + dx);
    begin_at(p.y, p.x, t);
    times.push_back(t);
    const auto [gy, gx] = model.gradient(p.y + dy, p.x + dx);
    const double g = std::hypot(gy, gx);
    if (g > 0.0) {
      slowness.push_back(g);
      sy += gy / g;
      sx += gx / g;
    }
  }
  for (const detail::FrontPoint& p : grain.rim) {
    begin_at(p.y, p.x, model.at(p.y, p.x));
  }
  if (model.shape == FrontShape::relay) {
    for (const FrontSource& s : *model.sources) {
      // The boundary runs half a pixel behind the neighbour's last one.
      begin_at(s.y_px, s.x_px, model.time_s + s.time_s + model.travel_s(0.5));
    }
  }
  if (model.shape == FrontShape::radial && model.y_px > -0.5 && model.x_px > -0.5) {
    const auto y = static_cast<std::size_t>(std::lround(model.y_px));
    const auto x = static_cast<std::size_t>(std::lround(model.x_px));
    if (y < labels.extent(0) && x < labels.extent(1) && labels(y, x) == label) {
      begin_at(model.y_px, model.x_px, model.time_s);
    }
  }
  out.speed_px_s = slowness.empty() ? 1e3 : 1.0 / std::max(1e-9, num::median(slowness));
  out.angle = std::atan2(sy, sx);
  out.directed = std::hypot(sy, sx) / static_cast<double>(grain.pixels.size());
  out.completed_s = num::quantile(times, 0.9);
  return out;
}

/// Half the distance between the 16th and the 84th percentile.
double spread(std::vector<double> values) {
  return values.empty() ? 0.0 : 0.5 * (num::quantile(values, 0.8413) - num::quantile(values, 0.1587));
}

template <class Get>
std::vector<double> over_readings(const FrontFit& fit, Get&& get) {
  std::vector<double> values;
  for (const FrontReading& r : fit.readings) {
    values.push_back(get(r));
  }
  return values;
}

template <class Get>
Estimate estimate(const FrontFit& fit, double value, double model_variance, Get&& get) {
  return {value, std::hypot(shared_errors * spread(over_readings(fit, get)), std::sqrt(model_variance))};
}

/// All kinds of fronts tried in one grain.
struct Tried {
  int label = 0;
  const detail::GrainFront* grain = nullptr;
  std::vector<detail::FrontFamily> simple;  ///< plane and radial
  std::vector<detail::FrontFamily> relays;
  FrontFit fit;
};

/// Draws the replicates from all kinds by their evidence, and reads them.
void draw(Tried& tried, View<const std::int32_t, 2> labels, Rng& rng) {
  std::vector<const detail::FrontFamily*> families;
  std::vector<double> log_weight;
  // A quarter planes, a quarter radial, half handed on; of the planes a quarter held.
  const auto odds = [](const detail::FrontFamily& f) {
    return 0.125 * (f.shape == FrontShape::radial ? 1.0 : f.held ? 0.25 : 0.75);
  };
  for (const auto& f : tried.simple) {
    families.push_back(&f);
    log_weight.push_back(f.log_evidence + std::log(odds(f)));
  }
  for (const auto& f : tried.relays) {
    families.push_back(&f);
    log_weight.push_back(f.log_evidence + std::log(0.5 / static_cast<double>(tried.relays.size())));
  }
  const double most = *std::max_element(log_weight.begin(), log_weight.end());
  std::vector<double> share;
  double sum = 0.0;
  for (const double w : log_weight) {
    sum += std::exp(w - most);
    share.push_back(sum);
  }
  FrontFit& fit = tried.fit;
  const auto likeliest =
      static_cast<std::size_t>(std::max_element(log_weight.begin(), log_weight.end()) - log_weight.begin());
  fit.model = families[likeliest]->best;
  fit.best = read(fit.model, *tried.grain, labels, tried.label);
  fit.replicates.clear();
  fit.readings.clear();
  for (std::size_t k = 0; k < replicate_count; ++k) {
    const double at = sum * (static_cast<double>(k) + rng.uniform()) / static_cast<double>(replicate_count);
    const auto i = std::min<std::size_t>(
        static_cast<std::size_t>(std::lower_bound(share.begin(), share.end(), at) - share.begin()), share.size() - 1);
    const auto& samples = families[i]->samples;
    if (samples.empty()) {
      continue;
    }
    const auto pick = static_cast<std::size_t>(rng.uniform() * static_cast<double>(samples.size()));
    fit.replicates.push_back(samples[std::min(pick, samples.size() - 1)]);
    fit.readings.push_back(read(fit.replicates.back(), *tried.grain, labels, tried.label));
  }
  // Strata of one kind lie together: mixed, so that the k-th of one grain goes with any of its neighbour.
  for (std::size_t i = fit.replicates.size(); i > 1; --i) {
    const auto j = std::min(static_cast<std::size_t>(rng.uniform() * static_cast<double>(i)), i - 1);
    std::swap(fit.replicates[i - 1], fit.replicates[j]);
    std::swap(fit.readings[i - 1], fit.readings[j]);
  }
  fit.best.start_s = num::median(over_readings(fit, [](const FrontReading& r) { return r.start_s; }));
  fit.best.speed_px_s = num::median(over_readings(fit, [](const FrontReading& r) { return r.speed_px_s; }));
  fit.best.completed_s = num::median(over_readings(fit, [](const FrontReading& r) { return r.completed_s; }));
  double sy = 0.0;
  double sx = 0.0;
  for (const FrontReading& r : fit.readings) {
    sy += std::sin(r.angle) * r.directed;
    sx += std::cos(r.angle) * r.directed;
  }
  fit.best.angle = std::atan2(sy, sx);
}

/// Misfit of the best kind: what it does not explain counts as noise for all.
double misfit_of(const Tried& tried) {
  double out = 1e300;
  for (const auto* const families : {&tried.simple, &tried.relays}) {
    for (const auto& f : *families) {
      out = std::min(out, std::max(1.0, f.misfit / usual_misfit));
    }
  }
  return out;
}

detail::FrontSampler alone(const detail::FrontField& field, const detail::FrontFamily& family) {
  return {field, family.shape, family.growing, 0, nullptr, 0.0, family.held};
}

void search_simple(Tried& tried, Rng& rng) {
  const detail::FrontField& field = tried.grain->field;
  for (const bool growing : {false, true}) {
    for (const bool held : {false, true}) {
      tried.simple.push_back(
          detail::FrontSampler(field, FrontShape::plane, growing, 0, nullptr, 0.0, held).search(rng));
    }
    tried.simple.push_back(detail::FrontSampler(field, FrontShape::radial, growing).search(rng));
  }
  tried.fit.misfit = misfit_of(tried);
  for (auto& family : tried.simple) {
    alone(field, family).sample(family, tried.fit.misfit, rng);
  }
}

/// Places of the boundary on the side of the neighbour, and when the neighbour's front was there.
struct Handover {
  std::shared_ptr<const std::vector<FrontSource>> sources;
  double sigma_s = 0.0;
};

Handover hand_over(const FrontFit& neighbour, const std::vector<detail::FrontPoint>& contact) {
  constexpr std::size_t most = 32;
  const std::size_t stride = (contact.size() + most - 1) / most;
  auto sources = std::make_shared<std::vector<FrontSource>>();
  std::vector<double> sigma;
  for (std::size_t i = 0; i < contact.size(); i += stride) {
    std::vector<double> t;
    for (const FrontModel& m : neighbour.replicates) {
      t.push_back(m.at(contact[i].y, contact[i].x));
    }
    sources->push_back({contact[i].y, contact[i].x, num::median(t)});
    sigma.push_back(spread(std::move(t)));
  }
  return {sources, num::median(sigma)};
}

void search_relays(Tried& tried, const std::map<int, Handover>& from, bool anew, Rng& rng) {
  const detail::FrontField& field = tried.grain->field;
  const auto sampler_of = [&](int neighbour, bool growing) {
    const Handover& h = from.at(neighbour);
    return detail::FrontSampler(field, FrontShape::relay, growing, neighbour, h.sources, h.sigma_s);
  };
  if (anew) {
    tried.relays.clear();
    for (const auto& [neighbour, handover] : from) {
      for (const bool growing : {false, true}) {
        tried.relays.push_back(sampler_of(neighbour, growing).search(rng));
      }
    }
    const double before = tried.fit.misfit;
    tried.fit.misfit = misfit_of(tried);
    constexpr double same = 0.95;
    for (auto& family : tried.simple) {
      if (tried.fit.misfit < same * before) {
        alone(field, family).sample(family, tried.fit.misfit, rng);
      }
    }
  }
  for (auto& family : tried.relays) {
    sampler_of(family.from, family.growing).sample(family, tried.fit.misfit, rng);
  }
}

/// Counts, residuals, and what the outline adds.
void finish(Tried& tried, View<const std::int32_t, 2> labels) {
  FrontFit& fit = tried.fit;
  std::vector<double> kept;
  for (const detail::FrontBlock& b : tried.grain->field.blocks) {
    if (!b.dated_s) {
      continue;
    }
    double t = 0.0;
    for (const detail::FrontPoint& p : b.points) {
      t += fit.model.at(p.y, p.x) / static_cast<double>(b.points.size());
    }
    const bool obeys = b.curve.at(t, b.curve.first_width_s * 2.0) > b.curve.elsewhere;
    if (obeys) {
      kept.push_back(square(*b.dated_s - t));
    } else {
      ++fit.outliers;
    }
  }
  fit.rms_s = kept.empty() ? 0.0 : std::sqrt(num::mean(kept));
  fit.blocks = tried.grain->changed - std::min(tried.grain->changed, fit.outliers);
  fit.found = fit.blocks >= fewest_blocks && 2 * fit.blocks >= tried.grain->changed;
  // The outline of the grain is as sure as the segmentation; a start inside does not feel it.
  double at_rim = 0.0;
  for (const FrontReading& r : fit.readings) {
    double nearest = 1e300;
    for (const detail::FrontPoint& p : tried.grain->rim) {
      nearest = std::min(nearest, std::hypot(p.y - r.y_px, p.x - r.x_px));
    }
    at_rim += nearest <= 2.0 * outline_px ? 1.0 / static_cast<double>(fit.readings.size()) : 0.0;
  }
  const double edge_s = outline_px / fit.best.speed_px_s;
  fit.model_variance.start_s = at_rim * edge_s * edge_s;
  fit.model_variance.completed_s = edge_s * edge_s;
  fit.model_variance.speed_px_s = fit.model_variance.angle = 0.0;
  for (const auto& [dy, dx] : {std::pair{outline_px, 0.0}, std::pair{0.0, outline_px}}) {
    const FrontReading ahead = read(fit.model, *tried.grain, labels, tried.label, dy, dx);
    const FrontReading behind = read(fit.model, *tried.grain, labels, tried.label, -dy, -dx);
    fit.model_variance.speed_px_s += square(0.5 * (ahead.speed_px_s - behind.speed_px_s));
    fit.model_variance.angle += square(0.5 * std::remainder(ahead.angle - behind.angle, 2.0 * std::numbers::pi));
  }
}

}  // namespace

const char* name(FrontShape shape) noexcept {
  switch (shape) {
    case FrontShape::plane:
      return "plane";
    case FrontShape::radial:
      return "radial";
    case FrontShape::relay:
      break;
  }
  return "relay";
}

double FrontModel::travel_s(double distance_px) const {
  const double r_s = distance_px * slowness_s_px;
  return std::abs(gain_per_s) > 1e-7 ? (std::sqrt(std::max(0.04, 1.0 + 2.0 * gain_per_s * r_s)) - 1.0) / gain_per_s
                                     : r_s;
}

double FrontModel::at(double y, double x) const {
  if (shape == FrontShape::plane) {
    return time_s + travel_s(std::max(held_px, (y - y_px) * std::sin(angle) + (x - x_px) * std::cos(angle)));
  }
  if (shape == FrontShape::relay) {
    const FrontSource& s = earliest(*this, y, x);
    return time_s + s.time_s + travel_s(std::hypot(y - s.y_px, x - s.x_px));
  }
  return time_s + travel_s(std::hypot(y - y_px, x - x_px));
}

std::array<double, 2> FrontModel::gradient(double y, double x) const {
  double uy = std::sin(angle);
  double ux = std::cos(angle);
  double r = (y - y_px) * uy + (x - x_px) * ux;
  if (shape == FrontShape::plane && r <= held_px) {
    return {0.0, 0.0};
  }
  if (shape != FrontShape::plane) {
    double sy = y_px;
    double sx = x_px;
    if (shape == FrontShape::relay) {
      const FrontSource& s = earliest(*this, y, x);
      sy = s.y_px;
      sx = s.x_px;
    }
    r = std::hypot(y - sy, x - sx);
    uy = r > 0.0 ? (y - sy) / r : 0.0;
    ux = r > 0.0 ? (x - sx) / r : 0.0;
  }
  const double g = slowness_s_px / std::sqrt(std::max(0.04, 1.0 + 2.0 * gain_per_s * r * slowness_s_px));
  return {uy * g, ux * g};
}

Estimate FrontFit::start_s() const {
  return estimate(*this, best.start_s, model_variance.start_s, [](const FrontReading& r) { return r.start_s; });
}

Estimate FrontFit::speed_px_s() const {
  return estimate(*this, best.speed_px_s, model_variance.speed_px_s,
                  [](const FrontReading& r) { return r.speed_px_s; });
}

Estimate FrontFit::completed_s() const {
  return estimate(*this, best.completed_s, model_variance.completed_s,
                  [](const FrontReading& r) { return r.completed_s; });
}

Estimate FrontFit::gain_per_s() const {
  std::vector<double> values;
  for (const FrontModel& m : replicates) {
    values.push_back(m.gain_per_s);
  }
  const double middle = values.empty() ? model.gain_per_s : num::median(values);
  return {middle, shared_errors * spread(std::move(values))};
}

std::optional<Estimate> FrontFit::direction_deg() const {
  constexpr double least = 0.6;
  if (best.directed < least) {
    return std::nullopt;
  }
  constexpr double degrees = 180.0 / std::numbers::pi;
  const double middle = best.angle;
  Estimate out = estimate(*this, 0.0, model_variance.angle, [&](const FrontReading& r) {
    return std::remainder(r.angle - middle, 2.0 * std::numbers::pi);
  });
  return Estimate{middle * degrees, out.sigma * degrees};
}

std::vector<FrontFit> fit_fronts(const EventInput& input, View<const std::int32_t, 2> labels, Run& run) {
  const auto grains = detail::gather_fronts(input, labels);
  std::vector<Tried> tried;
  std::map<int, std::size_t> of_label;
  for (const auto& [label, grain] : grains) {
    Tried one{.label = label, .grain = &grain};
    one.fit.grain = label;
    of_label[label] = tried.size();
    tried.push_back(std::move(one));
  }
  const auto enough = [](const Tried& t) {
    return t.grain->changed >= fewest_blocks &&
           static_cast<double>(t.grain->changed) >= least_share * static_cast<double>(t.grain->searched);
  };
  // Sweep 0: fronts of the grain alone; then those handed on by what the last sweep says of the neighbours.
  std::map<int, std::map<int, std::vector<detail::FrontPoint>>> contact;  // into, from
  for (const BoundaryPixel& p : boundary_pixels(labels)) {
    contact[p.b][p.a].push_back({static_cast<double>(p.y), static_cast<double>(p.x)});
  }
  constexpr std::size_t sweeps = 3;
  for (std::size_t sweep = 0; sweep < sweeps; ++sweep) {
    std::vector<std::map<int, Handover>> from(tried.size());
    for (std::size_t i = 0; sweep > 0 && i < tried.size(); ++i) {
      for (const auto& [neighbour, places] : contact[tried[i].label]) {
        constexpr std::size_t shortest = 16;
        const auto other = of_label.find(neighbour);
        if (places.size() >= shortest && other != of_label.end() && tried[other->second].fit.found) {
          from[i][neighbour] = hand_over(tried[other->second].fit, places);
        }
      }
    }
    parallel_chunks(run, tried.size(), 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        if (!enough(tried[i]) || (sweep > 0 && from[i].empty())) {
          continue;
        }
        Rng rng(input.seed + static_cast<std::uint64_t>(tried[i].label), draw_stream, sweep);
        if (sweep == 0) {
          search_simple(tried[i], rng);
        } else {
          const bool same = std::all_of(tried[i].relays.begin(), tried[i].relays.end(),
                                        [&](const auto& r) { return from[i].count(r.from) > 0; }) &&
                            tried[i].relays.size() == 2 * from[i].size();
          search_relays(tried[i], from[i], !same, rng);
        }
        tried[i].fit.outliers = 0;
        draw(tried[i], labels, rng);
        finish(tried[i], labels);
      }
    });
  }
  std::vector<FrontFit> out;
  for (Tried& t : tried) {
    out.push_back(std::move(t.fit));
  }
  return out;
}

}  // namespace hotstage::series
