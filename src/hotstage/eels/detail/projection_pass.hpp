// SPDX-License-Identifier: GPL-3.0-or-later
// The two passes of PCA over the counts: sums and covariance, then scores, residuals, thinned counts, feature sets.

#pragma once

#include "hotstage/eels/denoise.hpp"
#include "hotstage/eels/detail/weighted_gram.hpp"

#include <cstddef>
#include <vector>

namespace hotstage::eels::detail {

/// What the first pass leaves besides the covariance.
struct CountSums {
  std::vector<double> item;      ///< counts per item
  std::vector<double> spectrum;  ///< summed over the items with counts
  std::size_t negative = 0;      ///< values below 0
  bool integers = true;          ///< all values are whole numbers
};

/// Σ xxᵀ/g over the items with counts, g their sums: rows weighted, columns not yet.
[[nodiscard]] CountSums sum_counts(const signal::Signal& signal, Gram& gram, Run& run);

/// Factors of a count: row·column = √(T/(g·h)), 0 for rows and columns without counts.
struct Weights {
  std::vector<double> row;
  std::vector<double> column;
  std::size_t items = 0;     ///< rows in use
  std::size_t channels = 0;  ///< columns in use
};

/// Throws Error{bad_input} when fewer than 16 items or channels hold counts.
[[nodiscard]] Weights weights_of(const CountSums& sums);

void weight_columns(const Weights& weights, Eigen::MatrixXd& gram);

/// Settings and by-products of the second pass.
struct ProjectionPass {
  const Weights& weights;
  const Decomposition& parts;
  std::size_t components = 0;
  double noise_factor = 1.0;
  std::vector<double> correlation{};  ///< of channels, as NoiseMatrix has it
  bool integers = true;
  double window_eV = 4.0;
  Gram first{0};  ///< of thinned counts
  Gram second{0};
};

/// Fills spectra, scores, mean_denoised and residual of `out`, the thinned matrices of `pass`, and `sets`.
void project(const signal::Signal& signal, ProjectionPass& pass, FeatureSets& sets, DenoiseResult& out, Run& run);

}  // namespace hotstage::eels::detail
