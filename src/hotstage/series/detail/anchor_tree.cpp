// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/anchor_tree.hpp"

#include "hotstage/core/parallel.hpp"
#include "hotstage/num/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

namespace hotstage::series::detail {

namespace {

constexpr std::size_t compared = 12;  // nodes before a node on its level
constexpr std::size_t merged = 8;     // nodes of one level in a node of the next

/// Means over ranges of groups by running sums.
double mean_of(const std::vector<double>& running, std::size_t first, std::size_t last) {
  return (running[last] - running[first]) / static_cast<double>(last - first);
}

std::vector<double> running_sum(const std::vector<double>& values) {
  std::vector<double> out(values.size() + 1, 0.0);
  std::partial_sum(values.begin(), values.end(), out.begin() + 1);
  return out;
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

}  // namespace

AnchorTree::AnchorTree(const Band& band, Spectra spectra, double frames, double lowest, double reach)
    : band_(band), spectra_(std::move(spectra)), frames_(frames), lowest_(lowest), reach_(reach) {}

std::array<double, 2> AnchorTree::enter(std::size_t level, Node node, Run& run) {
  if (level == levels_.size()) {
    const double noise = 1.0 / (frames_ * std::pow(static_cast<double>(merged), static_cast<double>(level)));
    levels_.push_back({make_weights(band_, spectra_, noise, noise, lowest_), {}, {}, 0});
  }
  std::vector<Alignment> found(levels_[level].before.size());
  parallel_chunks(run, found.size(), 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      found[i] = align(band_, levels_[level].weights, node.sum, levels_[level].before[i].sum, {0.0, 0.0}, reach_);
    }
  });
  std::array<double, 2> move{}, weight{};
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!found[i].converged) {
      continue;
    }
    const Node& other = levels_[level].before[i];
    constexpr double least = 1e-8;
    comparisons_.push_back({node.first,
                            node.last,
                            other.first,
                            other.last,
                            {found[i].dy, found[i].dx},
                            {std::max(least, found[i].var_y), std::max(least, found[i].var_x)}});
    for (const std::size_t axis : {0U, 1U}) {
      const double w = 1.0 / comparisons_.back().variance[axis];
      move[axis] += w * comparisons_.back().shift[axis];
      weight[axis] += w;
    }
  }
  for (const std::size_t axis : {0U, 1U}) {
    move[axis] = weight[axis] > 0.0 ? move[axis] / weight[axis] : 0.0;
  }
  if (level == 0 && weight[0] > 0.0) {
    Spectrum moved(band_.size());
    add_moved_back(band_, node.sum, move, 1.0, moved);
    node.sum = std::move(moved);
    // A later solution is on top of this move.
    for (std::size_t k = comparisons_.size(); k-- > 0 && comparisons_[k].a_first == node.first;) {
      comparisons_[k].shift[0] -= move[0];
      comparisons_[k].shift[1] -= move[1];
    }
  }
  Level& here = levels_[level];
  if (here.in_growing == 0) {
    here.growing = {node.first, node.last, node.sum};
  } else {
    std::transform(node.sum.begin(), node.sum.end(), here.growing.sum.begin(), here.growing.sum.begin(), std::plus<>{});
    here.growing.last = node.last;
  }
  here.before.push_back(std::move(node));
  if (here.before.size() > compared) {
    here.before.pop_front();
  }
  if (++here.in_growing == merged) {
    here.in_growing = 0;
    Node grown = std::move(here.growing);
    enter(level + 1, std::move(grown), run);
  }
  return move;
}

std::array<double, 2> AnchorTree::add(Spectrum& sum, Run& run) {
  const std::size_t index = moved_.size();
  moved_.push_back({});
  good_.push_back(sum.empty() ? 0 : 1);
  if (sum.empty()) {
    return {};
  }
  const std::array<double, 2> move = enter(0, {index, index + 1, sum}, run);
  Spectrum out(band_.size());
  add_moved_back(band_, sum, move, 1.0, out);
  sum = std::move(out);
  moved_.back() = move;
  return move;
}

/// Conjugate gradients on the normal equations; a range of groups enters by running sums, so that a comparison of
/// thousands of frames costs as much as one of eight.
std::vector<double> AnchorTree::solve_axis(std::size_t axis) const {
  constexpr double huber = 2.0;
  constexpr int rounds = 4;
  constexpr int iterations = 600;
  constexpr double enough = 1e-20;
  const std::size_t n = moved_.size();
  std::vector<double> x(n, 0.0);
  std::vector<double> weight;
  for (const Comparison& c : comparisons_) {
    weight.push_back(1.0 / c.variance[axis]);
  }
  if (weight.empty()) {
    return x;
  }
  const double hold = 1e-9 * num::median(weight);  // groups without a comparison stay where they are
  const auto predicted = [&](const std::vector<double>& running, const Comparison& c) {
    return mean_of(running, c.a_first, c.a_last) - mean_of(running, c.b_first, c.b_last);
  };
  /// Aᵀ of values per comparison, by differences.
  const auto back = [&](const std::vector<double>& values) {
    std::vector<double> step(n + 1, 0.0);
    for (std::size_t k = 0; k < values.size(); ++k) {
      const Comparison& c = comparisons_[k];
      const double a = values[k] / static_cast<double>(c.a_last - c.a_first);
      const double b = values[k] / static_cast<double>(c.b_last - c.b_first);
      step[c.a_first] += a;
      step[c.a_last] -= a;
      step[c.b_first] -= b;
      step[c.b_last] += b;
    }
    std::partial_sum(step.begin(), step.end(), step.begin());
    step.pop_back();
    return step;
  };
  const auto residuals = [&](const std::vector<double>& at) {
    const std::vector<double> running = running_sum(at);
    std::vector<double> out;
    for (const Comparison& c : comparisons_) {
      out.push_back(c.shift[axis] - predicted(running, c));
    }
    return out;
  };
  for (int round = 0; round < rounds; ++round) {
    std::vector<double> r = residuals(x);
    for (std::size_t k = 0; k < r.size(); ++k) {
      const double pull = std::abs(r[k]) / std::sqrt(comparisons_[k].variance[axis]);
      weight[k] = (round > 0 && pull > huber ? huber / pull : 1.0) / comparisons_[k].variance[axis];
      r[k] *= weight[k];
    }
    std::vector<double> g = back(r);
    for (std::size_t i = 0; i < n; ++i) {
      g[i] -= hold * x[i];
    }
    std::vector<double> p = g;
    double size = dot(g, g);
    const double start = size;
    for (int i = 0; i < iterations && size > enough * start && size > 0.0; ++i) {
      const std::vector<double> running = running_sum(p);
      std::vector<double> seen;
      for (std::size_t k = 0; k < comparisons_.size(); ++k) {
        seen.push_back(weight[k] * predicted(running, comparisons_[k]));
      }
      std::vector<double> q = back(seen);
      for (std::size_t j = 0; j < n; ++j) {
        q[j] += hold * p[j];
      }
      const double length = size / dot(p, q);
      for (std::size_t j = 0; j < n; ++j) {
        x[j] += length * p[j];
        g[j] -= length * q[j];
      }
      const double next = dot(g, g);
      for (std::size_t j = 0; j < n; ++j) {
        p[j] = g[j] + next / size * p[j];
      }
      size = next;
    }
  }
  const double mean = std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(n);
  for (double& value : x) {
    value -= mean;
  }
  return x;
}

std::vector<std::array<double, 2>> AnchorTree::solve() const {
  const std::vector<double> y = solve_axis(0);
  const std::vector<double> x = solve_axis(1);
  std::vector<std::array<double, 2>> out(moved_.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = {y[i], x[i]};
    if (good_[i] == 0 && i > 0) {
      out[i] = out[i - 1];
    }
  }
  return out;
}

double AnchorTree::variance() const {
  std::vector<double> values;
  for (const Comparison& c : comparisons_) {
    if (c.a_last - c.a_first == 1) {
      values.push_back(0.25 * (c.variance[0] + c.variance[1]));  // half of a pair's, mean of both axes
    }
  }
  return values.empty() ? 0.0 : num::median(values);
}

}  // namespace hotstage::series::detail
