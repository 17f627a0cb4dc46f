// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/front_sampler.hpp"

#include "hotstage/num/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace hotstage::series::detail {

namespace {

constexpr std::size_t walkers = 18;
constexpr std::size_t cooling = 36;  // generations
constexpr std::size_t settling = 16;
constexpr std::size_t sampling = 48;
constexpr std::size_t keep_every = 3;
constexpr double pi = std::numbers::pi;

double square(double x) {
  return x * x;
}

double log_normal(double x, double sigma) {
  return -0.5 * square(x / sigma) - std::log(sigma * std::sqrt(2.0 * pi));
}

}  // namespace

// Parameters: time (radial: start; plane: at the middle; relay: wait), log speed, its relative
// growth over the way through the grain, log width of the change,
// two of the shape (plane: angle, place behind which all starts at once; radial: start relative to the middle).
FrontSampler::FrontSampler(const FrontField& field, FrontShape shape, bool growing, int from,
                           std::shared_ptr<const std::vector<FrontSource>> sources, double sigma_s, bool held)
    : field_(field),
      shape_(shape),
      growing_(growing),
      held_(held),
      from_(from),
      sources_(std::move(sources)),
      sigma_s_(sigma_s) {
  free_ = {0, 1, 3};
  if (growing_) {
    free_.push_back(2);
  }
  if (shape_ != FrontShape::relay) {
    free_.push_back(4);
    if (shape_ == FrontShape::radial || held_) {
      free_.push_back(5);
    }
  }
  for (const FrontBlock& b : field_.blocks) {
    if (b.dated_s) {
      dated_.push_back(*b.dated_s);
    }
    if (sources_) {
      for (const FrontSource& s : *sources_) {
        distance_.push_back(static_cast<float>(std::hypot(b.middle.y - s.y_px, b.middle.x - s.x_px)));
      }
    }
  }
  std::sort(dated_.begin(), dated_.end());
}

FrontModel FrontSampler::model_of(const std::array<double, 6>& p) const {
  const double speed = std::exp(p[1]);
  FrontModel m{.shape = shape_, .time_s = p[0], .slowness_s_px = 1.0 / speed};
  m.gain_per_s = p[2] * speed / field_.extent_px;
  m.y_px = field_.y;
  m.x_px = field_.x;
  if (shape_ == FrontShape::plane) {
    m.angle = p[4];
    m.held_px = held_ ? p[5] : -1e9;
  } else if (shape_ == FrontShape::radial) {
    m.y_px += p[4];
    m.x_px += p[5];
  } else {
    m.from = from_;
    m.sources = sources_;
  }
  return m;
}

double FrontSampler::log_prior(const std::array<double, 6>& p) const {
  const double slowest = std::log(field_.extent_px / (4.0 * field_.duration_s));
  const double fastest = std::log(4.0 * field_.extent_px / field_.frame_s);
  if (p[1] < slowest || p[1] > fastest) {
    return -1e300;
  }
  constexpr double width_spread = 0.8;
  double out = -std::log(fastest - slowest) + (growing_ ? log_normal(p[2], 1.0) : 0.0) +
               log_normal(p[3] - std::log(0.5 * field_.frame_s), width_spread);
  if (shape_ == FrontShape::relay) {
    // It goes on at once, or after any time.
    const double at_once = std::exp(log_normal(p[0], std::hypot(field_.frame_s, sigma_s_)));
    const double later = p[0] > 0.0 && p[0] < 0.5 * field_.duration_s ? 2.0 / field_.duration_s : 0.0;
    return out + std::log(0.5 * at_once + 0.5 * later + 1e-300);
  }
  const double t = (p[0] - field_.first_s) / field_.duration_s;
  if (t < -0.5 || t > 1.5) {
    return -1e300;
  }
  out -= std::log(2.0 * field_.duration_s);
  const double extent = field_.extent_px;
  if (shape_ == FrontShape::plane) {
    if (held_ && (p[5] < -0.6 * extent || p[5] > 0.3 * extent)) {
      return -1e300;
    }
    return out - std::log(2.0 * pi) - (held_ ? std::log(0.9 * extent) : 0.0);
  }
  constexpr double reach = 0.7;
  return out + log_normal(p[4], reach * extent) + log_normal(p[5], reach * extent);
}

double FrontSampler::seen(const FrontBlock& block, std::size_t index, const FrontModel& m, double width_s) const {
  double mean = 0.0;
  double variance = 0.0;
  if (shape_ == FrontShape::relay) {
    const std::size_t n = sources_->size();
    const float* const d = distance_.data() + index * n;
    double least = 1e300;
    std::size_t first = 0;
    for (std::size_t s = 0; s < n; ++s) {
      const double t = (*sources_)[s].time_s + static_cast<double>(d[s]) * m.slowness_s_px;
      if (t < least) {
        least = t;
        first = s;
      }
    }
    mean = m.time_s + (*sources_)[first].time_s + m.travel_s(static_cast<double>(d[first]));
    variance = square(block.side * m.slowness_s_px) / 12.0;
  } else {
    for (const FrontPoint& p : block.points) {
      const double t = m.at(p.y, p.x);
      mean += t;
      variance += t * t;
    }
    const auto n = static_cast<double>(block.points.size());
    mean /= n;
    variance = std::max(0.0, variance / n - mean * mean) + square(0.5 * block.side * m.slowness_s_px) / 12.0;
  }
  // A logistic of the same variance.
  constexpr double to_logistic = 3.0 / (pi * pi);
  return block.curve.at(mean, std::sqrt(width_s * width_s + to_logistic * variance));
}

double FrontSampler::log_likelihood(const std::array<double, 6>& p, double slack) const {
  const FrontModel m = model_of(p);
  const double width = std::exp(p[3]);
  constexpr double obeys = -0.0513;  // log 0.95
  constexpr double far = 6.0;
  double sum = 0.0;
  for (std::size_t b = 0; b < field_.blocks.size(); ++b) {
    const FrontBlock& block = field_.blocks[b];
    const double by_front = obeys + seen(block, b, m, width);
    const double own = block.curve.elsewhere - slack;
    sum += by_front > own + far   ? by_front
           : by_front < own - far ? own
                                  : std::max(by_front, own) + std::log1p(std::exp(-std::abs(by_front - own)));
  }
  return sum;
}

std::array<double, 6> FrontSampler::start(Rng& rng) const {
  const double crossing = std::max(field_.frame_s, 1.5 * (num::quantile(dated_, 0.9) - num::quantile(dated_, 0.1)));
  std::array<double, 6> p{};
  p[1] = std::log(field_.extent_px / crossing) + 0.4 * rng.normal();
  p[2] = growing_ ? 0.7 * rng.normal() : 0.0;
  p[3] = std::log(0.5 * field_.frame_s) + 0.3 * rng.normal();
  if (shape_ == FrontShape::relay) {
    p[0] = rng.uniform() < 0.5 ? field_.frame_s * rng.normal() : 0.3 * field_.duration_s * rng.uniform();
  } else if (shape_ == FrontShape::plane) {
    p[0] = num::median(dated_) + 0.1 * crossing * rng.normal();
    p[4] = 2.0 * pi * rng.uniform();
    p[5] = held_ ? field_.extent_px * (-0.6 + 0.7 * rng.uniform()) : 0.0;
  } else {
    const auto pick = static_cast<std::size_t>(rng.uniform() * static_cast<double>(field_.blocks.size()));
    const FrontBlock& at = field_.blocks[std::min(pick, field_.blocks.size() - 1)];
    p[0] = num::quantile(dated_, 0.05) + 0.2 * crossing * (rng.uniform() - 0.7);
    p[4] = 1.3 * (at.middle.y - field_.y);
    p[5] = 1.3 * (at.middle.x - field_.x);
  }
  return p;
}

namespace {

struct State {
  std::array<double, 6> p{};
  double prior = -1e300;
  double likelihood = -1e300;
};

}  // namespace

double FrontSampler::log_posterior(const std::array<double, 6>& p, double slack) const {
  const double prior = log_prior(p);
  return prior > -1e200 ? prior + log_likelihood(p, slack) : -1e300;
}

std::array<double, 6> FrontSampler::scale() const {
  const double crossing = std::max(field_.frame_s, num::quantile(dated_, 0.9) - num::quantile(dated_, 0.1));
  const double px = 0.1 * field_.extent_px;
  return {0.1 * crossing, 0.2, 0.3, 0.3, shape_ == FrontShape::plane ? 0.15 : px, px};
}

/// Nelder and Mead (doi:10.1093/comjnl/7.4.308).
double FrontSampler::climb(std::array<double, 6>& from, double size, double slack) const {
  struct Corner {
    std::array<double, 6> p{};
    double value = 0.0;
  };

  const std::array<double, 6> steps = scale();
  std::vector<Corner> simplex{{from, log_posterior(from, slack)}};
  for (const std::size_t k : free_) {
    Corner c{from, 0.0};
    c.p[k] += size * steps[k];
    c.value = log_posterior(c.p, slack);
    simplex.push_back(c);
  }
  const auto better = [](const Corner& a, const Corner& b) { return a.value > b.value; };
  constexpr int most = 140;
  constexpr double flat = 0.02;
  for (int i = 0; i < most; ++i) {
    std::sort(simplex.begin(), simplex.end(), better);
    Corner& worst = simplex.back();
    if (simplex.front().value - worst.value < flat) {
      break;
    }
    std::array<double, 6> middle = from;
    for (const std::size_t k : free_) {
      middle[k] = 0.0;
      for (std::size_t c = 0; c + 1 < simplex.size(); ++c) {
        middle[k] += simplex[c].p[k] / static_cast<double>(simplex.size() - 1);
      }
    }
    const auto along = [&](double by) {
      Corner c{worst.p, 0.0};
      for (const std::size_t k : free_) {
        c.p[k] = middle[k] + by * (worst.p[k] - middle[k]);
      }
      c.value = log_posterior(c.p, slack);
      return c;
    };
    const Corner mirrored = along(-1.0);
    if (mirrored.value > simplex.front().value) {
      const Corner farther = along(-2.0);
      worst = farther.value > mirrored.value ? farther : mirrored;
    } else if (mirrored.value > simplex[simplex.size() - 2].value) {
      worst = mirrored;
    } else {
      const Corner nearer = mirrored.value > worst.value ? along(-0.5) : along(0.5);
      if (nearer.value > std::max(worst.value, mirrored.value)) {
        worst = nearer;
      } else {
        for (std::size_t c = 1; c < simplex.size(); ++c) {
          for (const std::size_t k : free_) {
            simplex[c].p[k] = 0.5 * (simplex[c].p[k] + simplex.front().p[k]);
          }
          simplex[c].value = log_posterior(simplex[c].p, slack);
        }
      }
    }
  }
  std::sort(simplex.begin(), simplex.end(), better);
  from = simplex.front().p;
  return simplex.front().value;
}

/// Square root of the covariance that the curvature of log L/temper at a peak stands for.
Eigen::MatrixXd FrontSampler::spread_at(const std::array<double, 6>& peak, double temper) const {
  const auto n = static_cast<Eigen::Index>(free_.size());
  const auto height = [&](std::array<double, 6> p, std::size_t i, double by_i, std::size_t j, double by_j) {
    p[i] += by_i;
    p[j] += by_j;
    const double prior = log_prior(p);
    return prior > -1e200 ? prior + log_likelihood(p) / temper : -1e300;
  };
  const double top = height(peak, 0, 0.0, 0, 0.0);
  // Steps that lower it by about one.
  std::array<double, 6> step = scale();
  for (const std::size_t k : free_) {
    for (int i = 0; i < 8; ++i) {
      const double drop = top - 0.5 * (height(peak, k, step[k], k, 0.0) + height(peak, k, -step[k], k, 0.0));
      if (drop > 2.0) {
        step[k] *= 0.5;
      } else if (drop < 0.3) {
        step[k] *= 1.6;
      } else {
        break;
      }
    }
  }
  Eigen::MatrixXd curvature(n, n);
  for (Eigen::Index a = 0; a < n; ++a) {
    const std::size_t i = free_[static_cast<std::size_t>(a)];
    curvature(a, a) =
        std::clamp(2.0 * top - height(peak, i, step[i], i, 0.0) - height(peak, i, -step[i], i, 0.0), 0.1, 10.0);
  }
  for (Eigen::Index a = 0; a < n; ++a) {
    for (Eigen::Index b = 0; b < a; ++b) {
      const std::size_t i = free_[static_cast<std::size_t>(a)];
      const std::size_t j = free_[static_cast<std::size_t>(b)];
      const double mixed = 0.25 * (height(peak, i, step[i], j, -step[j]) + height(peak, i, -step[i], j, step[j]) -
                                   height(peak, i, step[i], j, step[j]) - height(peak, i, -step[i], j, -step[j]));
      const double most = 0.98 * std::sqrt(curvature(a, a) * curvature(b, b));
      curvature(a, b) = curvature(b, a) = std::clamp(mixed, -most, most);
    }
  }
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(curvature);
  Eigen::MatrixXd root = solver.eigenvectors();
  for (Eigen::Index a = 0; a < n; ++a) {
    root.col(a) /= std::sqrt(std::max(0.1, solver.eigenvalues()[a]));
  }
  for (Eigen::Index a = 0; a < n; ++a) {
    root.row(a) *= step[free_[static_cast<std::size_t>(a)]];
  }
  return root;
}

FrontFamily FrontSampler::search(Rng& rng) const {
  FrontFamily out{.shape = shape_, .from = from_, .growing = growing_, .held = held_};
  std::vector<State> chain(walkers);
  constexpr double wide = 40.0;
  double slack = wide;
  const auto fill = [&](State& s) {
    s.prior = log_prior(s.p);
    s.likelihood = s.prior > -1e200 ? log_likelihood(s.p, slack) : -1e300;
  };
  for (State& s : chain) {
    // The better of several broad starts.
    constexpr int starts = 4;
    for (int k = 0; k < starts; ++k) {
      State other{.p = start(rng)};
      fill(other);
      s = other.prior + other.likelihood > s.prior + s.likelihood ? other : s;
    }
  }
  State best = chain.front();
  for (std::size_t g = 0; g < cooling; ++g) {
    constexpr double hot = 20.0;
    const double cool = static_cast<double>(g) / static_cast<double>(cooling);
    const double temperature = std::max(1.0, std::pow(hot, 1.0 - cool));
    for (std::size_t i = 0; i < walkers; ++i) {
      const auto other = [&] { return static_cast<std::size_t>(rng.uniform() * static_cast<double>(walkers)); };
      const State& a = chain[std::min(other(), walkers - 1)];
      const State& b = chain[std::min(other(), walkers - 1)];
      const double reach = g % 8 == 7 ? 1.0 : 2.38 / std::sqrt(2.0 * static_cast<double>(free_.size()));
      State next = chain[i];
      for (const std::size_t k : free_) {
        next.p[k] += reach * (a.p[k] - b.p[k]) + 1e-3 * rng.normal();
      }
      fill(next);
      const double gain = (next.likelihood - chain[i].likelihood) / temperature + next.prior - chain[i].prior;
      if (std::log(rng.uniform()) < gain) {
        chain[i] = next;
        best = next.likelihood + next.prior > best.likelihood + best.prior ? next : best;
      }
    }
    if (g % 15 == 14 || g + 1 == cooling) {
      // Chains left behind in a poor place start again from the better half.
      std::sort(chain.begin(), chain.end(),
                [](const State& a, const State& b) { return a.likelihood + a.prior > b.likelihood + b.prior; });
      for (std::size_t i = walkers / 2; i < walkers; ++i) {
        constexpr double hopeless = 12.0;
        if (chain[i].likelihood + chain[i].prior < chain[0].likelihood + chain[0].prior - hopeless * temperature) {
          chain[i] = chain[i - walkers / 2];
        }
      }
    }
  }
  std::sort(chain.begin(), chain.end(),
            [](const State& a, const State& b) { return a.likelihood + a.prior > b.likelihood + b.prior; });
  // Chains of one valley lie together: from the best and from two others.
  const State found = best;
  slack = 0.0;
  fill(best);
  for (const std::size_t i : {std::size_t{0}, walkers / 4, walkers / 2}) {
    std::array<double, 6> p = i == 0 ? found.p : chain[i].p;
    climb(p, 1.0, 0.3 * wide);
    climb(p, 0.3, 0.0);
    State end{.p = p};
    fill(end);
    best = end.likelihood + end.prior > best.likelihood + best.prior ? end : best;
  }
  climb(best.p, 0.1, 0.0);
  fill(best);
  out.best = model_of(best.p);
  const double width = std::exp(best.p[3]);
  double sum = 0.0;
  double n = 0.0;
  for (std::size_t b = 0; b < field_.blocks.size(); ++b) {
    const FrontBlock& block = field_.blocks[b];
    const double by_front = seen(block, b, out.best, width);
    constexpr double clear = 8.0;  // blocks that hardly show a step say nothing about the fit
    if (block.curve.highest > clear && by_front > block.curve.elsewhere) {
      sum += 2.0 * (block.curve.highest - by_front);
      n += 1.0;
    }
  }
  out.misfit = n > 0.0 ? sum / n : 1.0;
  out.peak = best.p;
  return out;
}

void FrontSampler::sample(FrontFamily& family, double temper, Rng& rng) const {
  const std::array<double, 6> zero = family.peak;
  const Eigen::MatrixXd root = spread_at(zero, temper);
  std::vector<State> chain;
  for (std::size_t i = 0; i < walkers; ++i) {
    State one{.p = zero};
    Eigen::VectorXd z(root.cols());
    for (Eigen::Index k = 0; k < z.size(); ++k) {
      z[k] = i == 0 ? 0.0 : rng.normal();
    }
    const Eigen::VectorXd step = root * z;
    for (std::size_t k = 0; k < free_.size(); ++k) {
      one.p[free_[k]] += step[static_cast<Eigen::Index>(k)];
    }
    one.prior = log_prior(one.p);
    one.likelihood = one.prior > -1e200 ? log_likelihood(one.p) : -1e300;
    chain.push_back(one.prior > -1e200 ? one : State{zero, log_prior(zero), log_likelihood(zero)});
  }
  double highest = -1e300;
  std::vector<std::array<double, 6>> kept;
  family.samples.clear();
  for (std::size_t g = 0; g < settling + sampling; ++g) {
    for (State& s : chain) {
      const auto pick = [&] {
        return std::min(static_cast<std::size_t>(rng.uniform() * static_cast<double>(chain.size())), chain.size() - 1);
      };
      const State& a = chain[pick()];
      const State& b = chain[pick()];
      const double reach = g % 8 == 7 ? 1.0 : 2.38 / std::sqrt(2.0 * static_cast<double>(free_.size()));
      State next{.p = s.p};
      for (const std::size_t k : free_) {
        next.p[k] += reach * (a.p[k] - b.p[k]) + 1e-3 * rng.normal();
      }
      next.prior = log_prior(next.p);
      next.likelihood = next.prior > -1e200 ? log_likelihood(next.p) : -1e300;
      if (std::log(rng.uniform()) < (next.likelihood - s.likelihood) / temper + next.prior - s.prior) {
        s = next;
      }
      highest = std::max(highest, s.likelihood / temper + s.prior);
      if (g >= settling && g % keep_every == 0) {
        kept.push_back(s.p);
        family.samples.push_back(model_of(s.p));
      }
    }
  }
  const auto n = static_cast<Eigen::Index>(free_.size());
  Eigen::VectorXd mean = Eigen::VectorXd::Zero(n);
  Eigen::MatrixXd second = Eigen::MatrixXd::Zero(n, n);
  for (const auto& p : kept) {
    Eigen::VectorXd v(n);
    for (Eigen::Index k = 0; k < n; ++k) {
      const std::size_t i = free_[static_cast<std::size_t>(k)];
      v[k] = p[i] - zero[i];
      if (shape_ == FrontShape::plane && i == 4) {
        v[k] = std::remainder(v[k], 2.0 * pi);
      }
    }
    mean += v;
    second += v * v.transpose();
  }
  const auto count = static_cast<double>(kept.size());
  mean /= count;
  const Eigen::MatrixXd covariance = second / count - mean * mean.transpose();
  const double log_volume = 0.5 * covariance.ldlt().vectorD().array().max(1e-12).log().sum();
  family.log_evidence = highest + 0.5 * static_cast<double>(free_.size()) * std::log(2.0 * pi) + log_volume;
}

}  // namespace hotstage::series::detail
