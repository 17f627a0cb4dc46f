// SPDX-License-Identifier: GPL-3.0-or-later
// Many cycles of a half cell that ages: damage dose by time at high voltage, lost active material, growing film.

#pragma once

#include "hotstage/core/run.hpp"
#include "hotstage/echem/cell.hpp"

#include <array>
#include <vector>

namespace hotstage::echem {

/// How the cell is cycled. Every cycle is charge, rest, discharge, rest.
struct Protocol {
  double current_A = 7.12e-4;
  double lower_V = 3.0;
  double upper_V = 4.6;
  double rest_s = 300.0;  ///< 0: none

  int cycles = 200;
  int stride = 1;  ///< only every n-th cycle is computed and its dose counted n times

  double lithium_at_start = 0.995;
  std::size_t shells = 20;
};

/// dose = ∫ max(0, U − onset)^exponent dt / reference. Dimensionless: 1 is what the nominal cell collects in 200 cycles
/// at 1 C between 3 and 4.6 V while it fades to one half (measured, README.md).
struct DoseLaw {
  double onset_V = 4.4;
  double exponent = 1.0;
  double reference = 3.67e4;  ///< V^exponent s

  /// V^exponent; 0 below the onset.
  [[nodiscard]] double rate(double voltage_V) const;
};

/// active fraction = exp(−loss·dose), film = film0·(1 + film_per_loss·loss·dose). Only `loss` is fitted.
struct AgeingLaw {
  DoseLaw dose;
  double loss = 0.6;
  double film_per_loss = 4.0;
};

/// What is true of one cycle; charges in A h.
struct CycleState {
  int cycle = 0;
  double charge_Ah = 0.0;
  double discharge_Ah = 0.0;
  double x_charged = 0.0;        ///< mean lithium content when the charge ended
  double x_discharged = 0.0;     ///< after the rest that ends the cycle
  double active_fraction = 1.0;  ///< during this cycle
  double film_ohm_m2 = 0.0;
  double dose = 0.0;            ///< at the end of this cycle
  double polarisation_V = 0.0;  ///< charge minus discharge voltage when half the discharge has passed
};

enum class CycleStep { charge = 1, rest_charged = 2, discharge = 3, rest_discharged = 4 };

/// One moment of the whole test.
struct Sample {
  double time_s = 0.0;
  double voltage_V = 0.0;
  double current_A = 0.0;
  int cycle = 1;
  CycleStep step = CycleStep::charge;
};

/// May be empty. Sees every time step of the model, and both ends of every step.
using Recorder = std::function<void(const Sample&)>;

struct AgeingCell {
  CellParameters cell;
  AgeingLaw law;
  Protocol protocol;
};

/// Runs the cycles, the first two and the last always; stops early (fewer states) when a charge or discharge ends at
/// once. Honours the stop request.
[[nodiscard]] std::vector<CycleState> simulate_cycles(const AgeingCell& aged, const OpenCircuit& curve,
                                                      const Recorder& recorder, const Run& run);

/// Capacity left: last over first discharge; 0 when the cell died on the way.
[[nodiscard]] double retention(const std::vector<CycleState>& states, int cycles);

struct LossFit {
  double loss = 0.0;
  double retention = 0.0;  ///< reached
  int evaluations = 0;
};

/// Finds `law.loss` for the given retention after all cycles, everything else fixed, by bracketed root search (Brent)
/// on ln(loss). Throws Error{refused} when no loss between 0.001 and 1000 reaches it.
[[nodiscard]] LossFit fit_loss(AgeingCell aged, const OpenCircuit& curve, double target, const Run& run);

}  // namespace hotstage::echem
