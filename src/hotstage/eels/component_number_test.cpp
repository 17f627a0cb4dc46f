// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/component_number.hpp"

#include "hotstage/core/rng.hpp"

#include <Eigen/Dense>
#include <gtest/gtest.h>

#include <cmath>

namespace hotstage::eels {
namespace {

/// Eigenvalues of XᵀX, descending, of normal noise plus a component of squared strength θ².
std::vector<double> eigenvalues(std::size_t items, std::size_t channels, double signal, std::uint64_t seed,
                                bool smoothed = false) {
  Eigen::MatrixXd x(static_cast<Eigen::Index>(items), static_cast<Eigen::Index>(channels));
  for (std::size_t i = 0; i < items; ++i) {
    Rng rng(seed, 1, i);
    double last = rng.normal();
    for (std::size_t c = 0; c < channels; ++c) {
      const double next = rng.normal();
      const double noise = smoothed ? (next + last) / std::sqrt(2.0) : next;
      last = next;
      x(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(c)) =
          noise + std::sqrt(signal / static_cast<double>(items * channels));
    }
  }
  const Eigen::VectorXd s = Eigen::BDCSVD<Eigen::MatrixXd>(x).singularValues();
  std::vector<double> out;
  for (const double value : s) {
    out.push_back(value * value);
  }
  out.resize(channels, 0.0);
  return out;
}

TEST(ComponentNumber, one_noise_matrix_in_a_hundred_exceeds_the_limit) {
  constexpr int trials = 400;
  const NoiseMatrix noise{.items = 60, .channels = 40};
  int exceeded = 0;
  for (int t = 0; t < trials; ++t) {
    exceeded += eigenvalues(60, 40, 0.0, static_cast<std::uint64_t>(t))[0] > detection_limit(noise) ? 1 : 0;
  }
  EXPECT_LE(exceeded, 11);  // 4 expected; 0.1 % chance of more
  EXPECT_GE(exceeded, 1);
}

TEST(ComponentNumber, correlation_moves_the_edge_to_where_noise_ends) {
  constexpr double finite = 0.1;  // the edge is that of infinite matrices, the largest value lies 1.2 widths below
  for (const auto& [items, channels] : {std::pair<std::size_t, std::size_t>{600, 150}, {100, 300}}) {
    const NoiseMatrix noise{.items = items, .channels = channels, .variance = 1.0, .correlation = {0.5}};
    EXPECT_NEAR(eigenvalues(items, channels, 0.0, 5, true)[0] / noise_edge(noise), 1.0, finite);
  }
}

TEST(ComponentNumber, no_correlation_is_the_edge_of_marchenko_and_pastur) {
  constexpr double numeric = 1e-6;
  const NoiseMatrix noise{.items = 300, .channels = 100, .variance = 2.0};
  NoiseMatrix nearly = noise;
  nearly.correlation = {0.0};
  EXPECT_NEAR(noise_edge(nearly) / noise_edge(noise), 1.0, numeric);
  EXPECT_NEAR(noise_edge(noise), 2.0 * std::pow(std::sqrt(300.0) + 10.0, 2), 1e-9);
}

TEST(ComponentNumber, hard_thresholds_of_square_and_half_square_matrices) {
  constexpr double digits = 5e-4;
  const auto coefficient = [](double beta) {
    const NoiseMatrix noise{.items = 1000000, .channels = static_cast<std::size_t>(std::lround(beta * 1e6))};
    return std::sqrt(optimal_hard_threshold(noise) / 1e6);
  };
  EXPECT_NEAR(coefficient(1.0), 4.0 / std::sqrt(3.0), digits);
  EXPECT_NEAR(coefficient(0.5), 1.9786, digits);
}

TEST(ComponentNumber, strength_and_noise_come_back) {
  constexpr double spread = 0.1;
  const NoiseMatrix noise{.items = 400, .channels = 200};
  const double signal = 4.0 * std::sqrt(400.0 * 200.0);
  double strength = 0.0;
  double variance = 0.0;
  constexpr int trials = 10;
  for (int t = 0; t < trials; ++t) {
    const std::vector<double> values = eigenvalues(400, 200, signal, static_cast<std::uint64_t>(t));
    strength += strength_of(values[0], noise).signal / trials;
    variance += noise_variance(values, 1, noise) / trials;
  }
  EXPECT_NEAR(strength / signal, 1.0, spread);
  EXPECT_NEAR(variance, 1.0, 0.01);
  EXPECT_EQ(strength_of(noise_edge(noise), noise).signal, 0.0);
  EXPECT_NEAR(surviving_share(signal, noise), 1.0 - 1.0 / 16.0, 1e-9);
  EXPECT_EQ(surviving_share(0.9 * std::sqrt(400.0 * 200.0), noise), 0.0);
}

}  // namespace
}  // namespace hotstage::eels
