// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/echem/sphere.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace hotstage::echem {
namespace {

constexpr double radius_m = 2e-6;
constexpr Diffusivity constant{.value_m2_per_s = 1e-14, .factor_at_full = 1.0};
constexpr double flux_m_per_s = 2e-11;

/// Surface of a sphere with a constant outward flux from a uniform start (Crank, The Mathematics of Diffusion, eq.
/// 6.45): x0 − (J R/D)·(3τ + 1/5 − 2 Σ exp(−λ²τ)/λ²), tan λ = λ, τ = D t/R².
double exact_surface(double x0, double time_s) {
  const double tau = constant.value_m2_per_s * time_s / (radius_m * radius_m);
  double sum = 0.0;
  for (int n = 1; n <= 400; ++n) {
    const double middle = (n + 0.5) * M_PI;
    double lambda = middle - 1.0 / middle;
    for (int i = 0; i < 20; ++i) {  // tan λ = λ, written without its poles
      const double value = std::sin(lambda) - lambda * std::cos(lambda);
      lambda -= value / (lambda * std::sin(lambda));
    }
    sum += std::exp(-lambda * lambda * tau) / (lambda * lambda);
  }
  return x0 - flux_m_per_s * radius_m / constant.value_m2_per_s * (3.0 * tau + 0.2 - 2.0 * sum);
}

double computed_surface(std::size_t shells, double dt_s, double time_s) {
  Sphere sphere(radius_m, shells, 0.9);
  const auto steps = static_cast<int>(std::lround(time_s / dt_s));
  for (int i = 0; i < steps; ++i) {
    sphere.step(dt_s, flux_m_per_s, constant);
  }
  return sphere.surface(flux_m_per_s, constant);
}

TEST(Sphere, surface_follows_the_exact_solution_at_second_order_in_space) {
  const double time_s = 80.0;  // τ = 0.2
  const double exact = exact_surface(0.9, time_s);
  const double dt_s = 0.05;  // time error far below the space error
  const double coarse = std::abs(computed_surface(10, dt_s, time_s) - exact);
  const double middle = std::abs(computed_surface(20, dt_s, time_s) - exact);
  const double fine = std::abs(computed_surface(40, dt_s, time_s) - exact);
  EXPECT_LT(fine, 5e-6);
  EXPECT_NEAR(std::log2(coarse / middle), 2.0, 0.1);
  EXPECT_NEAR(std::log2(middle / fine), 2.0, 0.1);
}

TEST(Sphere, time_steps_are_second_order) {
  const double time_s = 80.0;
  const double reference = computed_surface(20, 0.0625, time_s);
  const double coarse = std::abs(computed_surface(20, 8.0, time_s) - reference);
  const double fine = std::abs(computed_surface(20, 4.0, time_s) - reference);
  EXPECT_NEAR(std::log2(coarse / fine), 2.0, 0.25);
}

TEST(Sphere, content_changes_by_what_flows_out) {
  const Diffusivity varying{.value_m2_per_s = 1e-14, .factor_at_full = 0.1};
  Sphere sphere(radius_m, 20, 0.95);
  double out = 0.0;
  for (int i = 0; i < 10000; ++i) {
    const double flux = flux_m_per_s * std::sin(0.01 * i);
    const double dt_s = 1.0 + (i % 7);
    sphere.step(dt_s, flux, varying);
    out += 3.0 * flux / radius_m * dt_s;
  }
  const double rounding = 1e-12;
  EXPECT_NEAR(sphere.mean(), 0.95 - out, rounding);
}

TEST(Sphere, slow_diffusion_near_the_full_lattice_makes_the_gradient_steeper) {
  Sphere plain(radius_m, 20, 0.97);
  Sphere slow(radius_m, 20, 0.97);
  const Diffusivity varying{.value_m2_per_s = 1e-14, .factor_at_full = 0.2};
  for (int i = 0; i < 50; ++i) {
    plain.step(2.0, -flux_m_per_s, constant);
    slow.step(2.0, -flux_m_per_s, varying);
  }
  EXPECT_GT(slow.surface(-flux_m_per_s, varying), plain.surface(-flux_m_per_s, constant));
  EXPECT_NEAR(slow.mean(), plain.mean(), 1e-12);
}

}  // namespace
}  // namespace hotstage::echem
