// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/hop.hpp"

#include "hotstage/atoms/edit.hpp"
#include "hotstage/atoms/neighbours.hpp"
#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::atoms {

namespace {

/// Co–O bonds of the octahedron (1.92 Å) and O–O edges (2.6 to 2.9 Å, 3.2 Å across an empty Li layer); next shells
/// begin at 3.4 Å (Co–O) and 3.7 Å (O–O).
constexpr double metal_oxygen_A = 2.5;
constexpr double oxygen_edge_A = 3.4;
/// A cobalt this close shares a face with the hole: 1.7 to 1.9 Å; next ones are beyond 2.9 Å.
constexpr double face_sharing_A = 2.2;

struct Ligand {
  std::size_t atom = 0;
  Vector place_A{};  ///< in the image next to the centre
};

/// Every image of the atoms of an element within a distance, nearest first.
std::vector<Ligand> atoms_near(const Structure& s, const Vector& centre, std::string_view symbol, double within_A) {
  const Lattice lattice(s.cell_A);
  IntVector reach{};
  for (std::size_t k = 0; k < 3; ++k) {
    // Nearest images lie at most half a cell off, so one more than the distance holds.
    reach[k] = s.periodic[k] ? int(std::ceil(within_A * norm(lattice.reciprocal()[k]))) + 1 : 0;
  }
  std::vector<Ligand> out;
  for (std::size_t atom = 0; atom < s.size(); ++atom) {
    if (s.elements[atom].symbol != symbol) {
      continue;
    }
    const Vector nearest = lattice.nearest_image(subtract(s.positions_A[atom], centre), s.periodic);
    for (int i = -reach[0]; i <= reach[0]; ++i) {
      for (int j = -reach[1]; j <= reach[1]; ++j) {
        for (int k = -reach[2]; k <= reach[2]; ++k) {
          const Vector step = add(nearest, combine({double(i), double(j), double(k)}, s.cell_A));
          if (norm(step) < within_A) {
            out.push_back({atom, add(centre, step)});
          }
        }
      }
    }
  }
  std::ranges::stable_sort(out, {}, [&](const Ligand& l) { return norm(subtract(l.place_A, centre)); });
  return out;
}

double apart(const Ligand& a, const Ligand& b) {
  return norm(subtract(a.place_A, b.place_A));
}

/// The place equally far from four others: three planes halfway between them (Cramer's rule). Nothing when they lie in
/// one plane.
std::optional<Vector> circumcentre(const std::array<Vector, 4>& p) {
  Cell rows{};
  Vector right{};
  for (std::size_t k = 0; k < 3; ++k) {
    rows[k] = subtract(p[k + 1], p[0]);
    right[k] = 0.5 * dot(rows[k], rows[k]);
  }
  constexpr double flattest_A3 = 0.1;
  const double volume = volume_A3(rows);
  if (std::abs(volume) < flattest_A3) {
    return std::nullopt;
  }
  Vector out = scale(cross(rows[1], rows[2]), right[0]);
  out = add(out, scale(cross(rows[2], rows[0]), right[1]));
  out = add(out, scale(cross(rows[0], rows[1]), right[2]));
  return add(p[0], scale(out, 1.0 / volume));
}

/// The oxygen atom that closes a tetrahedron over a face, on the side away from the octahedron.
std::optional<Ligand> apex_over(const std::vector<Ligand>& around, const std::array<Ligand, 3>& face,
                                const Vector& centre) {
  const Vector middle = scale(add(face[0].place_A, add(face[1].place_A, face[2].place_A)), 1.0 / 3.0);
  const Vector outward = subtract(middle, centre);
  for (const Ligand& o : around) {
    const bool in_face = std::ranges::any_of(face, [&](const Ligand& f) { return apart(f, o) < 0.1; });
    const bool beyond = dot(subtract(o.place_A, middle), outward) > 0.5 * dot(outward, outward);
    if (!in_face && beyond && std::ranges::all_of(face, [&](const Ligand& f) { return apart(f, o) < oxygen_edge_A; })) {
      return o;
    }
  }
  return std::nullopt;
}

std::size_t central(const Structure& s, std::string_view symbol) {
  const Lattice lattice(s.cell_A);
  const Vector middle = lattice.cartesian({0.5, 0.5, 0.5});
  std::size_t best = s.size();
  double nearest = 1e300;
  constexpr double tie_A = 1e-6;
  for (std::size_t i = 0; i < s.size(); ++i) {
    const double d = norm(lattice.nearest_image(subtract(s.positions_A[i], middle), s.periodic));
    if (s.elements[i].symbol == symbol && d < nearest - tie_A) {
      nearest = d;
      best = i;
    }
  }
  if (best == s.size()) {
    throw Error(Errc::refused, fmt::format("{} holds no {} that could move", formula(s), symbol));
  }
  return best;
}

/// Number of an atom after others were removed.
std::size_t renumbered(std::size_t atom, const std::vector<std::size_t>& removed) {
  return atom - std::size_t(std::ranges::count_if(removed, [&](std::size_t r) { return r < atom; }));
}

/// The hole of the Li layer: the only cobalt next to it is the one that moves.
TetrahedralSite hole_in_lithium_layer(const Structure& host, std::size_t cobalt) {
  for (const TetrahedralSite& site : tetrahedral_sites(host, cobalt)) {
    if (site.close_metal.size() == 1) {
      return site;
    }
  }
  throw Error(Errc::refused,
              fmt::format("Co {} of {} has no tetrahedral hole in a Li layer next to it", cobalt, formula(host)),
              "Start from a layered structure as built, before relaxation");
}

struct Plan {
  std::size_t cobalt = 0;
  TetrahedralSite hole;
  Vector landing_A{};
  std::vector<std::size_t> removed;
  std::string text;
};

Plan plan_hop(const Structure& host, const LayerHopOptions& o) {
  Plan out;
  out.cobalt = o.cobalt.value_or(central(host, "Co"));
  if (out.cobalt >= host.size() || host.elements[out.cobalt].symbol != "Co") {
    throw Error(Errc::bad_input, fmt::format("atom {} of {} is no cobalt", out.cobalt, formula(host)));
  }
  out.hole = hole_in_lithium_layer(host, out.cobalt);
  const bool octahedral = o.landing == Landing::octahedral;
  // The three Li that share faces with the hole; the first of them is the octahedral landing place.
  const std::vector<Ligand> lithium = atoms_near(host, out.hole.place_A, "Li", face_sharing_A);
  if (octahedral && lithium.empty()) {
    throw Error(Errc::refused, fmt::format("no Li site next to the hole above Co {}", out.cobalt),
                "Give a host whose Li sites around this cobalt are filled; the hop empties the ones it needs");
  }
  out.landing_A = octahedral ? lithium.front().place_A : out.hole.place_A;
  const std::size_t wanted = o.lithium_vacancies.value_or(octahedral ? 1 : std::min<std::size_t>(3, lithium.size()));
  if (wanted > lithium.size() || (octahedral && wanted < 1)) {
    throw Error(Errc::refused,
                fmt::format("{} Li cannot be removed around the landing place: {} are there", wanted, lithium.size()),
                octahedral ? "The octahedral landing place itself must be emptied" : "");
  }
  for (std::size_t i = 0; i < wanted; ++i) {
    out.removed.push_back(lithium[i].atom);
  }
  if (o.oxygen == OxygenVacancy::crossed_face) {
    // The face oxygen nearest to the landing place loosens both ends of the hop.
    const Lattice lattice(host.cell_A);
    out.removed.push_back(*std::ranges::min_element(out.hole.face, {}, [&](std::size_t i) {
      return norm(lattice.nearest_image(subtract(host.positions_A[i], out.landing_A), host.periodic));
    }));
  }
  out.text = fmt::format("Co {} to the {} place in the Li layer, {} Li removed{}", out.cobalt,
                         octahedral ? "octahedral" : "tetrahedral", wanted,
                         o.oxygen == OxygenVacancy::none ? "" : ", O vacancy in the crossed face");
  return out;
}

}  // namespace

std::vector<TetrahedralSite> tetrahedral_sites(const Structure& s, std::size_t cation) {
  const Vector centre = s.positions_A.at(cation);
  const std::vector<Ligand> shell = atoms_near(s, centre, "O", metal_oxygen_A);
  const std::vector<Ligand> around = atoms_near(s, centre, "O", metal_oxygen_A + oxygen_edge_A);
  std::vector<TetrahedralSite> out;
  for (std::size_t i = 0; i < shell.size(); ++i) {
    for (std::size_t j = i + 1; j < shell.size(); ++j) {
      for (std::size_t k = j + 1; k < shell.size(); ++k) {
        const std::array face{shell[i], shell[j], shell[k]};
        const bool edges = apart(face[0], face[1]) < oxygen_edge_A && apart(face[1], face[2]) < oxygen_edge_A &&
                           apart(face[0], face[2]) < oxygen_edge_A;
        const auto apex = edges ? apex_over(around, face, centre) : std::nullopt;
        const auto place =
            apex ? circumcentre({face[0].place_A, face[1].place_A, face[2].place_A, apex->place_A}) : std::nullopt;
        if (place) {
          TetrahedralSite site{*place, {face[0].atom, face[1].atom, face[2].atom}, apex->atom, {}};
          for (const Ligand& metal : atoms_near(s, *place, "Co", face_sharing_A)) {
            site.close_metal.push_back(metal.atom);
          }
          out.push_back(std::move(site));
        }
      }
    }
  }
  // Equal distances by height, so that the same hole comes first on every machine.
  std::ranges::stable_sort(out, [&](const TetrahedralSite& a, const TetrahedralSite& b) {
    const double difference = norm(subtract(a.place_A, centre)) - norm(subtract(b.place_A, centre));
    constexpr double tie_A = 1e-6;
    return std::abs(difference) > tie_A ? difference < 0.0 : a.place_A[2] > b.place_A[2] + tie_A;
  });
  return out;
}

Hop hop_into_lithium_layer(const Structure& host, const LayerHopOptions& options) {
  const Plan plan = plan_hop(host, options);
  Hop out;
  out.start = without(host, plan.removed);
  out.mover = renumbered(plan.cobalt, plan.removed);
  out.end = out.start;
  out.end.positions_A[out.mover] = plan.landing_A;
  if (options.landing == Landing::octahedral) {
    out.stops = {out.start};
    out.stops.front().positions_A[out.mover] = plan.hole.place_A;
  }
  out.length_A = norm(subtract(plan.landing_A, host.positions_A[plan.cobalt]));
  out.text = plan.text;
  out.start.comment = out.text + ": start";
  out.end.comment = out.text + ": end";
  return out;
}

Hop hop_after(const Structure& host, const FollowOptions& options) {
  const Plan plan = plan_hop(host, options.first);
  const Vector left_A = host.positions_A[plan.cobalt];
  // The hole stands on the layer: it shows the normal, and the side on which the first cobalt now sits.
  const Vector up = subtract(plan.hole.place_A, left_A);
  constexpr double search_A = 6.0;
  const std::vector<Ligand> near = atoms_near(host, left_A, "Co", search_A);
  const bool across = options.follow == Follow::across_layer;
  const auto follower = std::ranges::find_if(near, [&](const Ligand& l) {
    const Vector step = subtract(l.place_A, left_A);
    const double slope = dot(step, up) / std::max(norm(step) * norm(up), 1e-9);
    return l.atom != plan.cobalt && (across ? slope < -0.7 : std::abs(slope) < 0.3);
  });
  if (follower == near.end()) {
    throw Error(Errc::refused,
                fmt::format("no cobalt within {} Å of the place that Co {} left can follow", search_A, plan.cobalt),
                "Use a larger supercell");
  }
  Hop out;
  out.start = without(host, plan.removed);
  out.start.positions_A[renumbered(plan.cobalt, plan.removed)] = plan.landing_A;
  out.mover = renumbered(follower->atom, plan.removed);
  out.end = out.start;
  // The image of the empty place next to the follower.
  out.end.positions_A[out.mover] = add(host.positions_A[follower->atom], subtract(left_A, follower->place_A));
  out.length_A = norm(subtract(left_A, follower->place_A));
  out.text = fmt::format("after {}: Co {} of {} into the place it left", plan.text, follower->atom,
                         across ? "the next layer" : "the same layer");
  out.start.comment = out.text + ": start";
  out.end.comment = out.text + ": end";
  return out;
}

}  // namespace hotstage::atoms
