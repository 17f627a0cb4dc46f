// SPDX-License-Identifier: GPL-3.0-or-later
// Ionic pair potential: Coulomb energy of formal charges (Ewald) and Buckingham terms, rigid ions.

#pragma once

#include "hotstage/calc/calculator.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::calc {

struct ElementCharge {
  atoms::Element element;
  double charge_e = 0.0;
};

/// E(r) = A·exp(−r/ρ) − C/r⁶ between two elements, in either order.
struct BuckinghamTerm {
  atoms::Element a;
  atoms::Element b;
  double amplitude_eV = 0.0;
  double rho_A = 0.3;
  double dispersion_eV_A6 = 0.0;
};

struct PairPotential {
  std::string name;
  std::vector<ElementCharge> charges;
  std::vector<BuckinghamTerm> terms;
  double cutoff_A = 12.0;     ///< of the short-range terms, which are shifted to be zero there
  double accuracy = 1e-10;    ///< of the Ewald sums, relative
  std::string source_sha256;  ///< of the file it was read from
};

/// Reads data/pair_potentials/<name>.toml. Throws Error{bad_input} with the place of what does not fit.
[[nodiscard]] PairPotential read_pair_potential(std::string_view name);

/// A net charge (a vacancy of one ion) is neutralised by a uniform background. Evaluating throws Error{refused} for an
/// element without charge and for ions so close that dispersion wins over repulsion, where the form has no meaning.
[[nodiscard]] std::unique_ptr<Calculator> make_pair_calculator(const PairPotential& potential);

}  // namespace hotstage::calc
