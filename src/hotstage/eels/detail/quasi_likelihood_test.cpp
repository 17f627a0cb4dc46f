// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/detail/quasi_likelihood.hpp"

#include "hotstage/core/rng.hpp"
#include "hotstage/eels/detail/bounded_least_squares.hpp"

#include <Eigen/Dense>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace hotstage::eels::detail {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

MatrixXd random_matrix(Index rows, Index columns, std::uint64_t stream) {
  Rng rng(7, stream, 0);
  MatrixXd out(rows, columns);
  for (Index j = 0; j < columns; ++j) {
    for (Index i = 0; i < rows; ++i) {
      out(i, j) = rng.normal();
    }
  }
  return out;
}

/// The smallest objective over every choice of parameters held at zero.
double exhaustive(const MatrixXd& G, const VectorXd& g, const std::vector<char>& non_negative) {
  const auto n = static_cast<std::size_t>(g.size());
  double best = std::numeric_limits<double>::infinity();
  for (std::size_t mask = 0; mask < (std::size_t{1} << n); ++mask) {
    std::vector<Index> set;
    bool allowed = true;
    for (std::size_t j = 0; j < n; ++j) {
      if ((mask >> j & 1U) != 0) {
        set.push_back(static_cast<Index>(j));
      } else {
        allowed = allowed && non_negative[j] != 0;
      }
    }
    if (!allowed) {
      continue;
    }
    VectorXd x = VectorXd::Zero(g.size());
    const MatrixXd part = G(set, set);
    const VectorXd right = g(set);
    const VectorXd solution = part.ldlt().solve(right);
    for (std::size_t k = 0; k < set.size(); ++k) {
      x(set[k]) = solution(static_cast<Index>(k));
    }
    for (std::size_t j = 0; j < n; ++j) {
      allowed = allowed && (non_negative[j] == 0 || x(static_cast<Index>(j)) >= 0.0);
    }
    if (allowed) {
      best = std::min(best, 0.5 * x.dot(G * x) - g.dot(x));
    }
  }
  return best;
}

TEST(BoundedLeastSquares, agrees_with_the_exhaustive_search) {
  constexpr double rounding = 1e-9;
  for (std::uint64_t trial = 0; trial < 60; ++trial) {
    const MatrixXd X = random_matrix(12, 6, trial);
    const MatrixXd G = X.transpose() * X;
    const VectorXd g = X.transpose() * random_matrix(12, 1, 1000 + trial);
    const std::vector<char> non_negative{1, 1, static_cast<char>(trial % 2), 1, 1, 0};
    const BoundedSolution cold = solve_bounded(G, g, non_negative);
    ASSERT_TRUE(cold.solved);
    const double objective = 0.5 * cold.x.dot(G * cold.x) - g.dot(cold.x);
    EXPECT_NEAR(objective, exhaustive(G, g, non_negative), rounding * (1.0 + std::abs(objective)));
    // From the solution of another problem the same minimum is found.
    const VectorXd other = X.transpose() * random_matrix(12, 1, 2000 + trial);
    const BoundedSolution warm = solve_bounded(G, g, non_negative, solve_bounded(G, other, non_negative));
    EXPECT_LT((warm.x - cold.x).norm(), 1e-8 * (1.0 + cold.x.norm()));
  }
}

TEST(BoundedLeastSquares, a_singular_problem_says_so) {
  MatrixXd G = MatrixXd::Ones(2, 2);
  G(1, 1) = 1.0 - 1e-6;  // not positive definite
  EXPECT_FALSE(solve_bounded(G, VectorXd::Ones(2), std::vector<char>{0, 0}).solved);
}

/// Poisson log-likelihood without its constant.
double log_likelihood(const MatrixXd& X, const VectorXd& p, const std::vector<float>& y) {
  const VectorXd mu = X * p;
  double sum = 0.0;
  for (Index i = 0; i < mu.size(); ++i) {
    sum += static_cast<double>(y[static_cast<std::size_t>(i)]) * std::log(mu(i)) - mu(i);
  }
  return sum;
}

struct Counts {
  MatrixXd X{300, 3};
  VectorXd truth{{400.0, 3.0, 60.0}};
  std::vector<std::size_t> first{0, 0, 120};
  std::vector<float> y;

  explicit Counts(bool noise) {
    Rng rng(3, 1, 0);
    for (Index i = 0; i < 300; ++i) {
      const double t = static_cast<double>(i) / 300.0;
      X.row(i) << std::exp(-3.0 * t), 1.0 + t, (i < 120 ? 0.0 : std::exp(-t));
      const double mu = X.row(i).dot(truth);
      y.push_back(static_cast<float>(noise ? static_cast<double>(rng.poisson(mu)) : mu));
    }
  }
};

TEST(QuasiLikelihood, the_gradient_vanishes_and_the_fisher_matrix_is_the_curvature) {
  constexpr double settled = 0.01;    // of σ: the criterion of the iteration
  constexpr double curvature = 2e-3;  // differences of second order
  const Counts noisy(true);
  const std::vector<char> free(3, 0);
  const QuasiFit fit = fit_counts(noisy.X, noisy.first, noisy.y, free);
  ASSERT_TRUE(fit.converged);
  for (Index j = 0; j < 3; ++j) {
    const double sigma = std::sqrt(fit.covariance(j, j));
    const VectorXd step = VectorXd::Unit(3, j) * (0.01 * sigma);
    const double slope = (log_likelihood(noisy.X, fit.parameters + step, noisy.y) -
                          log_likelihood(noisy.X, fit.parameters - step, noisy.y)) /
                         (0.02 * sigma);
    // One σ of a single parameter, others fixed, is 1/√F_jj ≤ σ.
    EXPECT_LT(std::abs(slope) * sigma, 10.0 * settled) << j;
  }
  const Counts exact(false);  // y = μ: curvature and Fisher matrix are the same
  const QuasiFit clean = fit_counts(exact.X, exact.first, exact.y, free);
  const MatrixXd fisher = clean.covariance.inverse();
  for (Index j = 0; j < 3; ++j) {
    for (Index k = 0; k < 3; ++k) {
      const double hj = 0.3 * std::sqrt(clean.covariance(j, j));
      const double hk = 0.3 * std::sqrt(clean.covariance(k, k));
      const auto at = [&](double a, double b) {
        const VectorXd p = clean.parameters + a * hj * VectorXd::Unit(3, j) + b * hk * VectorXd::Unit(3, k);
        return log_likelihood(exact.X, p, exact.y);
      };
      const double second = -(at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / (4.0 * hj * hk);
      EXPECT_NEAR(second / std::sqrt(fisher(j, j) * fisher(k, k)),
                  fisher(j, k) / std::sqrt(fisher(j, j) * fisher(k, k)), curvature);
    }
  }
  EXPECT_LT((clean.parameters - exact.truth).norm() / exact.truth.norm(), 1e-6);
}

TEST(QuasiLikelihood, products_are_those_of_the_plain_matrices) {
  constexpr double rounding = 1e-12;
  const Counts counts(true);
  std::vector<double> y(counts.y.begin(), counts.y.end());
  std::vector<double> weight(300);
  for (std::size_t i = 0; i < 300; ++i) {
    weight[i] = 1.0 / (1.0 + static_cast<double>(i));
  }
  MatrixXd G;
  VectorXd g;
  weighted_products(counts.X, counts.first, weight, y, G, g);
  const Eigen::Map<const VectorXd> w(weight.data(), 300);
  const Eigen::Map<const VectorXd> v(y.data(), 300);
  const MatrixXd plain = counts.X.transpose() * w.asDiagonal() * counts.X;
  EXPECT_LT((G - plain).norm(), rounding * plain.norm());
  EXPECT_LT((g - counts.X.transpose() * w.cwiseProduct(v)).norm(), rounding * g.norm());
}

}  // namespace
}  // namespace hotstage::eels::detail
