// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/detail/quasi_likelihood.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/eels/detail/clones.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace hotstage::eels::detail {

namespace {

using Eigen::Index;

constexpr int most_passes = 30;
constexpr double settled = 1e-4;      // (1 % of σ)²
constexpr std::size_t smoothing = 7;  // channels on either side, for the first weights
constexpr double least_share = 1e-4;  // of the mean expected count: a floor under μ in the weights
constexpr std::size_t strip = 256;    // channels: columns of one strip stay in the cache

/// Σ a_i b_i in 16 lanes, whatever the instruction set.
HOTSTAGE_CLONES double dot(const double* a, const double* b, std::size_t n) {
  constexpr std::size_t lanes = 16;
  double partial[lanes] = {};
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    for (std::size_t k = 0; k < lanes; ++k) {
      partial[k] += a[i + k] * b[i + k];
    }
  }
  double total = 0.0;
  for (const double part : partial) {
    total += part;
  }
  for (; i < n; ++i) {
    total += a[i] * b[i];
  }
  return total;
}

std::vector<double> smoothed(std::span<const double> y) {
  std::vector<double> sum(y.size() + 1, 0.0);
  for (std::size_t i = 0; i < y.size(); ++i) {
    sum[i + 1] = sum[i] + y[i];
  }
  const double mean = std::max(sum.back() / static_cast<double>(y.size()), 1e-6);
  std::vector<double> out(y.size());
  for (std::size_t i = 0; i < y.size(); ++i) {
    const std::size_t a = i > smoothing ? i - smoothing : 0;
    const std::size_t b = std::min(i + smoothing + 1, y.size());
    const double local = (sum[b] - sum[a]) / static_cast<double>(b - a);
    out[i] = std::max(local, 0.02 * mean);
  }
  return out;
}

}  // namespace

void weighted_products(const Eigen::MatrixXd& X, std::span<const std::size_t> first, std::span<const double> weight,
                       std::span<const double> y, Eigen::MatrixXd& G, Eigen::VectorXd& g) {
  const auto n = static_cast<std::size_t>(X.rows());
  const Index p = X.cols();
  HOTSTAGE_EXPECTS(weight.size() == n && y.size() == n && first.size() == static_cast<std::size_t>(p));
  G.setZero(p, p);
  g.setZero(p);
  double weighted[strip];
  for (std::size_t begin = 0; begin < n; begin += strip) {
    const std::size_t end = std::min(begin + strip, n);
    for (Index j = 0; j < p; ++j) {
      const std::size_t own = first[static_cast<std::size_t>(j)];
      if (own >= end) {
        continue;
      }
      const std::size_t from = std::max(begin, own);
      const double* const column = X.col(j).data();
      for (std::size_t i = from; i < end; ++i) {
        weighted[i - begin] = weight[i] * column[i];
      }
      g(j) += dot(weighted + (from - begin), y.data() + from, end - from);
      for (Index k = 0; k <= j; ++k) {
        const std::size_t both = std::max(from, first[static_cast<std::size_t>(k)]);
        if (both < end) {
          G(j, k) += dot(weighted + (both - begin), X.col(k).data() + both, end - both);
        }
      }
    }
  }
  for (Index j = 0; j < p; ++j) {
    for (Index k = 0; k < j; ++k) {
      G(k, j) = G(j, k);
    }
  }
}

QuasiFit fit_counts(const Eigen::MatrixXd& X, std::span<const std::size_t> first, std::span<const float> y,
                    std::span<const char> non_negative, const BoundedSolution& start) {
  QuasiFit out;
  const std::size_t n = y.size();
  const std::vector<double> counts(y.begin(), y.end());
  out.expected = smoothed(counts);
  std::vector<double> weight(n);
  Eigen::MatrixXd G;
  Eigen::VectorXd g;
  BoundedSolution now = start;
  Eigen::VectorXd before;
  for (out.iterations = 1; out.iterations <= most_passes; ++out.iterations) {
    double mean = 0.0;
    for (const double value : out.expected) {
      mean += std::max(value, 0.0);
    }
    const double floor = std::max(least_share * mean / static_cast<double>(n), 1e-30);
    for (std::size_t i = 0; i < n; ++i) {
      weight[i] = 1.0 / std::max(out.expected[i], floor);
    }
    weighted_products(X, first, weight, counts, G, g);
    now = solve_bounded(G, g, non_negative, now);
    if (!now.solved) {
      break;
    }
    Eigen::Map<Eigen::VectorXd>(out.expected.data(), static_cast<Index>(n)).noalias() = X * now.x;
    if (before.size() == now.x.size()) {
      const Eigen::VectorXd moved = now.x - before;
      if (moved.dot(G * moved) < settled) {
        out.converged = true;
        break;
      }
    }
    before = now.x;
  }
  out.parameters = now.x;
  out.active = now.active;
  out.covariance = Eigen::MatrixXd::Zero(X.cols(), X.cols());
  if (now.solved) {
    const Eigen::MatrixXd inverse = active_inverse(G, now.active);
    out.converged = out.converged && inverse.size() > 0;
    if (inverse.size() > 0) {
      out.covariance = inverse;
    }
  }
  out.dof = static_cast<int>(n) - static_cast<int>(std::ranges::count(now.active, 1));
  for (std::size_t i = 0; i < n; ++i) {
    const double residual = counts[i] - out.expected[i];
    out.chi2 += residual * residual * weight[i];
  }
  return out;
}

}  // namespace hotstage::eels::detail
