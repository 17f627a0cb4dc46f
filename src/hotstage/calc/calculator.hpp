// SPDX-License-Identifier: GPL-3.0-or-later
// Energy and forces of atoms in a cell, whoever computes them: our pair potential or an engine in another process.

#pragma once

#include "hotstage/atoms/structure.hpp"
#include "hotstage/calc/settings.hpp"
#include "hotstage/core/run.hpp"

#include <optional>
#include <vector>

namespace hotstage::calc {

/// Energy per cell, forces per atom, stress (dE/dε)/V, positive under tension of the atoms pulling inwards.
struct Evaluation {
  double energy_eV = 0.0;
  std::vector<atoms::Vector> forces_eV_A;
  std::optional<atoms::Cell> stress_eV_A3;
};

/// One system on one engine. Calls may reuse what the last call left (wave functions), so give each image of a band its
/// own calculator. Not thread-safe.
class Calculator {
 public:
  Calculator() = default;
  Calculator(const Calculator&) = delete;
  Calculator& operator=(const Calculator&) = delete;
  virtual ~Calculator() = default;

  /// Throws Error{refused} where the method has no meaning, Error{engine_failed} when the engine gives up.
  [[nodiscard]] virtual Evaluation evaluate(const atoms::Structure& structure, Run& run) = 0;

  [[nodiscard]] virtual const Settings& settings() const = 0;
};

/// Largest length of a force on one atom, atoms held fixed left out. eV/Å.
[[nodiscard]] double largest_force(const atoms::Structure& structure, const std::vector<atoms::Vector>& forces_eV_A);

}  // namespace hotstage::calc
