// SPDX-License-Identifier: GPL-3.0-or-later
// Images between two structures: atoms matched by least movement, straight lines, and the image-dependent pair
// potential.

#pragma once

#include "hotstage/atoms/structure.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace hotstage::atoms {

/// match[i] is the atom of `end` that atom i of `start` becomes: same element, least sum of squared nearest-image
/// distances (Hungarian method, n³). Throws Error{bad_input} when composition or cell differ.
[[nodiscard]] std::vector<std::size_t> match_atoms(const Structure& start, const Structure& end);

/// `end` with its atoms in the order of `start`.
[[nodiscard]] Structure in_order_of(const Structure& start, const Structure& end);

enum class Order {
  checked,   ///< refuse when another assignment of atoms of one element would move less
  as_given,  ///< atom i stays atom i: for hops in which one atom takes the place another one leaves
};

struct PathOptions {
  std::size_t images = 4;        ///< between the two ends
  std::vector<Structure> stops;  ///< structures the path passes, in order, same atoms as the start
  Order order = Order::checked;
};

/// Where an image of a path lies: on which leg between stops, how far along it.
struct PathPlace {
  std::size_t leg = 0;
  double fraction = 0.0;
};

struct StraightPath {
  std::vector<Structure> corners;  ///< start, stops, end; each in the images nearest to the one before
  std::vector<Structure> images;   ///< both ends included
  std::vector<PathPlace> places;   ///< per image
};

[[nodiscard]] StraightPath straight_path(const Structure& start, const Structure& end, const PathOptions& options = {});

/// The images of `straight_path`: both ends included, on straight lines by nearest images; evenly spaced over the whole
/// length when there are stops. Throws Error{bad_input} for cells or elements that differ or atoms in another order.
[[nodiscard]] std::vector<Structure> linear_path(const Structure& start, const Structure& end,
                                                 const PathOptions& options = {});

struct IdppOptions {
  double reach_A = 6.0;    ///< pairs (every image of each) closer than this at an end of the leg take part
  double force_A3 = 1e-3;  ///< done when no component of the force is larger, Å⁻³
  std::size_t max_steps = 2000;
};

struct IdppPath {
  std::vector<Structure> images;         ///< both ends included
  std::vector<double> objective_linear;  ///< S of the straight path, Å⁻², per image
  std::vector<double> objective;         ///< S after
  std::size_t steps = 0;
  bool converged = true;
};

/// The straight path with its inner images moved so that their pair distances come near to those interpolated between
/// the ends of their leg: S = Σ (d − d⁰)²/d⁴ over pairs goes down across the path while springs keep the images evenly
/// spaced along it (Smidstrup et al. 2014, doi:10.1063/1.4878664; relaxed by FIRE). One thing differs from there: every
/// periodic image of a pair within reach counts, not the nearest alone, which has kinks where an atom sits half a cell
/// away. Fixed atoms stay. An isolated molecule can turn as a whole and does not settle: hold three of its atoms.
[[nodiscard]] IdppPath idpp_path(const Structure& start, const Structure& end, const PathOptions& options = {},
                                 const IdppOptions& idpp = {});

/// Length of a path up to each image: the norm over all atoms of the nearest-image steps, Å.
[[nodiscard]] std::vector<double> path_length_A(std::span<const Structure> images);

}  // namespace hotstage::atoms
