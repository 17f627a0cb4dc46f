// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/thermo/self_heating.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace hotstage::thermo {
namespace {

TEST(SelfHeating, three_watts_per_square_metre_against_forty_one_kilowatts) {
  const ReactingFoil foil;
  EXPECT_NEAR(foil.reaction_flux(), 3.03, 0.01);
  EXPECT_NEAR(foil.radiation_flux(), 40.7e3, 0.3e3);
}

TEST(SelfHeating, warms_the_foil_by_hundredths_of_a_kelvin) {
  const ReactingFoil foil;
  EXPECT_NEAR(foil.rise().base(), 0.017, 0.001);
  EXPECT_NEAR(foil.rise().base() / foil.rise_linear().base(), 1.0, 1e-4);
}

TEST(SelfHeating, exact_rise_balances_the_radiated_power) {
  ReactingFoil foil;
  foil.heat_J_per_g = 3e6;  // large enough that the linear law is wrong
  ReactingFoil hotter = foil;
  hotter.temperature = foil.temperature + foil.rise();
  constexpr double rounding = 1e-9;
  EXPECT_NEAR((hotter.radiation_flux() - foil.radiation_flux()) / foil.reaction_flux(), 1.0, rounding);
  EXPECT_LT(foil.rise().base(), 0.9 * foil.rise_linear().base());
}

}  // namespace
}  // namespace hotstage::thermo
