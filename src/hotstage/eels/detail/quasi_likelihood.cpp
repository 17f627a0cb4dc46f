// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/detail/quasi_likelihood.hpp"

#include "hotstage/core/clones.hpp"
#include "hotstage/core/error.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>

namespace hotstage::eels::detail {

namespace {

using Eigen::Index;

constexpr int most_passes = 30;
constexpr double settled = 1e-4;      // (1 % of σ)²
constexpr std::size_t smoothing = 7;  // channels on either side, for the first weights
constexpr double least_share = 1e-4;  // of the mean expected count: a floor under μ in the weights
constexpr std::size_t strip = 256;    // channels: columns of one strip stay in the cache

constexpr std::size_t lanes = 8;
constexpr std::size_t tile = 2;  // columns on one side of a block of products: its 4 sums of 8 lanes stay in registers

/// Eight numbers added lane by lane: the same sums on every instruction set.
using Lanes [[gnu::vector_size(lanes * sizeof(double))]] = double;

/// sum[2j + k] = Σ a_j b_k over n rows for two columns a and two columns b.
HOTSTAGE_CLONES void products(const double* const* a, const double* const* b, std::size_t n, double* sum) {
  Lanes s00{};
  Lanes s01{};
  Lanes s10{};
  Lanes s11{};
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    Lanes a0;
    Lanes a1;
    Lanes b0;
    Lanes b1;
    std::memcpy(&a0, a[0] + i, sizeof(Lanes));
    std::memcpy(&a1, a[1] + i, sizeof(Lanes));
    std::memcpy(&b0, b[0] + i, sizeof(Lanes));
    std::memcpy(&b1, b[1] + i, sizeof(Lanes));
    s00 += a0 * b0;
    s01 += a0 * b1;
    s10 += a1 * b0;
    s11 += a1 * b1;
  }
  for (std::size_t k = 0; k < lanes; ++k) {
    sum[0] += s00[k];
    sum[1] += s01[k];
    sum[2] += s10[k];
    sum[3] += s11[k];
  }
  for (; i < n; ++i) {
    sum[0] += a[0][i] * b[0][i];
    sum[1] += a[0][i] * b[1][i];
    sum[2] += a[1][i] * b[0][i];
    sum[3] += a[1][i] * b[1][i];
  }
}

HOTSTAGE_CLONES void multiply(const double* a, const double* b, std::size_t n, double* out) {
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = a[i] * b[i];
  }
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
  const auto p = static_cast<std::size_t>(X.cols());
  HOTSTAGE_EXPECTS(weight.size() == n && y.size() == n && first.size() == p);
  // The counts are one more column; an odd number of columns is filled up with the last one.
  const std::size_t columns = p + 1;
  const auto data = [&](std::size_t j) { return j < p ? X.col(static_cast<Index>(j)).data() : y.data(); };
  const auto start = [&](std::size_t j) { return j < p ? first[j] : std::size_t{0}; };
  Eigen::MatrixXd sums = Eigen::MatrixXd::Zero(static_cast<Index>(columns), static_cast<Index>(columns));
  std::vector<double> weighted(tile * strip);
  for (std::size_t begin = 0; begin < n; begin += strip) {
    const std::size_t end = std::min(begin + strip, n);
    for (std::size_t j = 0; j < columns; j += tile) {
      const std::size_t j1 = std::min(j + 1, columns - 1);
      const std::size_t from = std::max(begin, std::min(start(j), start(j1)));
      if (from >= end) {
        continue;
      }
      multiply(data(j) + from, weight.data() + from, end - from, weighted.data());
      multiply(data(j1) + from, weight.data() + from, end - from, weighted.data() + strip);
      for (std::size_t k = 0; k <= j; k += tile) {
        const std::size_t k1 = std::min(k + 1, columns - 1);
        const std::size_t both = std::max(from, std::min(start(k), start(k1)));
        if (both >= end) {
          continue;
        }
        const double* const a[tile] = {weighted.data() + (both - from), weighted.data() + strip + (both - from)};
        const double* const b[tile] = {data(k) + both, data(k1) + both};
        double sum[tile * tile] = {};
        products(a, b, end - both, sum);
        const std::size_t rows[tile] = {j, j1};
        const std::size_t others[tile] = {k, k1};
        for (std::size_t u = 0; u < tile && j + u < columns; ++u) {
          for (std::size_t v = 0; v < tile && k + v < columns; ++v) {
            sums(static_cast<Index>(rows[u]), static_cast<Index>(others[v])) += sum[tile * u + v];
          }
        }
      }
    }
  }
  const auto q = static_cast<Index>(p);
  G.resize(q, q);
  g.resize(q);
  for (Index j = 0; j < q; ++j) {
    for (Index k = 0; k <= j; ++k) {
      G(j, k) = sums(j, k);
      G(k, j) = sums(j, k);
    }
    g(j) = sums(q, j);
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
