// SPDX-License-Identifier: GPL-3.0-or-later
// A half cell against lithium metal: one sphere stands for the electrode, kinetics, film and series resistance.

#pragma once

#include "hotstage/echem/open_circuit.hpp"
#include "hotstage/echem/sphere.hpp"

#include <functional>

namespace hotstage::echem {

/// g/mol of LiCoO2 (IUPAC 2021 weights).
inline constexpr double licoo2_g_per_mol = 97.871;

/// F/(3.6 M): charge of one electron per formula unit, mA h/g.
[[nodiscard]] double theoretical_capacity(double g_per_mol);

/// SI inside, units in the names. Defaults: Ramadass et al. 2004 (doi:10.1149/1.1634273) for the particle, Xu et al.
/// 2019 (J. Electrochem. Soc. 166, A3456) for lithium; film, series resistance and side reaction are priors
/// (README.md).
struct CellParameters {
  double active_mass_g = 4e-3;
  double area_m2 = 1.131e-4;  ///< of the electrode disc (12 mm)
  double site_density_mol_m3 = 51555.0;
  double radius_m = 2e-6;
  Diffusivity diffusivity{};
  double reaction_rate = 2.252e-6;  ///< (A/m²)(m³/mol)^1.5
  double electrolyte_mol_m3 = 1000.0;
  double film_ohm_m2 = 5e-3;  ///< per surface of the particles
  double series_ohm = 20.0;
  double lithium_exchange_A_m2 = 70.5;
  double side_A = 1e-5;          ///< oxidation of the electrolyte at 4.6 V
  double side_fold_V = 0.05139;  ///< voltage for e times that: 2RT/F
  double temperature_K = 298.15;
};

/// State of the cell. Currents in A, positive charges the cell (takes lithium out).
class HalfCell {
 public:
  HalfCell(const CellParameters& parameters, const OpenCircuit& curve, double x, std::size_t shells);

  /// Voltage now, when the electrode delivers `current_A`: U(x surface) + 2RT/F·asinh(j/2j0) + j·film + I·series +
  /// lithium. V.
  [[nodiscard]] double voltage(double current_A) const;

  /// Moves on; the side reaction takes its share of the current, at the voltage the step begins with.
  void step(double dt_s, double current_A);

  /// Ageing: part of the first mass that still takes part, and the film.
  void age(double active_fraction, double film_ohm_m2);

  [[nodiscard]] double lithium() const { return sphere_.mean(); }

  /// Charge of all sites of the active part, C.
  [[nodiscard]] double site_charge() const;

  /// Charge the side reaction has taken since the start, C.
  [[nodiscard]] double side_charge() const { return side_charge_; }

  [[nodiscard]] double active_fraction() const { return active_fraction_; }

  [[nodiscard]] double film_ohm_m2() const { return parameters_.film_ohm_m2; }

 private:
  [[nodiscard]] double surface_m2() const;
  [[nodiscard]] double flux(double current_A) const;
  [[nodiscard]] double side_current(double voltage_V) const;

  CellParameters parameters_;
  const OpenCircuit* curve_;
  Sphere sphere_;
  double active_fraction_ = 1.0;
  double side_charge_ = 0.0;
  double thermal_;  // 2RT/F
};

/// One moment of a step.
struct Moment {
  double time_s = 0.0;  ///< since the step began
  double voltage_V = 0.0;
};

struct StepControl {
  double largest_dt_s = 15.0;
  double largest_change_V = 8e-3;  ///< of the voltage in one time step
  double longest_s = 1e6;
};

enum class StepEnd { voltage, time };

struct StepResult {
  double time_s = 0.0;
  double voltage_V = 0.0;  ///< at the end, within 1 µV of the limit when that ended it
  StepEnd end = StepEnd::time;
};

/// Constant current until the voltage passes `limit_V` (above for a charge, below for a discharge, never at rest) or
/// the time is over. `on_moment` sees the start and every time step; it may be empty.
StepResult run_step(HalfCell& cell, double current_A, double limit_V, const StepControl& control,
                    const std::function<void(const Moment&)>& on_moment);

}  // namespace hotstage::echem
