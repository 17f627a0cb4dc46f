// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/series/detail/step_prior.hpp"

#include "hotstage/num/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <span>

namespace hotstage::series::detail {

namespace {

constexpr std::size_t for_velocity = 8;    // steps
constexpr double jump_chance = 0.02;       // of any step being a jump
constexpr double first_step_weight = 4.0;  // steps that the first guess counts for

/// log of a two-dimensional Gaussian without 2π.
double log_gaussian(double square, double sigma) {
  return -0.5 * square / (sigma * sigma) - 2.0 * std::log(sigma);
}

}  // namespace

Habit habit(const std::vector<std::array<double, 2>>& steps, double first_step) {
  Habit out;
  double variance = 0.0;
  for (const std::size_t axis : {0U, 1U}) {
    std::vector<double> values;
    for (const auto& step : steps) {
      values.push_back(step[axis]);
    }
    if (values.size() >= for_velocity / 2) {
      const std::size_t first = values.size() > for_velocity ? values.size() - for_velocity : 0;
      out.velocity[axis] = num::median(std::span(values).subspan(first));
    }
    const double deviation = values.size() > 2 ? num::median_deviation(values) : first_step;
    variance += 0.5 * deviation * deviation;
  }
  const auto n = static_cast<double>(steps.size());
  out.scale = std::sqrt((n * variance + first_step_weight * first_step * first_step) / (n + first_step_weight));
  return out;
}

double log_step(double square, double sigma, double jump) {
  const double usual = std::log1p(-jump_chance) + log_gaussian(square, sigma);
  const double sudden = std::log(jump_chance) + log_gaussian(square, std::hypot(sigma, jump));
  const double high = std::max(usual, sudden);
  return high + std::log(std::exp(usual - high) + std::exp(sudden - high));
}

}  // namespace hotstage::series::detail
