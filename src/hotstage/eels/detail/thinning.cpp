// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/detail/thinning.hpp"

#include "hotstage/eels/detail/weighted_gram.hpp"

#include <algorithm>
#include <cmath>

namespace hotstage::eels::detail {

double thinned(double count, double share, Rng& rng) {
  if (count <= 0.0) {
    return 0.0;
  }
  // The rarer outcome is drawn.
  const double p = std::min(share, 1.0 - share);
  const double mean = count * p;
  constexpr double few = 30.0;
  double drawn = 0.0;
  if (mean < few) {
    const double odds = p / (1.0 - p);
    double probability = std::pow(1.0 - p, count);
    double rest = rng.uniform();
    while (rest > probability && drawn < count) {
      rest -= probability;
      probability *= odds * (count - drawn) / (drawn + 1.0);
      drawn += 1.0;
    }
  } else {
    drawn = std::clamp(std::round(mean + std::sqrt(mean * (1.0 - p)) * rng.normal()), 0.0, count);
  }
  return share <= 0.5 ? drawn : count - drawn;
}

double thinned_normal(double count, double variance, double share, Rng& rng) {
  return share * count + std::sqrt(share * (1.0 - share) * std::max(variance, 0.0)) * rng.normal();
}

std::size_t predicting_components(const Eigen::MatrixXd& whole, Eigen::MatrixXd first, const Eigen::MatrixXd& second,
                                  std::size_t most) {
  const Eigen::MatrixXd cross = 0.5 * (whole - first - second);
  const Decomposition parts = decompose(std::move(first));
  constexpr double scale = thinning_share / (1.0 - thinning_share);
  const auto count = std::min(most, parts.values.size());
  double gain = 0.0;
  double best = 0.0;
  std::size_t number = 0;
  for (std::size_t k = 0; k < count; ++k) {
    const Eigen::VectorXd vector = parts.vectors.row(static_cast<Eigen::Index>(k)).transpose();
    gain += 2.0 * scale * vector.dot(cross * vector) - parts.values[k];
    if (gain > best) {
      best = gain;
      number = k + 1;
    }
  }
  return number;
}

}  // namespace hotstage::eels::detail
