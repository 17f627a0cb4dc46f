// SPDX-License-Identifier: GPL-3.0-or-later
// What a cycler file says about the electrode when the cell was opened: lithium content, lost material, resistance,
// dose.

#pragma once

#include "hotstage/echem/cycles.hpp"
#include "hotstage/echem/open_circuit.hpp"

#include <optional>
#include <string>
#include <vector>

namespace hotstage::echem {

/// What the analysis is told or assumes; none of it comes from the file.
struct CellAssumptions {
  double active_mass_g = 4e-3;
  double mass_relative_sigma = 0.01;
  double curve_sigma_V = 0.010;         ///< of the published part of the open-circuit curve
  double fitted_curve_sigma_V = 0.015;  ///< of the fitted part, common to all cycles
  double lithium_at_start = 0.99;
  double lithium_at_start_sigma = 0.01;
};

/// Lithium content by one route.
struct LithiumReading {
  std::string route;
  Estimate x;
};

struct CellState {
  Estimate capacity_first_Ah;  ///< discharge of the first complete cycle
  Estimate capacity_last_Ah;
  Estimate retention;
  double efficiency_mean = 0.0;   ///< over complete cycles but the first
  double efficiency_sigma = 0.0;  ///< standard error of that mean
  Estimate polarisation_first_V;  ///< cycle 2, or the first that has one
  Estimate polarisation_last_V;
  std::optional<Estimate> growth_at_fixed_charge_V;  ///< of the polarisation at the fixed charge, same cycles
  int polarisation_first_cycle = 0;
  int polarisation_last_cycle = 0;
  Estimate x_discharged;               ///< of the active material when the cell was stopped
  Estimate x_charged_last;             ///< when the last charge ended
  std::vector<LithiumReading> routes;  ///< all readings of x at disassembly
  Estimate lam;                        ///< part of the active material lost
  Estimate resistance_growth;          ///< last over first polarisation: whole cell, current unchanged
  Estimate dose_mean;
  Estimate active_share;  ///< active material of the first cycle over the weighed one: 1 when mass and curve are right
};

/// Reads the state from the cycles. `dose_mean` has no σ yet: that needs the file again with another onset.
/// Throws Error{refused} when fewer than two complete cycles remain, or none of them has a polarisation.
[[nodiscard]] CellState read_cell_state(const CycleTable& table, const OpenCircuit& curve,
                                        const CellAssumptions& assumed);

/// Sum of the doses of all cycles.
[[nodiscard]] double total_dose(const CycleTable& table);

}  // namespace hotstage::echem
