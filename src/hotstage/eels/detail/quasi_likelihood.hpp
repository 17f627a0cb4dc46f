// SPDX-License-Identifier: GPL-3.0-or-later
// Linear model of counts by Poisson quasi-likelihood: least squares weighted by the model, with its Fisher matrix.

#pragma once

#include "hotstage/eels/detail/bounded_least_squares.hpp"

#include <Eigen/Core>

#include <span>
#include <vector>

namespace hotstage::eels::detail {

/// Sums over channels of products of columns, the same on every instruction set: G = Xᵀ diag(w) X (lower
/// triangle and its mirror) and g = Xᵀ diag(w) y. Column j is zero above row `first[j]`.
void weighted_products(const Eigen::MatrixXd& X, std::span<const std::size_t> first, std::span<const double> weight,
                       std::span<const double> y, Eigen::MatrixXd& G, Eigen::VectorXd& g);

struct QuasiFit {
  Eigen::VectorXd parameters;
  Eigen::MatrixXd
      covariance;  ///< inverse Fisher matrix of the parameters in use, for variance = mean; 0 for the others
  std::vector<char> active;
  std::vector<double> expected;  ///< model, counts per channel
  double chi2 = 0.0;             ///< Σ (y − μ)²/μ
  int dof = 0;
  int iterations = 0;
  bool converged = false;
};

/// Solves Σ_i X_ij (y_i − μ_i)/μ_i = 0 for μ = Xp with p_j ≥ 0 where asked (McCullagh & Nelder, Generalized Linear
/// Models (1989), ch. 9): each pass is a convex problem with weights 1/μ of the pass before, the first with smoothed
/// counts. With all parameters in use this is Poisson maximum likelihood. Ends when a pass moves nothing by more than
/// 1 % of its σ. `X` is channels × parameters; `first[j]` is the first channel where column j is not zero.
/// Multiply the covariance by variance/mean of the counts.
[[nodiscard]] QuasiFit fit_counts(const Eigen::MatrixXd& X, std::span<const std::size_t> first,
                                  std::span<const float> y, std::span<const char> non_negative,
                                  const BoundedSolution& start = {});

}  // namespace hotstage::eels::detail
