// SPDX-License-Identifier: GPL-3.0-or-later
// Hops of cobalt in layered oxides: into the lithium layer (path I) and into the place another cobalt has left (path
// II).

#pragma once

#include "hotstage/atoms/cell.hpp"
#include "hotstage/atoms/structure.hpp"
#include "hotstage/core/fields.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace hotstage::atoms {

/// A hole between four oxygen atoms that shares a face with the octahedron of `cation`.
struct TetrahedralSite {
  Vector place_A{};                      ///< equally far from its four oxygen atoms, in the image next to the cation
  std::array<std::size_t, 3> face{};     ///< oxygen atoms shared with the octahedron
  std::size_t apex = 0;                  ///< the fourth oxygen
  std::vector<std::size_t> close_metal;  ///< cobalt closer than 2.2 Å, the cation among them
};

/// Tetrahedral holes around one cation, nearest first. Eight faces of an octahedron give up to eight.
[[nodiscard]] std::vector<TetrahedralSite> tetrahedral_sites(const Structure& structure, std::size_t cation);

enum class Landing {
  tetrahedral,  ///< in the Li layer, above the Co: shares a face with the octahedron it leaves
  octahedral,   ///< a Li site that shares an edge with it; reached through the tetrahedral site
};

enum class OxygenVacancy { none, crossed_face };

constexpr auto enum_names(Landing /*tag*/) {
  return std::array{EnumName<Landing>{Landing::tetrahedral, "tetrahedral"},
                    EnumName<Landing>{Landing::octahedral, "octahedral"}};
}

constexpr auto enum_names(OxygenVacancy /*tag*/) {
  return std::array{EnumName<OxygenVacancy>{OxygenVacancy::none, "none"},
                    EnumName<OxygenVacancy>{OxygenVacancy::crossed_face, "crossed_face"}};
}

struct LayerHopOptions {
  Landing landing = Landing::octahedral;
  OxygenVacancy oxygen = OxygenVacancy::none;
  /// Li taken away around the landing place, nearest first; at least the one that sits on it. Nothing: 1 for the
  /// octahedral, 3 for the tetrahedral place (three Li share its faces, 1.7 Å away).
  std::optional<std::size_t> lithium_vacancies;
  std::optional<std::size_t> cobalt;  ///< atom that moves; nothing: the Co nearest to the middle of the cell
};

/// Structures at both ends with the same atoms in the same order.
struct Hop {
  Structure start;
  std::vector<Structure> stops;  ///< places to pass, for the first guess of the path; may be empty
  Structure end;
  std::size_t mover = 0;  ///< in `start`
  double length_A = 0.0;  ///< straight from start to end
  std::string text;       ///< "Co 12 to the octahedral Li site, O vacancy in the crossed face, 1 Li removed"
};

/// Path I. The host is a filled or partly emptied layered LixCoO2 supercell with symmetry as built (before relaxation).
/// Throws Error{refused} when there is no such hole or Li site around the cobalt.
[[nodiscard]] Hop hop_into_lithium_layer(const Structure& host, const LayerHopOptions& options = {});

enum class Follow {
  in_layer,      ///< the neighbour in the same CoO2 layer, 2.82 Å; "below" when the (100) face is up
  across_layer,  ///< the nearest one of the next CoO2 layer, 4.96 Å; "below" when the layers lie flat
};

struct FollowOptions {
  Follow follow = Follow::in_layer;
  LayerHopOptions first;  ///< where the first cobalt has gone
};

/// Path II: the first cobalt has moved as in path I; another one moves into the place it left. The publication
/// (doi:10.1039/d3na00201b) draws this path without coordinates, so both readings are offered.
[[nodiscard]] Hop hop_after(const Structure& host, const FollowOptions& options = {});

}  // namespace hotstage::atoms
