// SPDX-License-Identifier: GPL-3.0-or-later
// Runs whose answer is known beforehand, and what each driver of oxygen loss allows.

#pragma once

#include "hotstage/meso/ensemble.hpp"

#include <vector>

namespace hotstage::meso {

struct ControlOptions {
  FieldOptions field;
  std::size_t seeds = 8;
};

struct Controls {
  /// Largest difference of the transformed share between a run with dose 0 and a pristine one, same seed and x.
  double no_seeds_difference = 0.0;
  /// Metal by 650 °C in all voids with 2.33 eV on every face, nucleus at its typical time (threshold 1).
  double cobalt_typical_nm3 = 0.0;
  /// Share of voids whose random nucleus comes before 650 °C with that barrier.
  double cobalt_share = 0.0;
  /// First apparent crossing without any crossing (A) minus that of an open wall (C), nucleation off, mean over seeds.
  double wall_minus_open_K = 0.0;
};

[[nodiscard]] Controls run_controls(const Parameters& parameters, const AgedCell& cell, const ControlOptions& options,
                                    Run& run);

/// One driver at one Li content.
struct DriverRun {
  Driver driver = Driver::carbon;
  LiFate li_fate = LiFate::kept;
  double x = 1.0;
  double allowed_above_degC = 0.0;  ///< of the layered → spinel step
  double extent = 0.0;              ///< largest share of Co the driver lets transform
  double gain_at_520 = 0.0;         ///< share transformed since the start, mean over the field
  double gain_at_650 = 0.0;
  double gas_share = 0.0;  ///< O that left as gas by 650 °C over all O
  double porosity = 0.0;   ///< 1 − volume of the solids over that of the fresh foil, at 650 °C, voids aside
};

/// Every driver at x = 1 and at the cell's x, Li kept; carbon also with Li lost. All start from damage cores, so that
/// none waits for a nucleus.
[[nodiscard]] std::vector<DriverRun> run_drivers(const Parameters& parameters, const AgedCell& cell,
                                                 const ControlOptions& options, Run& run);

}  // namespace hotstage::meso
