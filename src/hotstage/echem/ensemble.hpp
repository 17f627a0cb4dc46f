// SPDX-License-Identifier: GPL-3.0-or-later
// What one retention says and does not say: cells drawn from the priors, each fitted to the same fade.

#pragma once

#include "hotstage/echem/priors.hpp"

#include <vector>

namespace hotstage::echem {

struct EnsembleOptions {
  CellBuild build;
  Protocol protocol{.stride = 10};
  double retention = 0.5;
  int draws = 50;
  std::uint64_t seed = 1;
};

/// One cell of the ensemble. Voltages as in CycleState, cycle 2 and last.
struct FadeDraw {
  std::vector<double> values;  ///< of the priors
  bool reached = false;        ///< some loss of material leads to the retention; the rest is zero otherwise
  double loss = 0.0;
  double capacity_first_mAh_per_g = 0.0;  ///< of the weighed mass
  double lam = 0.0;
  double film_growth = 1.0;
  double polarisation_first_V = 0.0;
  double polarisation_last_V = 0.0;
  double growth_without_film_V = 0.0;  ///< growth when the same retention is fitted with a film that does not grow
  double x_discharged = 0.0;
  double x_charged = 0.0;
  double dose = 0.0;

  [[nodiscard]] double growth() const { return polarisation_last_V - polarisation_first_V; }
};

/// Draw i uses draw_priors(seed, i): the same for any thread count.
[[nodiscard]] std::vector<FadeDraw> draw_fades(const EnsembleOptions& options, const Run& run);

/// Spearman's rank correlation; 0 below three pairs.
[[nodiscard]] double rank_correlation(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace hotstage::echem
