// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/convergence.hpp"

#include "hotstage/core/constants.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <numbers>
#include <utility>

namespace hotstage::eels {
namespace {

constexpr double printed_digits = 5e-4;  // relative: the published numbers have four digits

Illumination setup(double beam_keV, double alpha_mrad, double beta_mrad) {
  return {
      .beam = beam_keV * units::keV, .convergence = alpha_mrad * units::mrad, .collection = beta_mrad * units::mrad};
}

Density g_per_cm3(double value) {
  return Density(value * constants::gram / 1e21);
}

TEST(Kinematics, agrees_with_textbook_values_of_half_m_v_squared) {
  for (const auto& [beam_keV, t_eV] :
       {std::pair{80.0, 64491.0}, {100.0, 76792.0}, {200.0, 123530.0}, {300.0, 154074.0}}) {
    EXPECT_NEAR(kinematics(beam_keV * units::keV).t_eV, t_eV, t_eV * printed_digits);
  }
  EXPECT_NEAR(characteristic_angle(532.0 * units::eV, 200.0 * units::keV).in(units::mrad), 1.548,
              1.548 * printed_digits);
}

// Signal inside β from a disc of incident directions, by plain quadrature: the definition that F1 stands for.
double brute_force_f1(double alpha, double beta, double theta) {
  constexpr int steps = 400;
  double sum = 0.0;
  for (int i = 0; i < steps; ++i) {
    const double r = alpha * std::sqrt((i + 0.5) / steps);  // equal areas of the incident cone
    double inside = 0.0;
    for (int j = 0; j < steps; ++j) {
      const double b = beta * (j + 0.5) / steps;
      for (int k = 0; k < steps / 2; ++k) {
        const double phi = std::numbers::pi * (k + 0.5) / (steps / 2.0);
        inside += b / (b * b + r * r - 2.0 * b * r * std::cos(phi) + theta * theta);
      }
    }
    sum += inside * (beta / steps) * (2.0 * std::numbers::pi / (steps / 2.0));
  }
  return sum / steps / (std::numbers::pi * std::log1p(beta * beta / (theta * theta)));
}

TEST(Convergence, equals_the_integral_over_both_cones) {
  constexpr double quadrature = 2e-3;
  for (const auto& [alpha, beta] : {std::pair{27.1, 33.1}, {20.0, 10.0}, {5.0, 30.0}}) {
    const Illumination illumination = setup(200, alpha, beta);
    const double theta = characteristic_angle(532.0 * units::eV, illumination.beam).in(units::mrad);
    EXPECT_NEAR(convergence_correction(532.0 * units::eV, illumination).f1, brute_force_f1(alpha, beta, theta),
                quadrature);
  }
}

TEST(Convergence, reproduces_concor2_once_its_factor_two_in_theta_e_is_allowed_for) {
  // CONCOR2 (and the peers that follow it) takes θE = E/(γT), twice E/(γ m v²): its numbers are those of twice the
  // loss.
  struct Case {
    double beam, loss, alpha, beta, factor, angle;
  };

  for (const Case& c : {Case{200, 532, 20, 40, 0.9737, 37.37}, Case{200, 532, 27.1, 33.1, 0.9079, 26.53},
                        Case{300, 779, 25, 25, 0.8140, 16.86}}) {
    const auto out = convergence_correction(2.0 * c.loss * units::eV, setup(c.beam, c.alpha, c.beta));
    EXPECT_NEAR(out.f2, c.factor, c.factor * printed_digits);
    EXPECT_NEAR(out.effective_angle.in(units::mrad), c.angle, c.angle * printed_digits);
  }
}

TEST(Convergence, a_parallel_beam_needs_no_correction) {
  const auto out = convergence_correction(532.0 * units::eV, setup(300, 0.0, 10));
  EXPECT_EQ(out.f1, 1.0);
  EXPECT_EQ(out.f2, 1.0);
  EXPECT_EQ(out.effective_angle, 10.0 * units::mrad);
}

TEST(Convergence, the_general_formula_meets_the_parallel_limit) {
  // Just above the switch the correction differs from 1 by O(α²) ~ 1e-6; cancellation leaves about 1e-8.
  constexpr double continuity = 1e-5;
  EXPECT_NEAR(convergence_correction(532.0 * units::eV, setup(200, 0.0016, 10)).f2, 1.0, continuity);
}

RC_GTEST_PROP(Convergence, keeps_a_fraction_and_falls_with_alpha, ()) {
  const double alpha = *rc::gen::inRange(1, 400) * 0.1;
  const double beta = *rc::gen::inRange(10, 500) * 0.1;
  const double loss = *rc::gen::inRange(50, 2000);
  const auto narrow = convergence_correction(loss * units::eV, setup(200, alpha, beta));
  const auto wide = convergence_correction(loss * units::eV, setup(200, alpha + 0.5, beta));
  RC_ASSERT(narrow.f1 > 0.0);
  RC_ASSERT(narrow.f1 <= 1.0 + 1e-9);
  RC_ASSERT(wide.f1 <= narrow.f1 + 1e-9);
}

TEST(MeanFreePath, reproduces_the_full_formula_of_iakoubovskii) {
  constexpr double lithium_cobaltate = 5.06;
  EXPECT_NEAR(mean_free_path(g_per_cm3(lithium_cobaltate), setup(300, 17.8, 17.8)).in(units::nm), 158.5, 0.2);
  EXPECT_NEAR(mean_free_path(g_per_cm3(lithium_cobaltate), setup(300, 17.8, 5.0)).in(units::nm), 158.5, 0.2);
  EXPECT_NEAR(mean_free_path(g_per_cm3(lithium_cobaltate), setup(300, 17.8, 100.0)).in(units::nm), 147.9, 0.2);
}

}  // namespace
}  // namespace hotstage::eels
