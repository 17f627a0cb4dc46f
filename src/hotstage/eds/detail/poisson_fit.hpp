// SPDX-License-Identifier: GPL-3.0-or-later
// Linear models of Poisson counts, some of whose parameters must not be negative.

#pragma once

#include "hotstage/core/array.hpp"

#include <Eigen/Core>

#include <cstddef>
#include <span>
#include <vector>

namespace hotstage::eds::detail {

struct PoissonFit {
  std::vector<double> parameters;
  Eigen::MatrixXd covariance;  ///< of all parameters; rows of those held at zero are zero
  std::vector<double> model;
  bool ok = false;
};

/// Maximises the Poisson likelihood of `counts` over basis·p by Fisher scoring; parameters from `first_bounded` on are
/// kept ≥ 0 by an active set (Lawson and Hanson 1974, ch. 23, on the normal equations).
[[nodiscard]] PoissonFit fit_poisson(View<const double, 2> basis, std::span<const double> counts,
                                     std::size_t first_bounded);

}  // namespace hotstage::eds::detail
