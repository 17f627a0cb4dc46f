// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/num/least_squares.hpp"

#include "hotstage/core/rng.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <vector>

namespace hotstage::num {
namespace {

constexpr double rounding = 1e-9;
constexpr double iteration = 1e-7;  // a stopped iteration with central differences

Buffer<double, 2> line_design(std::size_t n) {
  Buffer<double, 2> design({n, 2});
  for (std::size_t i = 0; i < n; ++i) {
    design.view()(i, 0) = 1.0;
    design.view()(i, 1) = static_cast<double>(i);
  }
  return design;
}

RC_GTEST_PROP(FitLinear, recovers_any_exact_line, (int a, int b)) {
  const auto design = line_design(7);
  std::vector<double> y(7);
  for (std::size_t i = 0; i < y.size(); ++i) {
    y[i] = static_cast<double>(a % 1000) + static_cast<double>(b % 1000) * static_cast<double>(i);
  }
  const Fit fit = fit_linear(design.view(), y);
  RC_ASSERT(fit.ok());
  RC_ASSERT(std::abs(fit.parameters[0] - a % 1000) < rounding);
  RC_ASSERT(std::abs(fit.parameters[1] - b % 1000) < rounding);
}

TEST(FitLinear, gives_the_textbook_covariance_of_a_weighted_line) {
  const auto design = line_design(4);
  const std::vector<double> y{1.0, 3.0, 2.0, 5.0};
  const std::vector<double> w{1.0, 4.0, 1.0, 0.25};
  const Fit fit = fit_linear(design.view(), y, w);
  const double s = 6.25;     // Σw
  const double sx = 6.75;    // Σwx = 4 + 2 + .75
  const double sxx = 10.25;  // Σwx² = 4 + 4 + 2.25
  const double det = s * sxx - sx * sx;
  EXPECT_NEAR(fit.covariance.view()(0, 0), sxx / det, rounding);
  EXPECT_NEAR(fit.covariance.view()(1, 1), s / det, rounding);
  EXPECT_NEAR(fit.covariance.view()(0, 1), -sx / det, rounding);
  EXPECT_EQ(fit.dof, 2);
}

TEST(FitLinear, dependent_columns_are_reported_and_few_data_refused) {
  Buffer<double, 2> design({5, 2});
  for (std::size_t i = 0; i < 5; ++i) {
    design.view()(i, 0) = static_cast<double>(i);
    design.view()(i, 1) = 2.0 * static_cast<double>(i);
  }
  const std::vector<double> y{0.0, 5.0, 10.0, 15.0, 20.0};
  const Fit fit = fit_linear(design.view(), y);
  EXPECT_EQ(fit.status, FitStatus::singular);
  EXPECT_NEAR(fit.chi2, 0.0, rounding);
  EXPECT_EQ(fit_linear(line_design(4).view(), std::span(y).first(4), std::vector{1.0, 0.0, 0.0, 0.0}).status,
            FitStatus::too_few_data);
}

const Model exponential = [](std::span<const double> p, std::span<double> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = p[0] * std::exp(-p[1] * 0.1 * static_cast<double>(i));
  }
};

TEST(FitNonlinear, recovers_an_exact_exponential_from_a_poor_start) {
  std::vector<double> y(60);
  exponential(std::vector{5.0, 1.3}, y);
  const Fit fit = fit_nonlinear(exponential, y, {}, std::vector{1.0, 0.1});
  ASSERT_TRUE(fit.ok());
  EXPECT_NEAR(fit.parameters[0], 5.0, iteration);
  EXPECT_NEAR(fit.parameters[1], 1.3, iteration);
}

TEST(FitNonlinear, sigma_covers_the_truth_in_repeated_noisy_fits) {
  constexpr int repeats = 400;
  constexpr double noise = 0.05;
  std::vector<double> exact(60);
  exponential(std::vector{5.0, 1.3}, exact);
  const std::vector<double> weights(60, 1.0 / (noise * noise));
  double squares = 0.0;
  for (int k = 0; k < repeats; ++k) {
    Rng rng(9, 1, static_cast<std::uint64_t>(k));
    std::vector<double> y = exact;
    for (double& value : y) {
      value += noise * rng.normal();
    }
    const Fit fit = fit_nonlinear(exponential, y, weights, std::vector{4.0, 1.0});
    ASSERT_TRUE(fit.ok());
    const double pull = (fit.parameters[1] - 1.3) / fit.sigma(1);
    squares += pull * pull;
  }
  constexpr double four_sigma = 4.0 * 0.5 * 0.0707;  // of √(χ²/400)
  EXPECT_NEAR(std::sqrt(squares / repeats), 1.0, four_sigma);
}

TEST(FitNonlinear, stays_inside_bounds) {
  std::vector<double> y(60);
  exponential(std::vector{5.0, 1.3}, y);
  const IterationOptions options{.lower = {0.0, 0.0}, .upper = {10.0, 1.0}};
  const Fit fit = fit_nonlinear(exponential, y, {}, std::vector{1.0, 0.5}, options);
  EXPECT_EQ(fit.parameters[1], 1.0);
}

TEST(FitSeparable, agrees_with_the_full_nonlinear_fit_in_values_and_covariance) {
  const Separable model{[](std::span<const double> q, View<double, 2> out) {
                          for (std::size_t i = 0; i < out.extent(0); ++i) {
                            const double x = 0.1 * static_cast<double>(i) - q[0];
                            out(i, 0) = std::exp(-0.5 * x * x / (q[1] * q[1]));
                            out(i, 1) = 1.0;
                          }
                        },
                        2};
  const Model full = [](std::span<const double> p, std::span<double> out) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      const double x = 0.1 * static_cast<double>(i) - p[0];
      out[i] = p[2] * std::exp(-0.5 * x * x / (p[1] * p[1])) + p[3];
    }
  };
  std::vector<double> y(80);
  full(std::vector{3.7, 0.6, 20.0, 2.0}, y);
  Rng rng(1, 1, 1);
  for (double& value : y) {
    value += 0.1 * rng.normal();
  }
  const Fit a = fit_separable(model, y, {}, std::vector{3.0, 1.0});
  const Fit b = fit_nonlinear(full, y, {}, std::vector{3.5, 0.8, 15.0, 0.0});
  ASSERT_TRUE(a.ok());
  ASSERT_TRUE(b.ok());
  for (std::size_t k = 0; k < 4; ++k) {
    EXPECT_NEAR(a.parameters[k], b.parameters[k], 1e3 * iteration * b.sigma(k)) << k;
    EXPECT_NEAR(a.sigma(k) / b.sigma(k), 1.0, 1e3 * iteration) << k;
  }
  EXPECT_EQ(a.dof, 76);
}

}  // namespace
}  // namespace hotstage::num
