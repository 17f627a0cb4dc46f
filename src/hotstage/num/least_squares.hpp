// SPDX-License-Identifier: GPL-3.0-or-later
// Weighted least squares with covariance: linear, non-linear (Levenberg–Marquardt) and separable (variable projection).

#pragma once

#include "hotstage/core/array.hpp"

#include <cstddef>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace hotstage::num {

enum class FitStatus {
  converged,
  singular,              ///< the data do not determine all parameters; those given are the minimum-norm choice
  iterations_exhausted,  ///< stopped before the step became small
  too_few_data,          ///< fewer data than parameters: nothing was fitted
};

[[nodiscard]] std::string_view name(FitStatus status) noexcept;

/// Result of a fit. The covariance assumes that weights are 1/variance; multiply by chi2/dof when they are only
/// relative.
struct Fit {
  std::vector<double> parameters;
  Buffer<double, 2> covariance;  ///< parameters × parameters; zero when the status is not `converged`
  double chi2 = 0.0;             ///< Σ w (y − f)²
  int dof = 0;                   ///< data with positive weight − parameters
  int iterations = 0;
  FitStatus status = FitStatus::too_few_data;

  [[nodiscard]] bool ok() const { return status == FitStatus::converged; }

  [[nodiscard]] double sigma(std::size_t parameter) const;
};

/// Minimises Σ w (y − Σ_k design(i,k) p_k)² by Householder QR with column pivoting. Empty weights mean 1.
[[nodiscard]] Fit fit_linear(View<const double, 2> design, std::span<const double> y,
                             std::span<const double> weights = {});

struct IterationOptions {
  int max_iterations = 100;
  double step_tolerance =
      1e-9;  ///< stop when every parameter moves less than this, relative to its magnitude plus scale
  std::vector<double> lower{};  ///< bounds per parameter; empty: none
  std::vector<double> upper{};
  std::vector<double> scale{};  ///< typical size of a parameter change; empty: 1
};

/// Writes the model at every datum for the given parameters into `out`.
using Model = std::function<void(std::span<const double> parameters, std::span<double> out)>;

/// Minimises Σ w (y − f(p))² from `start` by Levenberg–Marquardt with central-difference derivatives and projected
/// bounds.
[[nodiscard]] Fit fit_nonlinear(const Model& model, std::span<const double> y, std::span<const double> weights,
                                std::span<const double> start, const IterationOptions& options = {});

/// Writes the basis functions (data × linear parameters) for the given non-linear parameters into `out`.
using Basis = std::function<void(std::span<const double> nonlinear, View<double, 2> out)>;

struct Separable {
  Basis basis;
  std::size_t linear = 0;  ///< number of basis functions
};

/// Minimises Σ w (y − Φ(q)·c)² over q (non-linear) and c (linear) by variable projection
/// (doi:10.1088/0266-5611/19/2/201).
///
/// `parameters` of the result are q first, then c; the covariance is that of the joint problem.
[[nodiscard]] Fit fit_separable(const Separable& model, std::span<const double> y, std::span<const double> weights,
                                std::span<const double> start, const IterationOptions& options = {});

}  // namespace hotstage::num
