// SPDX-License-Identifier: GPL-3.0-or-later
// Moves atoms in a fixed cell until the forces are small.

#pragma once

#include "hotstage/calc/calculator.hpp"
#include "hotstage/calc/optimiser.hpp"

#include <vector>

namespace hotstage::calc {

struct RelaxOptions {
  Method method = Method::lbfgs;
  double force_eV_A = 0.02;  ///< done when no free atom feels more
  int steps = 200;           ///< most geometries after the first
  double step_cap_A = 0.1;

  template <class V>
  void fields(V& v) {
    v("method", method, {.help = "minimiser"});
    v("force_eV_A", force_eV_A, {.help = "largest force left on a free atom, eV/angstrom", .min = 1e-6});
    v("steps", steps, {.help = "most steps", .min = 0});
    v("step_cap_A", step_cap_A, {.help = "no atom moves more in one step, angstrom", .min = 1e-4, .max = 1.0});
  }
};

struct RelaxStep {
  double energy_eV = 0.0;
  double force_eV_A = 0.0;  ///< largest
};

struct Relaxed {
  atoms::Structure structure;
  Evaluation evaluation;
  bool converged = false;        ///< false: steps ran out; the structure is the last one
  std::vector<RelaxStep> trace;  ///< one entry per energy call
};

[[nodiscard]] Relaxed relax(const atoms::Structure& start, Calculator& calculator, const RelaxOptions& options,
                            Run& run);

}  // namespace hotstage::calc
