// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/cell.hpp"
#include "hotstage/atoms/neighbours.hpp"
#include "hotstage/atoms/path.hpp"
#include "hotstage/core/error.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

namespace hotstage::atoms {

namespace {

/// Pairs closer than this pass through each other: they are pushed aside instead of along a line without direction.
constexpr double closest_A = 0.1;

/// One image of a pair: how far it is at both ends of a leg.
struct PairTarget {
  std::size_t from = 0;
  std::size_t to = 0;
  Vector shift_A{};  ///< added to the place of `to`
  double start_A = 0.0;
  double end_A = 0.0;
  Vector aside{};  ///< unit vector across the way they pass each other, for atoms on top of each other
};

/// A unit vector perpendicular to `v`, the same on every machine; z for no direction.
Vector perpendicular(const Vector& v) {
  const auto smallest = std::size_t(std::ranges::min_element(v, {}, [](double x) { return std::abs(x); }) - v.begin());
  Vector axis{};
  axis[smallest] = 1.0;
  const Vector out = cross(v, axis);
  return norm(out) > 0.0 ? scale(out, 1.0 / norm(out)) : Vector{0.0, 0.0, 1.0};
}

/// Every pair within reach at either end, once. An atom and its own image keep their distance and are left out.
std::vector<PairTarget> pairs_of(const Structure& start, const Structure& end, double reach_A) {
  using Key = std::tuple<std::size_t, std::size_t, IntVector>;
  std::set<Key> keys;
  for (const Structure* s : {&start, &end}) {
    for (const Neighbour& n : neighbours(*s, reach_A)) {
      if (n.from < n.to) {
        keys.emplace(n.from, n.to, n.image);
      }
    }
  }
  std::vector<PairTarget> out;
  for (const auto& [from, to, image] : keys) {
    PairTarget p{.from = from, .to = to};
    p.shift_A = combine({double(image[0]), double(image[1]), double(image[2])}, start.cell_A);
    const auto step = [&](const Structure& s) {
      return add(subtract(s.positions_A[p.to], s.positions_A[p.from]), p.shift_A);
    };
    p.start_A = norm(step(start));
    p.end_A = norm(step(end));
    p.aside = perpendicular(subtract(step(end), step(start)));
    out.push_back(p);
  }
  return out;
}

/// What an image should be like.
struct Target {
  const std::vector<PairTarget>& pairs;
  double fraction = 0.0;
};

struct Evaluation {
  double objective = 0.0;
  std::vector<Vector> gradient;
};

Evaluation evaluate(const Structure& image, const Target& target) {
  Evaluation out{.gradient = std::vector<Vector>(image.size())};
  for (const PairTarget& p : target.pairs) {
    const Vector step = add(subtract(image.positions_A[p.to], image.positions_A[p.from]), p.shift_A);
    const double apart = norm(step);
    const double d = std::max(apart, closest_A);
    const double off = d - (p.start_A + target.fraction * (p.end_A - p.start_A));
    const double d4 = d * d * d * d;
    out.objective += off * off / d4;
    // dS/dd = 2 off/d⁴ (1 − 2 off/d); along the bond.
    const Vector along = apart > closest_A ? scale(step, 1.0 / apart) : p.aside;
    const Vector push = scale(along, 2.0 * off / d4 * (1.0 - 2.0 * off / d));
    out.gradient[p.from] = subtract(out.gradient[p.from], push);
    out.gradient[p.to] = add(out.gradient[p.to], push);
  }
  return out;
}

using Forces = std::vector<std::vector<Vector>>;  ///< per inner image, per atom

double inner(const std::vector<Vector>& a, const std::vector<Vector>& b) {
  double out = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    out += dot(a[i], b[i]);
  }
  return out;
}

double inner(const Forces& a, const Forces& b) {
  double out = 0.0;
  for (std::size_t n = 0; n < a.size(); ++n) {
    out += inner(a[n], b[n]);
  }
  return out;
}

double largest(const Forces& forces) {
  double out = 0.0;
  for (const auto& image : forces) {
    for (const Vector& v : image) {
      out = std::max({out, std::abs(v[0]), std::abs(v[1]), std::abs(v[2])});
    }
  }
  return out;
}

std::vector<Vector> steps_between(const Structure& a, const Structure& b) {
  std::vector<Vector> out(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    out[i] = subtract(b.positions_A[i], a.positions_A[i]);
  }
  return out;
}

/// Fixed atoms feel nothing. Without any, the image as a whole does not drift: pair distances do not see a drift, and
/// springs could even out their lengths by it.
void hold(const Structure& image, std::vector<Vector>& force) {
  const bool any_fixed = std::ranges::any_of(image.fixed, [](char f) { return f != 0; });
  Vector mean{};
  for (std::size_t i = 0; i < force.size(); ++i) {
    if (any_fixed && image.fixed[i] != 0) {
      force[i] = {};
    }
    mean = add(mean, scale(force[i], 1.0 / double(force.size())));
  }
  for (Vector& f : force) {
    f = any_fixed ? f : subtract(f, mean);
  }
}

/// Downhill across the path, springs along it: images keep their distances from each other and do not slide down.
Forces band_forces(const std::vector<Structure>& images, const std::vector<Target>& targets) {
  constexpr double spring_A4 = 0.1;  // softer than a bond (2/d⁴ = 0.15 Å⁻⁴ at 1.9 Å)
  Forces out;
  for (std::size_t n = 1; n + 1 < images.size(); ++n) {
    std::vector<Vector> force = evaluate(images[n], targets[n]).gradient;
    std::vector<Vector> tangent = steps_between(images[n - 1], images[n + 1]);
    const std::vector<Vector> back = steps_between(images[n - 1], images[n]);
    const std::vector<Vector> ahead = steps_between(images[n], images[n + 1]);
    const double length = std::sqrt(inner(tangent, tangent));
    const double spring = spring_A4 * (std::sqrt(inner(ahead, ahead)) - std::sqrt(inner(back, back)));
    const double along = length > 0.0 ? (inner(force, tangent) / length + spring) / length : 0.0;
    for (std::size_t i = 0; i < force.size(); ++i) {
      force[i] = add(scale(force[i], -1.0), scale(tangent[i], along));
    }
    hold(images[n], force);
    out.push_back(std::move(force));
  }
  return out;
}

/// Fast inertial relaxation engine (Bitzek et al. 2006, doi:10.1103/PhysRevLett.97.170201), its published constants.
class Fire {
 public:
  explicit Fire(const Forces& shape) : velocity_(shape) {
    for (auto& image : velocity_) {
      std::ranges::fill(image, Vector{});
    }
  }

  void move(std::vector<Structure>& images, const Forces& force) {
    turn(force);
    // The longest component of one step: atoms must not jump over each other.
    constexpr double longest_A = 0.1;
    for (std::size_t n = 0; n < velocity_.size(); ++n) {
      for (std::size_t i = 0; i < velocity_[n].size(); ++i) {
        velocity_[n][i] = add(velocity_[n][i], scale(force[n][i], step_));
      }
    }
    const double fastest = largest(velocity_) * step_;
    const double shrink = fastest > longest_A ? longest_A / fastest : 1.0;
    for (std::size_t n = 0; n < velocity_.size(); ++n) {
      for (std::size_t i = 0; i < velocity_[n].size(); ++i) {
        velocity_[n][i] = scale(velocity_[n][i], shrink);
        images[n + 1].positions_A[i] = add(images[n + 1].positions_A[i], scale(velocity_[n][i], step_));
      }
    }
  }

 private:
  /// Turns the velocity towards the force while it goes downhill, else stops.
  void turn(const Forces& force) {
    constexpr int wait = 5;
    constexpr double faster = 1.1;
    constexpr double slower = 0.5;
    constexpr double longest_step = 3.0;
    constexpr double first_mix = 0.1;
    const double power = inner(force, velocity_);
    if (power > 0.0) {
      const double ratio = std::sqrt(inner(velocity_, velocity_) / inner(force, force));
      for (std::size_t n = 0; n < velocity_.size(); ++n) {
        for (std::size_t i = 0; i < velocity_[n].size(); ++i) {
          velocity_[n][i] = add(scale(velocity_[n][i], 1.0 - mix_), scale(force[n][i], mix_ * ratio));
        }
      }
      if (++downhill_ > wait) {
        step_ = std::min(step_ * faster, longest_step);
        mix_ *= 0.99;
      }
    } else {
      for (auto& image : velocity_) {
        std::ranges::fill(image, Vector{});
      }
      step_ *= slower;
      mix_ = first_mix;
      downhill_ = 0;
    }
  }

  Forces velocity_;
  double step_ = 1.0;
  double mix_ = 0.1;
  int downhill_ = 0;
};

}  // namespace

IdppPath idpp_path(const Structure& start, const Structure& end, const PathOptions& options, const IdppOptions& idpp) {
  const StraightPath straight = straight_path(start, end, options);
  std::vector<std::vector<PairTarget>> pairs;
  for (std::size_t leg = 0; leg + 1 < straight.corners.size(); ++leg) {
    pairs.push_back(pairs_of(straight.corners[leg], straight.corners[leg + 1], idpp.reach_A));
  }
  std::vector<Target> targets;
  for (const PathPlace& place : straight.places) {
    targets.push_back({pairs[place.leg], place.fraction});
  }
  IdppPath out{.images = straight.images};
  Forces forces = band_forces(out.images, targets);
  Fire fire(forces);
  while (largest(forces) > idpp.force_A3 && out.steps < idpp.max_steps) {
    fire.move(out.images, forces);
    forces = band_forces(out.images, targets);
    ++out.steps;
  }
  out.converged = largest(forces) <= idpp.force_A3;
  for (std::size_t n = 0; n < out.images.size(); ++n) {
    const bool inside = n > 0 && n + 1 < out.images.size();
    out.objective_linear.push_back(inside ? evaluate(straight.images[n], targets[n]).objective : 0.0);
    out.objective.push_back(inside ? evaluate(out.images[n], targets[n]).objective : 0.0);
  }
  return out;
}

}  // namespace hotstage::atoms
