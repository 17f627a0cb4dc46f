// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eds/detail/poisson_fit.hpp"

#include <Eigen/Cholesky>

#include <algorithm>
#include <cmath>

namespace hotstage::eds::detail {

namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

struct Active {
  std::vector<char> free;  ///< 0: held at zero
  VectorXd parameters;
  bool ok = true;
};

std::vector<Eigen::Index> free_indices(const std::vector<char>& free) {
  std::vector<Eigen::Index> out;
  for (std::size_t i = 0; i < free.size(); ++i) {
    if (free[i] != 0) {
      out.push_back(static_cast<Eigen::Index>(i));
    }
  }
  return out;
}

/// Solution over the free parameters, zero elsewhere.
bool solve_free(const MatrixXd& gram, const VectorXd& right, const std::vector<char>& free, VectorXd& out) {
  const std::vector<Eigen::Index> index = free_indices(free);
  out = VectorXd::Zero(gram.rows());
  if (index.empty()) {
    return true;
  }
  // Scaled to a unit diagonal, a small pivot means that columns repeat each other.
  constexpr double smallest_pivot = 1e-10;
  const VectorXd scale = gram.diagonal()(index).cwiseSqrt().cwiseInverse();
  const Eigen::LDLT<MatrixXd> factor(scale.asDiagonal() * MatrixXd(gram(index, index)) * scale.asDiagonal());
  if (factor.info() != Eigen::Success || !(factor.vectorD().minCoeff() > smallest_pivot)) {
    return false;
  }
  const VectorXd solution = scale.cwiseProduct(factor.solve(scale.cwiseProduct(VectorXd(right(index)))));
  for (std::size_t i = 0; i < index.size(); ++i) {
    out[index[i]] = solution[static_cast<Eigen::Index>(i)];
  }
  return out.allFinite();
}

/// Minimises ½ pᵀ gram p − rightᵀ p with p ≥ 0 from `first_bounded` on, from the set of free parameters given.
void solve_bounded(const MatrixXd& gram, const VectorXd& right, std::size_t first_bounded, Active& active) {
  const auto size = static_cast<std::size_t>(gram.rows());
  const std::size_t most_steps = 4 * size + 10;
  for (std::size_t step = 0; step < most_steps; ++step) {
    VectorXd trial;
    active.ok = solve_free(gram, right, active.free, trial);
    if (!active.ok) {
      return;
    }
    double fraction = 1.0;
    for (std::size_t i = first_bounded; i < size; ++i) {
      const auto k = static_cast<Eigen::Index>(i);
      if (active.free[i] != 0 && trial[k] < 0.0) {
        const double before = std::max(active.parameters[k], 0.0);
        fraction = std::min(fraction, before / (before - trial[k]));
      }
    }
    active.parameters += fraction * (trial - active.parameters);
    if (fraction < 1.0) {
      for (std::size_t i = first_bounded; i < size; ++i) {
        const auto k = static_cast<Eigen::Index>(i);
        if (active.free[i] != 0 && trial[k] < 0.0 &&
            active.parameters[k] <= 1e-12 * active.parameters.cwiseAbs().maxCoeff()) {
          active.free[i] = 0;
          active.parameters[k] = 0.0;
        }
      }
      continue;
    }
    const VectorXd gradient = right - gram * active.parameters;
    std::size_t enter = size;
    double steepest = 1e-9 * right.cwiseAbs().maxCoeff();
    for (std::size_t i = first_bounded; i < size; ++i) {
      const double slope = gradient[static_cast<Eigen::Index>(i)];
      if (active.free[i] == 0 && slope > steepest) {
        steepest = slope;
        enter = i;
      }
    }
    if (enter == size) {
      return;
    }
    active.free[enter] = 1;
  }
}

/// Running mean over 2·reach + 1 channels: the first guess of the expectation.
VectorXd smoothed(std::span<const double> counts, std::size_t reach) {
  VectorXd out(static_cast<Eigen::Index>(counts.size()));
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const std::size_t from = i > reach ? i - reach : 0;
    const std::size_t to = std::min(counts.size(), i + reach + 1);
    double sum = 0.0;
    for (std::size_t j = from; j < to; ++j) {
      sum += counts[j];
    }
    out[static_cast<Eigen::Index>(i)] = sum / static_cast<double>(to - from);
  }
  return out;
}

}  // namespace

PoissonFit fit_poisson(View<const double, 2> basis, std::span<const double> counts, std::size_t first_bounded) {
  constexpr int most_iterations = 40;
  constexpr double converged = 1e-5;  // of σ
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const auto rows = static_cast<Eigen::Index>(basis.extent(0));
  const auto columns = static_cast<Eigen::Index>(basis.extent(1));
  const Eigen::Map<const RowMajor> matrix(basis.data(), rows, columns);
  const Eigen::Map<const VectorXd> data(counts.data(), rows);
  VectorXd expected = smoothed(counts, 5);
  const double mean = std::max(data.mean(), 1e-12);
  const double least = std::min(0.05, 0.05 * mean);  // expectation of a channel the model calls empty
  PoissonFit out;
  Active active{.free = std::vector<char>(basis.extent(1), 1), .parameters = VectorXd::Zero(columns)};
  std::fill(active.free.begin() + static_cast<std::ptrdiff_t>(first_bounded), active.free.end(), 0);
  MatrixXd gram;
  for (int iteration = 0; iteration < most_iterations; ++iteration) {
    const VectorXd weight = expected.cwiseMax(least).cwiseInverse();
    gram = matrix.transpose() * weight.asDiagonal() * matrix;
    const VectorXd right = matrix.transpose() * weight.cwiseProduct(data);
    const VectorXd before = active.parameters;
    solve_bounded(gram, right, first_bounded, active);
    if (!active.ok) {
      return out;
    }
    expected = matrix * active.parameters;
    const VectorXd moved = (active.parameters - before).cwiseAbs().cwiseProduct(gram.diagonal().cwiseSqrt());
    if (moved.maxCoeff() < converged) {
      break;
    }
  }
  const std::vector<Eigen::Index> index = free_indices(active.free);
  out.covariance = MatrixXd::Zero(columns, columns);
  const MatrixXd inverse =
      gram(index, index)
          .ldlt()
          .solve(MatrixXd::Identity(static_cast<Eigen::Index>(index.size()), static_cast<Eigen::Index>(index.size())));
  out.covariance(index, index) = inverse;
  out.parameters.assign(active.parameters.begin(), active.parameters.end());
  out.model.assign(expected.begin(), expected.end());
  out.ok = inverse.allFinite();
  return out;
}

}  // namespace hotstage::eds::detail
