// SPDX-License-Identifier: GPL-3.0-or-later
// What the steps about structures share: which crystal they start from, tables of atoms, drawings along two directions.

#pragma once

#include "hotstage/atoms/crystal.hpp"
#include "hotstage/atoms/edit.hpp"
#include "hotstage/atoms/format.hpp"
#include "hotstage/study/step.hpp"

#include <array>
#include <optional>
#include <span>
#include <string>

namespace hotstage::study::detail {

/// The crystal when no file is given.
struct CrystalOptions {
  std::string phase = "LiCoO2";
  atoms::CellKind cell = atoms::CellKind::conventional;
  std::optional<Length> a;
  std::optional<Length> c;
  std::optional<double> z;

  template <class V>
  void fields(V& v) {
    v("phase", phase, {.help = "phase of data/structures, when no structure is given"});
    v("cell", cell, {.help = "cell of that phase"});
    v("a", a, {.help = "lattice constant; the measured one when unset", .unit = "angstrom", .min = 1.0, .max = 50.0});
    v("c", c, {.help = "lattice constant c, where it is free", .unit = "angstrom", .min = 1.0, .max = 100.0});
    v("z", z, {.help = "LiCoO2: height of O above Co over c", .min = 0.0, .max = 0.5});
  }
};

/// The bound `structure`, or the phase.
[[nodiscard]] atoms::Structure crystal_of(const StepInputs& inputs, const CrystalOptions& options);

/// "Akimoto …, doi:…" of the phase, or the name of the file.
[[nodiscard]] std::string origin_of(const StepInputs& inputs, const CrystalOptions& options);

/// Number, element, place, Wyckoff letter, the atom it is equivalent to, bonds.
[[nodiscard]] io::Table atom_table(const atoms::Structure& structure);

/// The cell seen along c and along b, atoms as points by element.
[[nodiscard]] report::Figure projection_figure(const atoms::Structure& structure, const std::string& id,
                                               const std::string& title);

/// The same to be turned by hand: balls by element, bonds as sticks, atoms on the faces of the cell repeated.
[[nodiscard]] report::Figure model_figure(const atoms::Structure& structure, const std::string& id,
                                          const std::string& title);

/// The images of a path over each other: where atoms that move go.
[[nodiscard]] report::Figure path_figure(std::span<const atoms::Structure> images, const std::string& title);

[[nodiscard]] RawText extxyz(std::span<const atoms::Structure> images);

/// Shortest distance between two atoms, Å.
[[nodiscard]] double closest_A(const atoms::Structure& structure);

/// A result with evidence "literature": computed from published lattice constants, nothing was measured here.
[[nodiscard]] Result geometric(const std::string& id, double value, const std::string& unit, const std::string& label);

}  // namespace hotstage::study::detail
