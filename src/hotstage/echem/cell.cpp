// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/echem/cell.hpp"

#include "hotstage/core/constants.hpp"
#include "hotstage/core/error.hpp"

#include <algorithm>
#include <cmath>

namespace hotstage::echem {

namespace {

constexpr double faraday_C_per_mol = constants::elementary_charge_C * constants::avogadro_per_mol;
constexpr double side_reference_V = 4.6;
/// The voltage at which a step ends is met this closely.
constexpr double limit_tolerance_V = 1e-6;
constexpr double smallest_dt_s = 1e-4;

bool passed(double current_A, double voltage_V, double limit_V) {
  return (current_A > 0.0 && voltage_V >= limit_V) || (current_A < 0.0 && voltage_V <= limit_V);
}

}  // namespace

double theoretical_capacity(double g_per_mol) {
  HOTSTAGE_EXPECTS(g_per_mol > 0.0);
  return faraday_C_per_mol / (3.6 * g_per_mol);
}

HalfCell::HalfCell(const CellParameters& parameters, const OpenCircuit& curve, double x, std::size_t shells)
    : parameters_(parameters),
      curve_(&curve),
      sphere_(parameters.radius_m, shells, x),
      thermal_(2.0 * constants::k_B_eV_per_K * parameters.temperature_K) {
  HOTSTAGE_EXPECTS(parameters.active_mass_g > 0.0 && x > 0.0 && x <= 1.0);
}

double HalfCell::site_charge() const {
  return active_fraction_ * parameters_.active_mass_g / licoo2_g_per_mol * faraday_C_per_mol;
}

double HalfCell::surface_m2() const {
  const double volume_m3 = site_charge() / (faraday_C_per_mol * parameters_.site_density_mol_m3);
  return 3.0 * volume_m3 / parameters_.radius_m;
}

double HalfCell::flux(double current_A) const {
  return current_A / (surface_m2() * faraday_C_per_mol * parameters_.site_density_mol_m3);
}

double HalfCell::side_current(double voltage_V) const {
  return parameters_.side_A * std::exp((voltage_V - side_reference_V) / parameters_.side_fold_V);
}

double HalfCell::voltage(double current_A) const {
  // Kinetics stay finite at an empty or full surface.
  constexpr double edge = 1e-4;
  const double x = sphere_.surface(flux(current_A), parameters_.diffusivity);
  const double inside = std::clamp(x, edge, 1.0 - edge);
  const double c_max = parameters_.site_density_mol_m3;
  const double exchange =
      parameters_.reaction_rate * std::sqrt(parameters_.electrolyte_mol_m3 * inside * (1.0 - inside)) * c_max;
  const double density = current_A / surface_m2();
  const double lithium = current_A / (parameters_.area_m2 * parameters_.lithium_exchange_A_m2);
  return curve_->voltage(x) + thermal_ * (std::asinh(0.5 * density / exchange) + std::asinh(0.5 * lithium)) +
         density * parameters_.film_ohm_m2 + current_A * parameters_.series_ohm;
}

void HalfCell::step(double dt_s, double current_A) {
  const double side_A = side_current(voltage(current_A));
  sphere_.step(dt_s, flux(current_A - side_A), parameters_.diffusivity);
  side_charge_ += side_A * dt_s;
}

void HalfCell::age(double active_fraction, double film_ohm_m2) {
  HOTSTAGE_EXPECTS(active_fraction > 0.0 && active_fraction <= 1.0);
  active_fraction_ = active_fraction;
  parameters_.film_ohm_m2 = film_ohm_m2;
}

StepResult run_step(HalfCell& cell, double current_A, double limit_V, const StepControl& control,
                    const std::function<void(const Moment&)>& on_moment) {
  StepResult result{.time_s = 0.0, .voltage_V = cell.voltage(current_A)};
  const auto tell = [&] {
    if (on_moment) {
      on_moment({result.time_s, result.voltage_V});
    }
  };
  tell();
  if (passed(current_A, result.voltage_V, limit_V)) {
    result.end = StepEnd::voltage;
    return result;
  }
  HalfCell before = cell;
  double dt_s = std::min(0.5, control.largest_dt_s);
  while (result.time_s < control.longest_s) {
    dt_s = std::min(dt_s, control.longest_s - result.time_s);
    before = cell;
    cell.step(dt_s, current_A);
    const double voltage_V = cell.voltage(current_A);
    const double change = std::abs(voltage_V - result.voltage_V);
    const bool over = passed(current_A, voltage_V, limit_V);
    const bool too_far = over ? std::abs(voltage_V - limit_V) > limit_tolerance_V : change > control.largest_change_V;
    if (too_far && dt_s > smallest_dt_s) {
      cell = before;
      // Towards the limit by the secant, a little short of it; away from it by halves.
      const double wanted = over ? std::abs(limit_V - result.voltage_V) / change : 0.5;
      dt_s *= std::clamp(wanted, 0.05, over ? 0.999999 : 0.5);
      continue;
    }
    result.time_s += dt_s;
    result.voltage_V = voltage_V;
    tell();
    if (over) {
      result.end = StepEnd::voltage;
      return result;
    }
    const bool close = std::abs(voltage_V - limit_V) < 2.0 * change && current_A != 0.0;
    dt_s = std::min({control.largest_dt_s, close ? dt_s : 1.5 * dt_s,
                     dt_s * std::max(0.2, 0.7 * control.largest_change_V / std::max(change, 1e-9))});
  }
  return result;
}

}  // namespace hotstage::echem
