// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/echem/cell_state.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/echem/cell.hpp"
#include "hotstage/num/statistics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::echem {

namespace {

/// Lithium content when a half cycle ended, from the rest after it, or from the last voltage and half the polarisation.
struct EndReading {
  double x = 0.0;
  double own_sigma = 0.0;     ///< rest not finished, or overvoltage not known: differs from cycle to cycle
  double common_sigma = 0.0;  ///< of the curve: the same in every cycle
};

enum class End { charged, discharged };

double site_capacity(const CellAssumptions& assumed) {
  return assumed.active_mass_g * theoretical_capacity(licoo2_g_per_mol) * 1e-3;
}

/// What did not come back in the first cycle: lithium that found no way in before the voltage ended the discharge, and
/// the side reaction; half of it is the reading and the other half its error.
Estimate first_loss(const Cycle& first, const CellAssumptions& assumed) {
  const double lost = (first.charge->total() - first.discharge->total()) / site_capacity(assumed);
  return {assumed.lithium_at_start - 0.5 * lost, std::hypot(0.5 * lost, assumed.lithium_at_start_sigma)};
}

EndReading read_end(const Cycle& cycle, End end, const OpenCircuit& curve, const CellAssumptions& assumed) {
  const HalfCycle& half = end == End::charged ? *cycle.charge : *cycle.discharge;
  double voltage_V = half.rest_V;
  double sigma_V = std::abs(half.rest_drift_V);
  if (!std::isfinite(voltage_V)) {
    const double over = 0.5 * cycle.polarisation_V.value_or(Estimate{0.0, 0.0}).value;
    voltage_V = half.voltage_V.back() + (end == End::charged ? -over : over);
    sigma_V = over;
  }
  const double x = curve.lithium(voltage_V);
  const auto [low, high] = curve.published();
  const double curve_V = x < low || x > high ? assumed.fitted_curve_sigma_V : assumed.curve_sigma_V;
  // By finite steps: the curve bends strongly at both ends.
  const auto half_width = [&](double step_V) {
    return step_V <= 0.0 ? 0.0 : 0.5 * std::abs(curve.lithium(voltage_V - step_V) - curve.lithium(voltage_V + step_V));
  };
  return {x, half_width(sigma_V), half_width(curve_V)};
}

/// Scatter of the discharge capacity about its own smooth course: second differences of complete neighbours.
double repeatability(const CycleTable& table) {
  std::vector<double> second;
  for (std::size_t i = 2; i < table.cycles.size(); ++i) {
    const auto charge = [&](std::size_t k) {
      const Cycle& cycle = table.cycles[k];
      return cycle.status == CycleStatus::complete ? cycle.discharge->total() : std::nan("");
    };
    const double difference = charge(i) - 2.0 * charge(i - 1) + charge(i - 2);
    if (std::isfinite(difference)) {
      second.push_back(difference);
    }
  }
  constexpr std::size_t enough = 5;  // for a median; fewer: the largest, their curvature included
  const auto largest = [&] {
    double out = 0.0;
    for (const double difference : second) {
      out = std::max(out, std::abs(difference));
    }
    return out;
  };
  return (second.size() >= enough ? num::median_deviation(second) : largest()) / std::sqrt(6.0);
}

/// Active material of one cycle in A h of all its sites.
struct Active {
  double site_Ah = 0.0;
  double swing = 0.0;
  EndReading charged;
  EndReading discharged;
};

Active active_of(const Cycle& cycle, const Cycle& first, const OpenCircuit& curve, const CellAssumptions& assumed) {
  Active out;
  out.charged = read_end(cycle, End::charged, curve, assumed);
  if (std::isfinite(cycle.discharge->rest_V)) {
    out.discharged = read_end(cycle, End::discharged, curve, assumed);
  } else {
    // Under current the last voltage is that of a full surface, whatever lies below it.
    const Estimate x = first_loss(first, assumed);
    out.discharged = {x.value, x.sigma, 0.0};
  }

  out.swing = out.discharged.x - out.charged.x;
  if (out.swing <= 0.0) {
    throw Error(Errc::refused, "the voltages at the ends of a cycle do not fit the open-circuit curve of LiCoO2",
                "Check that the cell is LiCoO2 against lithium metal");
  }
  out.site_Ah = cycle.discharge->total() / out.swing;
  return out;
}

/// The curve's error is common to both cycles and only partly cancels: it is found by reading both again on curves that
/// are moved by one σ, the whole and the fitted part apart.
Estimate lost_material(const Cycle& first, const Cycle& last, const OpenCircuit& curve,
                       const CellAssumptions& assumed) {
  const auto ratio_on = [&](const OpenCircuit& moved) {
    return active_of(last, first, moved, assumed).site_Ah / active_of(first, first, moved, assumed).site_Ah;
  };
  const double ratio = ratio_on(curve);
  const auto change = [&](double whole_V, double fitted_V) {
    return std::max(std::abs(ratio_on(curve.shifted(whole_V, fitted_V)) - ratio),
                    std::abs(ratio_on(curve.shifted(-whole_V, -fitted_V)) - ratio));
  };
  const double of_curve = std::hypot(change(assumed.curve_sigma_V, 0.0), change(0.0, assumed.fitted_curve_sigma_V));
  const auto own = [&](const Cycle& cycle) {
    const Active active = active_of(cycle, first, curve, assumed);
    return std::hypot(active.charged.own_sigma, active.discharged.own_sigma) / active.swing;
  };
  return {1.0 - ratio, std::hypot(of_curve, ratio * std::hypot(own(first), own(last)))};
}

/// A wrong mass or another chemistry makes every number that needs lithium per Co meaningless.
void check_mass(const Active& first, const CellAssumptions& assumed) {
  constexpr double factor = 2.0;
  const double share = first.site_Ah / site_capacity(assumed);
  if (share > factor || share < 1.0 / factor) {
    throw Error(Errc::refused,
                fmt::format("the first discharge needs {:.3g} times the weighed active material as LiCoO2", share),
                "Give the mass of the electrode and its composition; the cell must be LiCoO2 against lithium metal");
  }
}

/// 1 − Σ(charge − discharge)/sites: what did not come back may have been lithium or a side reaction, so half of it is
/// the reading and the other half its error.
LithiumReading count_coulombs(const CycleTable& table, const CellAssumptions& assumed) {
  double lost_Ah = 0.0;
  double rounding_Ah = 0.0;
  for (const Cycle& cycle : table.cycles) {
    if (cycle.charge && cycle.discharge) {
      lost_Ah += cycle.charge->total() - cycle.discharge->total();
      rounding_Ah += std::abs(cycle.charge->sigma_Ah - cycle.discharge->sigma_Ah);
    }
  }
  const double lost = lost_Ah / site_capacity(assumed);
  return {"charge counted from the start",
          {assumed.lithium_at_start - 0.5 * lost,
           std::hypot(0.5 * lost, assumed.lithium_at_start_sigma, rounding_Ah / site_capacity(assumed))}};
}

void add_efficiency(const CycleTable& table, CellState& state) {
  std::vector<double> values;
  for (const Cycle& cycle : table.cycles) {
    if (cycle.efficiency && cycle.status == CycleStatus::complete && &cycle != table.first()) {
      values.push_back(*cycle.efficiency);
    }
  }
  state.efficiency_mean = num::mean(values);
  state.efficiency_sigma = num::standard_error(values);
}

const Cycle& first_polarised(const CycleTable& table) {
  if (const Cycle* second = table.find(2); second != nullptr && second->polarisation_V) {
    return *second;
  }
  const auto found =
      std::ranges::find_if(table.cycles, [](const Cycle& cycle) { return cycle.polarisation_V.has_value(); });
  if (found == table.cycles.end()) {
    throw Error(Errc::refused, "no cycle has a charge followed by a discharge: there is no polarisation");
  }
  return *found;
}

}  // namespace

double total_dose(const CycleTable& table) {
  double sum = 0.0;
  for (const Cycle& cycle : table.cycles) {
    sum += cycle.dose;
  }
  return sum;
}

CellState read_cell_state(const CycleTable& table, const OpenCircuit& curve, const CellAssumptions& assumed) {
  const Cycle* first = table.first();
  const Cycle* last = table.last();
  if (first == nullptr || first == last) {
    throw Error(Errc::refused, "fewer than two complete cycles: no fade can be read",
                "Give the whole file of the cycler, or tell cycles apart by the current");
  }
  CellState state;
  const double scatter_Ah = repeatability(table);
  state.capacity_first_Ah = {first->discharge->total(), std::hypot(first->discharge->sigma_Ah, scatter_Ah)};
  state.capacity_last_Ah = {last->discharge->total(), std::hypot(last->discharge->sigma_Ah, scatter_Ah)};
  // Rounding of a current that never changes cancels in the ratio.
  state.retention = {state.capacity_last_Ah.value / state.capacity_first_Ah.value, 0.0};
  const double rounding = std::abs(first->discharge->sigma_Ah / first->discharge->total() -
                                   last->discharge->sigma_Ah / last->discharge->total());
  const double scatter = std::hypot(scatter_Ah / first->discharge->total(), scatter_Ah / last->discharge->total());
  state.retention.sigma = state.retention.value * std::hypot(rounding, scatter);
  add_efficiency(table, state);

  const Cycle& polarised = first_polarised(table);
  state.polarisation_first_V = *polarised.polarisation_V;
  state.polarisation_first_cycle = polarised.number;
  if (last->polarisation_V) {
    state.polarisation_last_V = *last->polarisation_V;
    state.polarisation_last_cycle = last->number;
    if (last->polarisation_fixed_V && polarised.polarisation_fixed_V) {
      state.growth_at_fixed_charge_V = num::difference(*last->polarisation_fixed_V, *polarised.polarisation_fixed_V);
    }
    state.resistance_growth = num::ratio(state.polarisation_last_V, state.polarisation_first_V);
  }

  const Active before = active_of(*first, *first, curve, assumed);
  check_mass(before, assumed);
  const Active after = active_of(*last, *first, curve, assumed);
  state.lam = lost_material(*first, *last, curve, assumed);
  state.x_charged_last = {after.charged.x, std::hypot(after.charged.own_sigma, after.charged.common_sigma)};
  state.x_discharged = {after.discharged.x, std::hypot(after.discharged.own_sigma, after.discharged.common_sigma)};
  const bool rested = std::isfinite(last->discharge->rest_V);
  state.routes.push_back(
      {rested ? "voltage after the last discharge" : "no rest: first cycle taken", state.x_discharged});
  state.routes.push_back({"charge lost in the first cycle", first_loss(*first, assumed)});
  state.routes.push_back(count_coulombs(table, assumed));
  const double share = before.site_Ah / site_capacity(assumed);
  const double swing_sigma = std::hypot(std::hypot(before.charged.own_sigma, before.charged.common_sigma),
                                        std::hypot(before.discharged.own_sigma, before.discharged.common_sigma));
  state.active_share = {share, share * std::hypot(assumed.mass_relative_sigma, swing_sigma / before.swing)};
  state.dose_mean = {total_dose(table), 0.0};
  return state;
}

}  // namespace hotstage::echem
