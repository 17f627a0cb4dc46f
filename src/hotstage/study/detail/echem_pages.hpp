// SPDX-License-Identifier: GPL-3.0-or-later
// What electrochemical steps share: how an electrode is described, tables of cycles and repairs, figures of the cell.

#pragma once

#include "hotstage/core/constants.hpp"
#include "hotstage/echem/cell_state.hpp"
#include "hotstage/echem/cycles.hpp"
#include "hotstage/echem/priors.hpp"
#include "hotstage/study/step.hpp"

#include <vector>

namespace hotstage::study::detail {

using Mass = Quantity<Dimension{.nm = -2, .s = 2, .eV = 1}>;
using SpecificCurrent = Quantity<Dimension{.nm = 2, .s = -3, .eV = -1, .e = 1}>;

inline constexpr Mass milligram{1e-3 * constants::gram};
inline constexpr SpecificCurrent milliampere_per_gram{1e-3 / constants::elementary_charge_C / constants::gram};

/// The electrode as it was weighed and mixed, and what 1 C means.
struct ElectrodeOptions {
  Mass electrode_mass = 5.0 * milligram;
  double active_fraction = 0.8;
  SpecificCurrent rate_reference = 178.0 * milliampere_per_gram;

  template <class V>
  void fields(V& v) {
    v("electrode_mass", electrode_mass, {.help = "mass of the coating, foil taken off", .unit = "mg", .min = 1e-3});
    v("active_fraction", active_fraction, {.help = "LiCoO2 in the coating, by mass", .min = 1e-3, .max = 1.0});
    v("rate_reference", rate_reference, {.help = "current that is called 1 C", .unit = "mA/g", .min = 1e-3});
  }

  [[nodiscard]] double active_g() const;
  [[nodiscard]] double one_c() const;
};

/// One row per cycle, charges per gram of active material.
[[nodiscard]] io::Table cycle_table(const echem::CycleTable& table, double active_g);

/// One row per repair.
[[nodiscard]] io::Table repair_table(const echem::CyclerData& data);

/// Capacity and efficiency against cycle, profiles of selected cycles, polarisation.
[[nodiscard]] std::vector<report::Figure> cycle_figures(const echem::CycleTable& table, double active_g);

/// The open-circuit curve, published and fitted part.
[[nodiscard]] report::Figure curve_figure();

/// One assumption that lists every prior with spread and source.
[[nodiscard]] std::vector<Assumption> prior_assumptions();

/// What the reader had to do, the resolution of the current, the tester's own counter against the integral.
void check_file(const echem::CyclerData& data, const echem::CycleTable& table, StepOutput& out);

/// What specific numbers need besides the state.
struct CellScale {
  double active_g = 0.0;
  double mass_relative_sigma = 0.0;
  double polarisation_fraction = 0.5;
  double fixed_charge_mAh_per_g = 0.0;
};

/// Results and checks of a state: retention, capacities, efficiency, polarisation, lithium, lost material, dose.
void add_cell_results(const echem::CellState& state, const CellScale& scale, StepOutput& out);

/// Schema hotstage.cell/1.
[[nodiscard]] Value cell_record(const echem::CellState& state, double dose_log_sigma);

}  // namespace hotstage::study::detail
