// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/slab.hpp"

#include "hotstage/atoms/bonding.hpp"
#include "hotstage/atoms/detail/stack.hpp"
#include "hotstage/atoms/edit.hpp"
#include "hotstage/atoms/symmetry.hpp"
#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

namespace hotstage::atoms {

namespace {

/// Below this a dipole is rounding: the polar (001) of LiCoO2 has 0.7 e/Å.
constexpr double no_dipole_e_per_A = 1e-3;

/// What is the same for all cuts of one direction.
struct Setting {
  detail::Stack stack;
  Bonding bonding;
  std::vector<int> bulk_bonds;  ///< per atom of the primitive bulk
  std::vector<double> charges;  ///< per atom of the primitive bulk
  SlabOptions options;
  int periods = 1;
};

void require_sensible(const SlabOptions& o) {
  if (o.miller == IntVector{}) {
    throw Error(Errc::bad_input, "(0 0 0) is no lattice plane", "Give three Miller indices, for example 1 0 4");
  }
  constexpr int largest_index = 12;
  if (std::ranges::any_of(o.miller, [](int h) { return std::abs(h) > largest_index; })) {
    throw Error(Errc::bad_input,
                fmt::format("({} {} {}) has an index beyond {}", o.miller[0], o.miller[1], o.miller[2], largest_index));
  }
  constexpr double thickest_A = 200.0;
  const auto within = [](double x, double low, double high) { return x >= low && x <= high; };
  if (!within(o.min_thickness_A, 0.0, thickest_A) || !within(o.vacuum_A, 0.0, thickest_A) ||
      !within(o.plane_tolerance_A, 0.0, 2.0)) {
    throw Error(Errc::bad_input,
                fmt::format("a slab of {} Å with {} Å of vacuum and planes grouped within {} Å is out of range",
                            o.min_thickness_A, o.vacuum_A, o.plane_tolerance_A),
                "Thickness and vacuum lie between 0 and 200 Å, the plane tolerance between 0 and 2 Å");
  }
}

Setting setting_for(const Structure& bulk, const SlabOptions& options) {
  require_sensible(options);
  detail::Stack stack = detail::stack_along(bulk, options.miller);
  Bonding bonding(stack.bulk);
  std::vector<int> bonds = bond_counts(stack.bulk, bonding);
  std::vector<double> charges = formal_charges(stack.bulk);
  // A period that reaches the thickness but for rounding is enough.
  constexpr double rounding = 1e-6;
  const int periods = std::max(1, int(std::ceil(options.min_thickness_A / stack.period_A - rounding)));
  return {std::move(stack), std::move(bonding), std::move(bonds), std::move(charges), options, periods};
}

/// Dipole of one period when cut here, over area and period: what grows without limit in a polar slab.
double dipole_of(const Setting& setting, double cut) {
  double out = 0.0;
  const detail::Stack& stack = setting.stack;
  for (std::size_t i = 0; i < stack.bulk.size(); ++i) {
    const double t = (dot(stack.bulk.positions_A[i], stack.normal) - cut) / stack.period_A;
    out += setting.charges[i] * (t - std::floor(t)) * stack.period_A;
  }
  return out / stack.area_A2;
}

/// Atoms of the plane that lies on one end: everything within the tolerance of its neighbour in height.
std::string outer_plane(const Structure& s, double tolerance_A, double direction) {
  std::vector<std::size_t> order(s.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = i;
  }
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return -direction * s.positions_A[i][2]; });
  std::vector<std::size_t> plane{order.front()};
  for (std::size_t n = 1; n < order.size(); ++n) {
    if (direction * (s.positions_A[plane.back()][2] - s.positions_A[order[n]][2]) > tolerance_A) {
      break;
    }
    plane.push_back(order[n]);
  }
  std::ranges::sort(plane);
  return formula(take(s, plane));
}

void count_site(Face& face, const FaceSite& site) {
  face.cut_bonds += site.neighbours_in_bulk - site.neighbours;
  for (FaceSite& known : face.sites) {
    if (known.element == site.element && known.neighbours == site.neighbours &&
        known.neighbours_in_bulk == site.neighbours_in_bulk) {
      ++known.count;
      return;
    }
  }
  face.sites.push_back(site);
}

/// Both faces from the bonds that atoms of the upper and lower half have lost.
void inspect_faces(Slab& out, const Setting& setting, const std::vector<std::size_t>& origin) {
  const Structure& s = out.structure;
  const std::vector<int> bonds = bond_counts(s, setting.bonding);
  const double middle = 0.5 * s.cell_A[2][2];
  for (std::size_t i = 0; i < s.size(); ++i) {
    const int whole = setting.bulk_bonds[origin[i]];
    if (bonds[i] < whole) {
      count_site(s.positions_A[i][2] > middle ? out.top : out.bottom, {s.elements[i], bonds[i], whole, 1});
    }
  }
  for (Face* face : {&out.top, &out.bottom}) {
    std::ranges::sort(face->sites, {}, [](const FaceSite& x) { return std::tuple(x.element.number, x.neighbours); });
    face->plane = outer_plane(s, setting.options.plane_tolerance_A, face == &out.top ? 1.0 : -1.0);
  }
}

bool faces_exchange(const Structure& s) {
  const Symmetry symmetry = find_symmetry(s);
  return std::ranges::any_of(symmetry.operations, [](const Operation& op) { return op.rotation[2][2] == -1; });
}

Slab cut_at(const Setting& setting, double height, int planes) {
  const detail::Pile pile = detail::piled(setting.stack, height, setting.periods, setting.options.vacuum_A);
  Slab out;
  out.structure = pile.structure;
  out.miller = setting.options.miller;
  out.area_A2 = setting.stack.area_A2;
  out.period_A = setting.stack.period_A;
  out.thickness_A = pile.structure.cell_A[2][2] - setting.options.vacuum_A;
  out.periods = setting.periods;
  out.planes = planes;
  out.units = formula_units(pile.structure);
  out.dipole_e_per_A = dipole_of(setting, height);
  out.symmetric = faces_exchange(pile.structure);
  inspect_faces(out, setting, pile.origin);
  out.structure.comment =
      fmt::format("{} ({} {} {}) slab", reduced_formula(pile.structure), out.miller[0], out.miller[1], out.miller[2]);
  return out;
}

bool is_polar(const Slab& s) {
  return std::abs(s.dipole_e_per_A) > no_dipole_e_per_A;
}

}  // namespace

std::vector<Slab> slabs(const Structure& bulk, const SlabOptions& options) {
  const Setting setting = setting_for(bulk, options);
  const std::vector<double> cuts = detail::cut_heights(setting.stack, options.plane_tolerance_A);
  std::vector<Slab> out;
  for (const double height : cuts) {
    out.push_back(cut_at(setting, height, int(cuts.size())));
  }
  std::ranges::stable_sort(out, {}, [](const Slab& s) {
    const double dipole = is_polar(s) ? std::abs(s.dipole_e_per_A) : 0.0;
    return std::tuple(dipole, !s.symmetric, s.top.cut_bonds + s.bottom.cut_bonds);
  });
  return out;
}

Slab slab(const Structure& bulk, const SlabOptions& options) {
  std::vector<Slab> all = slabs(bulk, options);
  if (options.polar == Polar::refuse && is_polar(all.front())) {
    const Slab& best = all.front();
    throw Error(Errc::refused,
                fmt::format("every cut of {} along ({} {} {}) is polar: the best of {} has a dipole of {:.3f} e/Å per "
                            "period, so its surface energy grows with thickness",
                            reduced_formula(bulk), best.miller[0], best.miller[1], best.miller[2], all.size(),
                            best.dipole_e_per_A),
                "Choose another face, or allow polar slabs and mend the face by hand");
  }
  return all.front();
}

std::string text(const Face& face) {
  std::string out;
  for (const FaceSite& site : face.sites) {
    out += fmt::format("{}{} {} of {} ({})", out.empty() ? "" : ", ", site.element.symbol, site.neighbours,
                       site.neighbours_in_bulk, site.count);
  }
  return out.empty() ? "whole" : out;
}

}  // namespace hotstage::atoms
