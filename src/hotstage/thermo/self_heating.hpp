// SPDX-License-Identifier: GPL-3.0-or-later
// Can a thin lamella heat itself? Reaction heat against radiation.

#pragma once

#include "hotstage/core/units.hpp"

namespace hotstage::thermo {

/// A foil that reacts evenly over a time and loses heat by radiation from both faces only (an upper bound of the rise:
/// conduction to the chip is left out).
struct ReactingFoil {
  double heat_J_per_g = 300.0;
  double density_g_per_cm3 = 5.05;
  Length thickness{100.0};
  Time duration{50.0};
  double emissivity = 0.5;
  Temperature temperature = Temperature::celsius(650.0);
  Temperature surroundings = Temperature::celsius(25.0);

  [[nodiscard]] double reaction_flux() const;   ///< W/m², per area of foil
  [[nodiscard]] double radiation_flux() const;  ///< W/m², both faces
  /// Steady rise of the temperature through the reaction, exactly.
  [[nodiscard]] TemperatureDifference rise() const;
  /// The same to first order: q / (8 ε σ T³).
  [[nodiscard]] TemperatureDifference rise_linear() const;
};

}  // namespace hotstage::thermo
