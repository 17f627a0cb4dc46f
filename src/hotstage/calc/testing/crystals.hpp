// SPDX-License-Identifier: GPL-3.0-or-later
// Small structures the tests of this module share.

#pragma once

#include "hotstage/atoms/cell.hpp"
#include "hotstage/atoms/structure.hpp"

#include <cmath>
#include <string_view>

namespace hotstage::calc::testing {

inline void add(atoms::Structure& s, std::string_view symbol, const atoms::Vector& fraction) {
  s.elements.push_back(atoms::element(symbol));
  s.positions_A.push_back(atoms::combine(fraction, s.cell_A));
}

/// Primitive cell of O3-LiCoO2: Co, Li, O, O.
inline atoms::Structure lithium_cobaltate(double a_A = 2.816, double c_A = 14.05, double z = 0.2605) {
  atoms::Structure s;
  const double h = a_A / (2.0 * std::sqrt(3.0));
  s.cell_A = {{{a_A / 2.0, h, c_A / 3.0}, {-a_A / 2.0, h, c_A / 3.0}, {0.0, -2.0 * h, c_A / 3.0}}};
  add(s, "Co", {0, 0, 0});
  add(s, "Li", {.5, .5, .5});
  add(s, "O", {z, z, z});
  add(s, "O", {1 - z, 1 - z, 1 - z});
  return s;
}

}  // namespace hotstage::calc::testing
