// SPDX-License-Identifier: GPL-3.0-or-later
// Cycles of a cycler file: capacity, efficiency, mean voltages, polarisation at fixed charge, time at high voltage.

#pragma once

#include "hotstage/core/estimate.hpp"
#include "hotstage/core/fields.hpp"
#include "hotstage/echem/ageing.hpp"
#include "hotstage/echem/cycler_data.hpp"

#include <optional>
#include <vector>

namespace hotstage::echem {

/// Where one cycle ends and the next begins.
enum class CycleRule {
  automatic,  ///< the tester's numbers when they tell charges apart, else the current
  counter,    ///< the tester's cycle number
  current,    ///< a charge after a discharge begins a cycle
};

constexpr auto enum_names(CycleRule) {
  return std::array{EnumName<CycleRule>{CycleRule::automatic, "automatic"},
                    EnumName<CycleRule>{CycleRule::counter, "counter"},
                    EnumName<CycleRule>{CycleRule::current, "current"}};
}

struct CycleOptions {
  CycleRule rule = CycleRule::automatic;
  double fraction = 0.5;       ///< of the cycle's own discharge, counted from the charged end
  double fixed_charge_Ah = 0;  ///< counted from the charged end; 0: not asked for
  DoseLaw dose;
};

/// One charge or discharge: its rows joined, times of other currents left out.
struct HalfCycle {
  std::vector<double> charge_Ah;  ///< passed since its start, at every row; ascending
  std::vector<double> voltage_V;
  double duration_s = 0.0;
  double energy_Wh = 0.0;
  double counter_Ah = 0.0;    ///< by the tester's own counter; 0 when it has none
  double sigma_Ah = 0.0;      ///< of the charge: the current is known to its last digit
  double rest_V = 0.0;        ///< last voltage of the rest that follows; NaN: none
  double rest_drift_V = 0.0;  ///< change over the second half of that rest

  [[nodiscard]] double total() const { return charge_Ah.empty() ? 0.0 : charge_Ah.back(); }

  /// Energy over charge; 0 for an empty one.
  [[nodiscard]] double mean_voltage() const { return total() > 0.0 ? energy_Wh / total() : 0.0; }

  /// Voltage when `charge` A h have passed, straight between rows; the charge must lie inside.
  [[nodiscard]] double voltage_at(double charge_Ah) const;
};

enum class CycleStatus {
  complete,
  half,  ///< no charge or no discharge
  gap,   ///< rows are missing: charge was lost
};

[[nodiscard]] std::string_view name(CycleStatus status) noexcept;

struct Cycle {
  int number = 0;
  CycleStatus status = CycleStatus::complete;
  std::optional<HalfCycle> charge;
  std::optional<HalfCycle> discharge;
  bool charged_first = false;  ///< the charge came before the discharge, so that both meet at the charged end
  double dose = 0.0;           ///< of this cycle, both halves and rests

  /// Discharge over charge; nothing for half cycles.
  std::optional<double> efficiency;
  std::optional<Estimate> polarisation_V;        ///< at `fraction` of the discharge; charged_first only
  std::optional<Estimate> polarisation_fixed_V;  ///< at `fixed_charge_Ah`
};

struct CycleTable {
  std::vector<Cycle> cycles;
  CycleRule rule = CycleRule::counter;  ///< the one used
  double current_step_A = 0.0;          ///< resolution of the current column
  double voltage_step_V = 0.0;

  /// The first and last complete cycle, nullptr when there is none.
  [[nodiscard]] const Cycle* first() const;
  [[nodiscard]] const Cycle* last() const;
  /// By number, complete ones only; nullptr when absent.
  [[nodiscard]] const Cycle* find(int number) const;
};

/// Charge by the trapezium rule over rows of one step; gaps are left out. Throws Error{refused} when no current flows.
[[nodiscard]] CycleTable analyse_cycles(const CyclerData& data, const CycleOptions& options);

}  // namespace hotstage::echem
