// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/thermo/self_heating.hpp"

#include <cmath>

namespace hotstage::thermo {

namespace {

constexpr double stefan_boltzmann = 5.670374419e-8;  // W m⁻² K⁻⁴, CODATA 2018
constexpr double faces = 2.0;

}  // namespace

double ReactingFoil::reaction_flux() const {
  const double J_per_m3 = heat_J_per_g * density_g_per_cm3 * 1e6;
  return J_per_m3 * thickness.in(units::m) / duration.in(units::s);
}

double ReactingFoil::radiation_flux() const {
  return faces * emissivity * stefan_boltzmann * (std::pow(temperature.in_K(), 4) - std::pow(surroundings.in_K(), 4));
}

TemperatureDifference ReactingFoil::rise() const {
  // (T⁴ + s)^{1/4} − T without the loss of digits of a small s.
  const double t = temperature.in_K();
  const double share = reaction_flux() / (faces * emissivity * stefan_boltzmann * std::pow(t, 4));
  return t * std::expm1(0.25 * std::log1p(share)) * units::K;
}

TemperatureDifference ReactingFoil::rise_linear() const {
  return reaction_flux() / (4.0 * faces * emissivity * stefan_boltzmann * std::pow(temperature.in_K(), 3)) * units::K;
}

}  // namespace hotstage::thermo
