// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/detail/bounded_least_squares.hpp"

#include "hotstage/core/error.hpp"

#include <Eigen/Cholesky>

#include <cmath>
#include <cstddef>

namespace hotstage::eels::detail {

namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// Of the unit diagonal: below it a direction is rounding.
constexpr double rounding = 1e-13;
constexpr double gradient_tolerance = 1e-10;

std::vector<Index> members(std::span<const char> active) {
  std::vector<Index> out;
  for (std::size_t j = 0; j < active.size(); ++j) {
    if (active[j] != 0) {
      out.push_back(static_cast<Index>(j));
    }
  }
  return out;
}

/// Solves on the active parameters of the scaled problem; false when singular.
bool solve_active(const MatrixXd& G, const VectorXd& g, const std::vector<Index>& set, VectorXd& z) {
  z.setZero(g.size());
  if (set.empty()) {
    return true;
  }
  MatrixXd part = G(set, set);
  part.diagonal().array() += rounding;
  const Eigen::LLT<MatrixXd> factor(part);
  if (factor.info() != Eigen::Success) {
    return false;
  }
  const VectorXd reduced = g(set);
  const VectorXd solution = factor.solve(reduced);
  for (std::size_t k = 0; k < set.size(); ++k) {
    z(set[k]) = solution(static_cast<Index>(k));
  }
  return true;
}

}  // namespace

BoundedSolution solve_bounded(const MatrixXd& G, const VectorXd& g, std::span<const char> non_negative,
                              const BoundedSolution& start) {
  const Index n = g.size();
  HOTSTAGE_EXPECTS(G.rows() == n && G.cols() == n && static_cast<Index>(non_negative.size()) == n);
  VectorXd scale(n);
  for (Index j = 0; j < n; ++j) {
    scale(j) = G(j, j) > 0.0 ? 1.0 / std::sqrt(G(j, j)) : 0.0;
  }
  const MatrixXd A = scale.asDiagonal() * G * scale.asDiagonal();
  const VectorXd b = scale.cwiseProduct(g);
  const double tolerance = gradient_tolerance * b.lpNorm<Eigen::Infinity>();

  BoundedSolution out;
  out.active.assign(static_cast<std::size_t>(n), 0);
  VectorXd x = VectorXd::Zero(n);
  const bool warm = start.x.size() == n;
  for (Index j = 0; j < n; ++j) {
    const auto k = static_cast<std::size_t>(j);
    out.active[k] = scale(j) > 0.0 && (non_negative[k] == 0 || (warm && start.active[k] != 0)) ? 1 : 0;
    if (warm && scale(j) > 0.0) {
      x(j) = start.x(j) / scale(j);
    }
  }
  VectorXd z;
  out.solved = true;
  // Each outer round lowers the objective; the bound only guards against rounding.
  for (Index round = 0; round < 10 * n + 10; ++round) {
    for (Index inner = 0; inner <= n; ++inner) {
      if (!solve_active(A, b, members(out.active), z)) {
        out.solved = false;
        out.x = scale.cwiseProduct(x);
        return out;
      }
      double step = 1.0;
      for (Index j = 0; j < n; ++j) {
        const auto k = static_cast<std::size_t>(j);
        if (out.active[k] != 0 && non_negative[k] != 0 && z(j) <= 0.0) {
          step = std::min(step, x(j) > 0.0 ? x(j) / (x(j) - z(j)) : 0.0);
        }
      }
      if (step >= 1.0) {
        break;
      }
      for (Index j = 0; j < n; ++j) {
        const auto k = static_cast<std::size_t>(j);
        const bool falls = out.active[k] != 0 && non_negative[k] != 0 && z(j) <= 0.0;
        x(j) += step * (z(j) - x(j));
        if (falls && x(j) <= 1e-14 * std::abs(z(j))) {
          x(j) = 0.0;
          out.active[k] = 0;
        }
      }
    }
    x = z;
    const VectorXd gradient = b - A * x;
    Index best = -1;
    for (Index j = 0; j < n; ++j) {
      const auto k = static_cast<std::size_t>(j);
      if (out.active[k] == 0 && scale(j) > 0.0 && gradient(j) > tolerance &&
          (best < 0 || gradient(j) > gradient(best))) {
        best = j;
      }
    }
    if (best < 0) {
      break;
    }
    out.active[static_cast<std::size_t>(best)] = 1;
  }
  out.x = scale.cwiseProduct(x);
  return out;
}

MatrixXd active_inverse(const MatrixXd& G, std::span<const char> active) {
  const std::vector<Index> set = members(active);
  const auto m = static_cast<Index>(set.size());
  VectorXd scale(m);
  for (Index j = 0; j < m; ++j) {
    scale(j) = 1.0 / std::sqrt(G(set[static_cast<std::size_t>(j)], set[static_cast<std::size_t>(j)]));
  }
  MatrixXd part = G(set, set);
  part = scale.asDiagonal() * part * scale.asDiagonal();
  part.diagonal().array() += rounding;
  const Eigen::LLT<MatrixXd> factor(part);
  if (factor.info() != Eigen::Success) {
    return {};
  }
  const MatrixXd inverse = scale.asDiagonal() * factor.solve(MatrixXd::Identity(m, m)) * scale.asDiagonal();
  MatrixXd out = MatrixXd::Zero(G.rows(), G.cols());
  out(set, set) = inverse;
  return out;
}

}  // namespace hotstage::eels::detail
