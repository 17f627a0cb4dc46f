// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/num/least_squares.hpp"

#include <Eigen/Dense>

#include <algorithm>
#include <cmath>
#include <limits>

namespace hotstage::num {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

constexpr double derivative_step = 6.0e-6;  // about ε^{1/3}: best for central differences
constexpr double rank_tolerance = 1e-11;    // relative to the largest pivot

std::span<double> span_of(Vector& v) {
  return {v.data(), static_cast<std::size_t>(v.size())};
}

std::span<const double> span_of(const Vector& v) {
  return {v.data(), static_cast<std::size_t>(v.size())};
}

Vector vector_of(std::span<const double> values) {
  return Eigen::Map<const Vector>(values.data(), static_cast<Eigen::Index>(values.size()));
}

Vector root_weights(std::span<const double> weights, std::size_t n) {
  HOTSTAGE_EXPECTS(weights.empty() || weights.size() == n);
  Vector roots = Vector::Ones(static_cast<Eigen::Index>(n));
  for (std::size_t i = 0; i < weights.size(); ++i) {
    roots[static_cast<Eigen::Index>(i)] = weights[i] > 0.0 ? std::sqrt(weights[i]) : 0.0;
  }
  return roots;
}

int count_data(const Vector& roots) {
  return static_cast<int>((roots.array() > 0.0).count());
}

Buffer<double, 2> buffer_of(const Matrix& matrix) {
  Buffer<double, 2> buffer({static_cast<std::size_t>(matrix.rows()), static_cast<std::size_t>(matrix.cols())});
  for (Eigen::Index i = 0; i < matrix.rows(); ++i) {
    for (Eigen::Index j = 0; j < matrix.cols(); ++j) {
      buffer.view()(i, j) = matrix(i, j);
    }
  }
  return buffer;
}

/// (JᵀJ)⁻¹ from the QR of columns scaled to unit length; nothing when they are dependent.
struct Inverse {
  Matrix covariance;
  bool full_rank = false;
};

Inverse inverse_normal(const Matrix& jacobian) {
  const Eigen::Index n = jacobian.cols();
  Vector norms = jacobian.colwise().norm().transpose();
  if (!(norms.minCoeff() > 0.0) || !norms.allFinite()) {
    return {Matrix::Zero(n, n), false};
  }
  Eigen::ColPivHouseholderQR<Matrix> qr(jacobian * norms.cwiseInverse().asDiagonal());
  qr.setThreshold(rank_tolerance);
  if (qr.rank() < n) {
    return {Matrix::Zero(n, n), false};
  }
  const Matrix r = qr.matrixR().topLeftCorner(n, n).triangularView<Eigen::Upper>();
  const Matrix r_inverse = r.triangularView<Eigen::Upper>().solve(Matrix::Identity(n, n));
  const Matrix permuted = r_inverse * r_inverse.transpose();
  Matrix covariance = qr.colsPermutation() * permuted * qr.colsPermutation().transpose();
  covariance = norms.cwiseInverse().asDiagonal() * covariance * norms.cwiseInverse().asDiagonal();
  return {covariance, true};
}

/// Non-linear problem as weighted residuals of the free parameters.
struct Problem {
  std::function<void(const Vector& parameters, Vector& residual)> residual;
  Eigen::Index data = 0;
};

class LevenbergMarquardt {
 public:
  LevenbergMarquardt(const Problem& problem, std::span<const double> start, const IterationOptions& options)
      : problem_(problem), options_(options), p_(vector_of(start)), residual_(problem.data) {
    const std::size_t n = start.size();
    HOTSTAGE_EXPECTS(options.lower.empty() || options.lower.size() == n);
    HOTSTAGE_EXPECTS(options.upper.empty() || options.upper.size() == n);
    HOTSTAGE_EXPECTS(options.scale.empty() || options.scale.size() == n);
    clamp(p_);
    problem_.residual(p_, residual_);
    chi2_ = residual_.squaredNorm();
  }

  FitStatus run() {
    double damping = 1e-3;
    while (iterations_ < options_.max_iterations) {
      ++iterations_;
      const Matrix j = jacobian();
      const Vector gradient = j.transpose() * residual_;
      const Matrix normal = j.transpose() * j;
      if (!std::isfinite(chi2_) || !normal.allFinite()) {
        return FitStatus::singular;
      }
      if (!improve(normal, gradient, damping)) {
        return FitStatus::converged;  // no descent left at rounding level
      }
      if (small_step_) {
        return FitStatus::converged;
      }
    }
    return FitStatus::iterations_exhausted;
  }

  [[nodiscard]] const Vector& parameters() const { return p_; }

  [[nodiscard]] double chi2() const { return chi2_; }

  [[nodiscard]] int iterations() const { return iterations_; }

 private:
  [[nodiscard]] double scale(Eigen::Index k) const {
    return options_.scale.empty() ? 1.0 : options_.scale[static_cast<std::size_t>(k)];
  }

  void clamp(Vector& p) const {
    for (Eigen::Index k = 0; k < p.size(); ++k) {
      const auto i = static_cast<std::size_t>(k);
      if (!options_.lower.empty()) {
        p[k] = std::max(p[k], options_.lower[i]);
      }
      if (!options_.upper.empty()) {
        p[k] = std::min(p[k], options_.upper[i]);
      }
    }
  }

  [[nodiscard]] Matrix jacobian() const {
    Matrix j(problem_.data, p_.size());
    Vector above(problem_.data);
    Vector below(problem_.data);
    for (Eigen::Index k = 0; k < p_.size(); ++k) {
      const double h = derivative_step * std::max(std::abs(p_[k]), scale(k));
      Vector shifted = p_;
      shifted[k] = p_[k] + h;
      problem_.residual(shifted, above);
      shifted[k] = p_[k] - h;
      problem_.residual(shifted, below);
      j.col(k) = (above - below) / (2.0 * h);
    }
    return j;
  }

  /// Raises the damping until χ² falls; false when no step does.
  bool improve(const Matrix& normal, const Vector& gradient, double& damping) {
    constexpr double largest_damping = 1e12;
    Vector trial_residual(problem_.data);
    for (; damping < largest_damping; damping *= 8.0) {
      Matrix damped = normal;
      for (Eigen::Index k = 0; k < p_.size(); ++k) {
        damped(k, k) += damping * std::max(normal(k, k), std::numeric_limits<double>::min());
      }
      Vector trial = p_ - damped.ldlt().solve(gradient);
      clamp(trial);
      problem_.residual(trial, trial_residual);
      const double trial_chi2 = trial_residual.squaredNorm();
      if (trial_chi2 <= chi2_) {
        small_step_ = true;
        for (Eigen::Index k = 0; k < p_.size(); ++k) {
          const double limit = options_.step_tolerance * (std::abs(p_[k]) + scale(k));
          small_step_ = small_step_ && std::abs(trial[k] - p_[k]) <= limit;
        }
        p_ = trial;
        residual_ = trial_residual;
        chi2_ = trial_chi2;
        damping = std::max(damping / 10.0, 1e-15);
        return true;
      }
    }
    return false;
  }

  const Problem& problem_;
  const IterationOptions& options_;
  Vector p_;
  Vector residual_;
  double chi2_ = 0.0;
  int iterations_ = 0;
  bool small_step_ = false;
};

void finish(Fit& fit, const Matrix& jacobian) {
  const Inverse inverse = inverse_normal(jacobian);
  fit.covariance = buffer_of(inverse.full_rank && fit.status == FitStatus::converged
                                 ? inverse.covariance
                                 : Matrix::Zero(jacobian.cols(), jacobian.cols()));
  if (!inverse.full_rank && fit.status == FitStatus::converged) {
    fit.status = FitStatus::singular;
  }
}

Fit without_data(std::size_t parameters, int data) {
  Fit fit;
  fit.parameters.assign(parameters, 0.0);
  fit.covariance = Buffer<double, 2>({parameters, parameters});
  fit.dof = data - static_cast<int>(parameters);
  return fit;
}

/// Central-difference derivatives of unweighted model values, column by column.
Matrix model_jacobian(const std::function<void(const Vector&, Vector&)>& model, const Vector& p, Eigen::Index data,
                      const std::vector<double>& scales) {
  Matrix j(data, p.size());
  Vector above(data);
  Vector below(data);
  for (Eigen::Index k = 0; k < p.size(); ++k) {
    const double scale = static_cast<std::size_t>(k) < scales.size() ? scales[static_cast<std::size_t>(k)] : 1.0;
    const double h = derivative_step * std::max(std::abs(p[k]), scale);
    Vector shifted = p;
    shifted[k] += h;
    model(shifted, above);
    shifted[k] = p[k] - h;
    model(shifted, below);
    j.col(k) = (above - below) / (2.0 * h);
  }
  return j;
}

}  // namespace

std::string_view name(FitStatus status) noexcept {
  switch (status) {
    case FitStatus::converged:
      return "converged";
    case FitStatus::singular:
      return "singular";
    case FitStatus::iterations_exhausted:
      return "iterations exhausted";
    case FitStatus::too_few_data:
      return "too few data";
  }
  return "";
}

double Fit::sigma(std::size_t parameter) const {
  HOTSTAGE_EXPECTS(parameter < parameters.size());
  return std::sqrt(std::max(covariance.view()(parameter, parameter), 0.0));
}

Fit fit_linear(View<const double, 2> design, std::span<const double> y, std::span<const double> weights) {
  const std::size_t n = design.extent(0);
  const std::size_t m = design.extent(1);
  HOTSTAGE_EXPECTS(y.size() == n && m > 0);
  const Vector roots = root_weights(weights, n);
  const int data = count_data(roots);
  if (data < static_cast<int>(m)) {
    return without_data(m, data);
  }
  Matrix a(static_cast<Eigen::Index>(n), static_cast<Eigen::Index>(m));
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < m; ++k) {
      const auto row = static_cast<Eigen::Index>(i);
      a(row, static_cast<Eigen::Index>(k)) = design(i, k) * roots[row];
    }
  }
  const Vector b = vector_of(y).cwiseProduct(roots);
  Eigen::CompleteOrthogonalDecomposition<Matrix> solver(a);
  solver.setThreshold(rank_tolerance);
  const Vector p = solver.solve(b);
  Fit fit;
  fit.parameters.assign(p.data(), p.data() + p.size());
  fit.chi2 = (b - a * p).squaredNorm();
  fit.dof = data - static_cast<int>(m);
  fit.iterations = 1;
  fit.status = FitStatus::converged;
  finish(fit, a);
  return fit;
}

Fit fit_nonlinear(const Model& model, std::span<const double> y, std::span<const double> weights,
                  std::span<const double> start, const IterationOptions& options) {
  const Vector roots = root_weights(weights, y.size());
  const int data = count_data(roots);
  if (data < static_cast<int>(start.size()) || start.empty()) {
    return without_data(start.size(), data);
  }
  const Vector target = vector_of(y);
  const Problem problem{[&](const Vector& p, Vector& residual) {
                          model(span_of(p), span_of(residual));
                          residual = (residual - target).cwiseProduct(roots);
                        },
                        static_cast<Eigen::Index>(y.size())};
  LevenbergMarquardt solver(problem, start, options);
  Fit fit;
  fit.status = solver.run();
  const Vector p = solver.parameters();
  fit.parameters.assign(p.data(), p.data() + p.size());
  fit.chi2 = solver.chi2();
  fit.iterations = solver.iterations();
  fit.dof = data - static_cast<int>(start.size());
  finish(fit, model_jacobian(problem.residual, p, problem.data, options.scale));
  return fit;
}

Fit fit_separable(const Separable& model, std::span<const double> y, std::span<const double> weights,
                  std::span<const double> start, const IterationOptions& options) {
  const Vector roots = root_weights(weights, y.size());
  const int data = count_data(roots);
  const std::size_t total = start.size() + model.linear;
  HOTSTAGE_EXPECTS(model.linear > 0);
  if (data < static_cast<int>(total) || start.empty()) {
    return without_data(total, data);
  }
  const auto n = static_cast<Eigen::Index>(y.size());
  const auto m = static_cast<Eigen::Index>(model.linear);
  const Vector target = vector_of(y).cwiseProduct(roots);
  using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  RowMajor basis(n, m);
  const auto weighted_basis = [&](const Vector& q) {
    model.basis(span_of(q), View<double, 2>(basis.data(), {y.size(), model.linear}));
    return Matrix(roots.asDiagonal() * basis);
  };
  const auto solve_linear = [&](const Matrix& a) {
    Eigen::CompleteOrthogonalDecomposition<Matrix> solver(a);
    solver.setThreshold(rank_tolerance);
    return Vector(solver.solve(target));
  };
  const Problem problem{[&](const Vector& q, Vector& residual) {
                          const Matrix a = weighted_basis(q);
                          residual = a * solve_linear(a) - target;
                        },
                        n};
  LevenbergMarquardt solver(problem, start, options);
  Fit fit;
  fit.status = solver.run();
  const Vector q = solver.parameters();
  const Matrix a = weighted_basis(q);
  const Vector c = solve_linear(a);
  fit.parameters.assign(q.data(), q.data() + q.size());
  fit.parameters.insert(fit.parameters.end(), c.data(), c.data() + c.size());
  fit.chi2 = solver.chi2();
  fit.iterations = solver.iterations();
  fit.dof = data - static_cast<int>(total);
  Matrix joint(n, static_cast<Eigen::Index>(total));
  const auto fixed_linear = [&](const Vector& at, Vector& out) { out = weighted_basis(at) * c; };
  joint.leftCols(q.size()) = model_jacobian(fixed_linear, q, n, options.scale);
  joint.rightCols(m) = a;
  finish(fit, joint);
  return fit;
}

}  // namespace hotstage::num
