// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/kinetics/band.hpp"

#include "hotstage/core/constants.hpp"

#include <gtest/gtest.h>

namespace hotstage::kinetics {
namespace {

Programme paper_ramp(double end_degC = 650.0) {
  return Programme::ramp(Temperature::celsius(25.0), Temperature::celsius(end_degC), 2.0 * units::K / units::s);
}

TEST(Band, co_migration_lies_between_363_and_562_degC_around_449) {
  const Band<Temperature> onset = onset_band(1.58 * units::eV, {}, paper_ramp());
  ASSERT_TRUE(onset.low && onset.central && onset.high);
  constexpr double last_digit = 0.05;
  EXPECT_NEAR(onset.low->in_degC(), 363.1, last_digit);
  EXPECT_NEAR(onset.central->in_degC(), 449.4, last_digit);
  EXPECT_NEAR(onset.high->in_degC(), 561.6, last_digit);
}

TEST(Band, general_barrier_is_not_reached_in_its_centre) {
  const Band<Temperature> onset = onset_band(2.33 * units::eV, {}, paper_ramp());
  EXPECT_FALSE(onset.central);
  EXPECT_FALSE(onset.high);
}

TEST(Band, barriers_and_onsets_are_inverse_corner_by_corner) {
  const Programme ramp = paper_ramp();
  const Band<Temperature> onset = onset_band(1.58 * units::eV, {}, ramp);
  constexpr double root = 1e-9;
  EXPECT_NEAR(barrier_band(*ramp.first_time_at(*onset.low), {}, ramp).high->base(), 1.58, root);
  EXPECT_NEAR(barrier_band(*ramp.first_time_at(*onset.central), {}, ramp).central->base(), 1.58, root);
  EXPECT_NEAR(barrier_band(*ramp.first_time_at(*onset.high), {}, ramp).low->base(), 1.58, root);
}

TEST(Band, ten_kelvin_move_the_barrier_by_about_T_over_E) {
  const auto slope = barrier_slope(Temperature::celsius(450.0), {}, paper_ramp());
  ASSERT_TRUE(slope);
  // ln H ≈ ln T² − ln E − E/kT, so dE/dT = E/T (1 + 2/u)/(1 + 1/u) at u = E/kT.
  const double u = 1.58 / (constants::k_B_eV_per_K * 723.15);
  constexpr double second_order = 0.005;  // 2/u²
  EXPECT_NEAR(*slope / (1.58 / 723.15), (1.0 + 2.0 / u) / (1.0 + 1.0 / u), second_order);
  EXPECT_FALSE(barrier_slope(Temperature::celsius(700.0), {}, paper_ramp()));
}

}  // namespace
}  // namespace hotstage::kinetics
