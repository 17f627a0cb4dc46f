// SPDX-License-Identifier: GPL-3.0-or-later
// Linear least squares with some parameters held non-negative, from the normal equations.

#pragma once

#include <Eigen/Core>

#include <span>
#include <vector>

namespace hotstage::eels::detail {

/// A minimum of ½ xᵀGx − gᵀx with x_j ≥ 0 where asked. `active[j]` is 0 for parameters held at zero.
struct BoundedSolution {
  Eigen::VectorXd x;
  std::vector<char> active;
  bool solved = false;  ///< false: G is not positive definite on the parameters in use
};

/// Active-set method of Lawson & Hanson, Solving Least Squares Problems (1974), ch. 23, with free parameters in the set
/// from the start. The problem is convex: the minimum does not depend on `start`, which only saves steps (an earlier
/// solution of nearly the same problem, or empty). Parameters with G_jj = 0 stay at zero.
[[nodiscard]] BoundedSolution solve_bounded(const Eigen::MatrixXd& G, const Eigen::VectorXd& g,
                                            std::span<const char> non_negative, const BoundedSolution& start = {});

/// Inverse of G restricted to the active parameters, zero elsewhere; empty when it is singular.
[[nodiscard]] Eigen::MatrixXd active_inverse(const Eigen::MatrixXd& G, std::span<const char> active);

}  // namespace hotstage::eels::detail
