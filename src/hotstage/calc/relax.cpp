// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/calc/relax.hpp"

#include "hotstage/core/error.hpp"

#include <fmt/format.h>

namespace hotstage::calc {

namespace {

/// Forces as the minimiser sees them: none on atoms held fixed.
std::vector<double> free_forces(const atoms::Structure& s, const Evaluation& evaluation) {
  std::vector<double> out(3 * s.size(), 0.0);
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s.fixed.empty() || s.fixed[i] == 0) {
      for (std::size_t k = 0; k < 3; ++k) {
        out[3 * i + k] = evaluation.forces_eV_A[i][k];
      }
    }
  }
  return out;
}

std::vector<double> flat(const std::vector<atoms::Vector>& places) {
  std::vector<double> out;
  out.reserve(3 * places.size());
  for (const atoms::Vector& p : places) {
    out.insert(out.end(), p.begin(), p.end());
  }
  return out;
}

}  // namespace

Relaxed relax(const atoms::Structure& start, Calculator& calculator, const RelaxOptions& options, Run& run) {
  Relaxed out{.structure = start, .evaluation = calculator.evaluate(start, run), .converged = false, .trace = {}};
  const auto optimiser = make_optimiser(options.method, options.step_cap_A);
  for (int n = 0;; ++n) {
    const double force = largest_force(out.structure, out.evaluation.forces_eV_A);
    out.trace.push_back({out.evaluation.energy_eV, force});
    run.info(fmt::format("step {}: {:.6f} eV, largest force {:.4f} eV/Å", n, out.evaluation.energy_eV, force));
    out.converged = force <= options.force_eV_A;
    if (out.converged || n == options.steps) {
      return out;
    }
    run.check_stop();
    const std::vector<double> move =
        optimiser->step(flat(out.structure.positions_A), free_forces(out.structure, out.evaluation));
    for (std::size_t i = 0; i < move.size(); ++i) {
      out.structure.positions_A[i / 3][i % 3] += move[i];
    }
    out.evaluation = calculator.evaluate(out.structure, run);
  }
}

}  // namespace hotstage::calc
