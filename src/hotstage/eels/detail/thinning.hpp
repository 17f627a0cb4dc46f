// SPDX-License-Identifier: GPL-3.0-or-later
// Counts split into two independent parts, and the number of components by which one predicts the other.

#pragma once

#include "hotstage/core/rng.hpp"

#include <Eigen/Core>

#include <cstddef>
#include <span>

namespace hotstage::eels::detail {

/// Share of the counts that components are found in; the rest judges them.
inline constexpr double thinning_share = 0.8;

/// Part of `count` electrons of which each stays with probability `share`: of Poisson counts, both parts are
/// independent Poisson counts. Inversion below a mean of 30, the rounded normal above.
[[nodiscard]] double thinned(double count, double share, Rng& rng);

/// The same for counts that are normal with a known variance: share·count plus noise of share·(1 − share)·variance.
[[nodiscard]] double thinned_normal(double count, double variance, double share, Rng& rng);

/// Components of the first part, at most `most`, that predict the second best (least squared error).
/// `whole`, `first`, `second`: XᵀX of the counts and of both parts; second and whole are lower triangles or symmetric.
[[nodiscard]] std::size_t predicting_components(const Eigen::MatrixXd& whole, Eigen::MatrixXd first,
                                                const Eigen::MatrixXd& second, std::size_t most);

}  // namespace hotstage::eels::detail
