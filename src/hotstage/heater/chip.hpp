// SPDX-License-Identifier: GPL-3.0-or-later
// A heating chip as one temperature: Joule heat in, conduction through the membrane and radiation out.

#pragma once

#include "hotstage/core/units.hpp"
#include "hotstage/kinetics/programme.hpp"

#include <vector>

namespace hotstage::heater {

using ThermalConductivity = Quantity<Dimension{.nm = -1, .s = -1, .eV = 1, .K = -1}>;
using HeatDensity = Quantity<Dimension{.nm = -3, .eV = 1, .K = -1}>;  ///< heat capacity per volume

/// 1 W/(m K) and 1 J/(m³ K) in base units: a joule is 1/e eV.
inline constexpr ThermalConductivity W_per_m_K{1.0 / (1.602176634e-19 * 1e9)};
inline constexpr HeatDensity J_per_m3_K{1.0 / (1.602176634e-19 * 1e27)};

/// A round hot zone on a membrane clamped at a cold rim, with a metal coil on it. Priors, not a data sheet: dimensions
/// and film properties of SiNx membrane chips spread by a factor of two (Mele et al. 2016, doi:10.1002/jemt.22623).
struct Chip {
  Length membrane = 1.0 * units::um;
  Length hot_radius = 150.0 * units::um;
  Length rim_radius = 500.0 * units::um;
  ThermalConductivity conductivity = 3.0 * W_per_m_K;
  HeatDensity membrane_heat = 2.79e6 * J_per_m3_K;  ///< SiNx: 3100 kg/m³ · 900 J/(kg K)
  HeatDensity coil_heat = 3.084e6 * J_per_m3_K;     ///< Mo: 10280 kg/m³ · 300 J/(kg K)
  Length coil = 0.2 * units::um;
  double coil_cover = 0.2;               ///< of the hot zone
  double emissivity = 0.4;               ///< of either side
  double resistance_ohm = 60.0;          ///< of the coil at `surroundings`
  double resistance_slope_per_K = 3e-3;  ///< relative
  Temperature surroundings = Temperature::celsius(25.0);

  [[nodiscard]] double heat_capacity() const;              ///< J/K
  [[nodiscard]] double conductance() const;                ///< W/K: 2πkt / ln(rim/hot)
  [[nodiscard]] double radiating_area_m2() const;          ///< both sides
  [[nodiscard]] double loss(Temperature hot) const;        ///< W: G(T − T0) + εσA(T⁴ − T0⁴)
  [[nodiscard]] double loss_slope(Temperature hot) const;  ///< W/K
  /// C over the slope of the losses: how fast the chip follows.
  [[nodiscard]] Time time_constant(Temperature hot) const;
  [[nodiscard]] double resistance_at_ohm(Temperature hot) const;
  /// Current that holds a temperature, A.
  [[nodiscard]] double holding_current(Temperature hot) const;
  /// Temperature that a power holds, exactly (Newton on the monotone loss).
  [[nodiscard]] Temperature steady(double power_W) const;
};

/// Drive: the power that would hold the set point, plus `feedback` times set point minus temperature read from R(T).
struct Control {
  double feedback_W_per_K = 0.0;
  Time step = 50.0 * units::ms;
};

/// Temperatures at the steps, and the heat balance of the whole run by the scheme's own quadrature.
struct ChipRun {
  std::vector<double> time_s;
  std::vector<double> temperature_degC;
  double heat_in_J = 0.0;
  double heat_out_J = 0.0;
  double heat_stored_J = 0.0;

  /// Temperature (degC) at a time, linear between the steps, constant beyond.
  [[nodiscard]] double celsius_at(double time_s) const;
};

/// C dT/dt = P − loss(T) along a set point, from its steady state, by TR-BDF2 (Bank et al. 1985,
/// doi:10.1109/TCAD.1985.1270142): second order, L-stable, so the step may be far above the time constant. The corners
/// of the programme are steps.
[[nodiscard]] ChipRun run_chip(const Chip& chip, const kinetics::Programme& set_point, const Control& control = {});

}  // namespace hotstage::heater
