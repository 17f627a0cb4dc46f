// SPDX-License-Identifier: GPL-3.0-or-later
// Changes to structures as new structures: atoms added, removed, sorted, wrapped; supercells; formulas.

#pragma once

#include "hotstage/atoms/cell.hpp"
#include "hotstage/atoms/structure.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace hotstage::atoms {

/// Throws Error{bad_input} when the lists of a structure differ in length or hold numbers that are not finite.
void require_consistent(const Structure& structure);

/// Elements and how many atoms, in the order of their first atom.
[[nodiscard]] std::vector<std::pair<Element, std::size_t>> composition(const Structure& structure);

/// "Li12Co12O24".
[[nodiscard]] std::string formula(const Structure& structure);

/// "LiCoO2": counts divided by their greatest common divisor.
[[nodiscard]] std::string reduced_formula(const Structure& structure);

/// How many reduced formulas the structure holds; 0 for no atoms.
[[nodiscard]] std::size_t formula_units(const Structure& structure);

/// Fractional coordinates in the structure's cell, one per atom, not wrapped.
[[nodiscard]] std::vector<Vector> fractional_positions(const Structure& structure);

/// Atoms `which` in that order. Throws Error{bad_input} for numbers that are not there.
[[nodiscard]] Structure take(const Structure& structure, std::span<const std::size_t> which);

/// All atoms but `which`.
[[nodiscard]] Structure without(const Structure& structure, std::span<const std::size_t> which);

/// Atoms grouped by element in the order of the first atom of each; the order within an element stays.
[[nodiscard]] Structure grouped_by_element(const Structure& structure);

/// Every atom in the cell along the periodic directions: fractions in [-edge, 1 - edge).
[[nodiscard]] Structure wrapped(const Structure& structure, double edge = 1e-7);

/// `count` copies along each lattice vector, element groups kept together. Throws Error{bad_input} for counts < 1.
[[nodiscard]] Structure repeated(const Structure& structure, const IntVector& count);

/// The structure in the cell `rows`·cell (determinant ≥ 1 in size; a negative one gives a left-handed cell).
/// Throws Error{bad_input} for a flat matrix.
[[nodiscard]] Structure supercell(const Structure& structure, const IntCell& rows);

/// The structure in a smaller `cell` whose lattice contains the old one: one atom of each set that falls together.
[[nodiscard]] Structure folded(const Structure& structure, const Cell& cell, double tolerance_A = 0.01);

/// The smallest cell with the same atoms, elements and moments, orientation kept, Minkowski reduced. Needs a structure
/// periodic in all directions. Places may differ by `tolerance_A`.
[[nodiscard]] Structure primitive(const Structure& structure, double tolerance_A = 0.01);

}  // namespace hotstage::atoms
