// SPDX-License-Identifier: GPL-3.0-or-later
// Slabs of any (hkl): planes grouped with a tolerance, cut between planes only, each face checked by its coordination.

#pragma once

#include "hotstage/atoms/cell.hpp"
#include "hotstage/atoms/structure.hpp"
#include "hotstage/core/fields.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace hotstage::atoms {

enum class Polar { refuse, allow };

constexpr auto enum_names(Polar /*tag*/) {
  return std::array{EnumName<Polar>{Polar::refuse, "refuse"}, EnumName<Polar>{Polar::allow, "allow"}};
}

struct SlabOptions {
  IntVector miller{1, 0, 4};       ///< in the cell of the bulk structure that is given, so use the conventional one
  double min_thickness_A = 12.0;   ///< the slab has the fewest whole periods that reach it
  double vacuum_A = 12.0;          ///< along the normal, half on either side
  double plane_tolerance_A = 0.3;  ///< atoms this close along the normal belong to one plane and are never cut apart
  Polar polar = Polar::refuse;
};

/// Atoms of one element with one coordination on one face.
struct FaceSite {
  Element element;
  int neighbours = 0;
  int neighbours_in_bulk = 0;
  std::size_t count = 0;  ///< per surface cell
};

struct Face {
  std::string plane;            ///< formula of the outermost plane, "LiCoO2"
  std::vector<FaceSite> sites;  ///< atoms that lost neighbours
  int cut_bonds = 0;            ///< nearest-neighbour bonds lost, per surface cell
};

struct Slab {
  Structure structure;  ///< a and b in the face, c along the normal; periodic in all three directions
  IntVector miller{};
  double area_A2 = 0.0;      ///< of one face
  double period_A = 0.0;     ///< spacing of lattice planes
  double thickness_A = 0.0;  ///< between the outermost atoms
  int periods = 0;
  int planes = 0;         ///< per period
  std::size_t units = 0;  ///< formula units
  Face top;
  Face bottom;
  double dipole_e_per_A =
      0.0;                 ///< dipole per area and period, formal charges, e/Å; 0: not polar (Tasker types I and II)
  bool symmetric = false;  ///< some operation of the slab exchanges its faces
};

/// Every cut of a stoichiometric slab, best first: not polar, symmetric, fewest cut bonds. Throws Error{bad_input} for
/// (000) and options out of range.
[[nodiscard]] std::vector<Slab> slabs(const Structure& bulk, const SlabOptions& options = {});

/// The best of `slabs`. Throws Error{refused} when every cut is polar and that was not allowed.
[[nodiscard]] Slab slab(const Structure& bulk, const SlabOptions& options = {});

/// "Co 5 of 6 (1), O 5 of 6 (1)": the sites of a face.
[[nodiscard]] std::string text(const Face& face);

}  // namespace hotstage::atoms
