// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/hop.hpp"

#include "hotstage/atoms/crystal.hpp"
#include "hotstage/atoms/edit.hpp"
#include "hotstage/atoms/orderings.hpp"
#include "hotstage/atoms/path.hpp"
#include "hotstage/core/error.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace hotstage::atoms {
namespace {

namespace tol {
constexpr double geometry_A = 1e-6;
}  // namespace tol

Structure host() {
  return repeated(phase_structure("LiCoO2"), {2, 2, 1});
}

/// Distances from a place to the atoms of an element, ascending.
std::vector<double> around(const Structure& s, const Vector& place, std::string_view symbol) {
  const Lattice lattice(s.cell_A);
  std::vector<double> out;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s.elements[i].symbol == symbol) {
      out.push_back(norm(lattice.nearest_image(subtract(s.positions_A[i], place), s.periodic)));
    }
  }
  std::ranges::sort(out);
  return out;
}

TEST(Hop, an_octahedron_has_eight_holes_two_of_them_in_lithium_layers) {
  const Structure s = host();
  const auto sites = tetrahedral_sites(s, 12);  // the first cobalt
  ASSERT_EQ(sites.size(), 8U);
  EXPECT_EQ(std::ranges::count_if(sites, [](const auto& site) { return site.close_metal.size() == 1; }), 2);
  for (const TetrahedralSite& site : sites) {
    const auto oxygen = around(s, site.place_A, "O");
    EXPECT_NEAR(oxygen[0], oxygen[3], tol::geometry_A);  // equally far from four
    EXPECT_GT(oxygen[4], oxygen[3] + 0.5);
  }
}

// On the axis above Co: base triangle at height h = (1/3 − z) c and distance r = a/√3 from it, apex at z c.
TEST(Hop, the_hole_above_cobalt_lies_where_geometry_puts_it) {
  const double h = (1.0 / 3.0 - 0.2605) * 14.054;
  const double r = 2.816 / std::sqrt(3.0);
  const double apex = 0.2605 * 14.054;
  const double height = (apex * apex - h * h - r * r) / (2.0 * (apex - h));
  const Hop hop = hop_into_lithium_layer(host(), {.landing = Landing::tetrahedral});
  EXPECT_NEAR(hop.length_A, height, tol::geometry_A);
  EXPECT_EQ(formula(hop.start), "Li9Co12O24");
}

TEST(Hop, the_octahedral_landing_place_is_an_emptied_lithium_site) {
  const Hop hop = hop_into_lithium_layer(host());
  EXPECT_EQ(formula(hop.start), "Li11Co12O24");
  EXPECT_NEAR(hop.length_A, std::hypot(2.816 / std::sqrt(3.0), 14.054 / 6.0), tol::geometry_A);
  const auto oxygen = around(hop.end, hop.end.positions_A[hop.mover], "O");
  EXPECT_NEAR(oxygen[0], oxygen[5], tol::geometry_A);  // an octahedron again
  ASSERT_EQ(hop.stops.size(), 1U);                     // over the hole between
}

TEST(Hop, an_oxygen_vacancy_opens_the_face_that_is_crossed) {
  for (const Landing landing : {Landing::octahedral, Landing::tetrahedral}) {
    const Hop closed = hop_into_lithium_layer(host(), {.landing = landing});
    const Hop open = hop_into_lithium_layer(host(), {.landing = landing, .oxygen = OxygenVacancy::crossed_face});
    EXPECT_EQ(open.start.size(), closed.start.size() - 1);
    const auto ligands = [](const Structure& s, std::size_t atom) {
      return std::ranges::count_if(around(s, s.positions_A[atom], "O"), [](double d) { return d < 2.3; });
    };
    EXPECT_EQ(ligands(closed.start, closed.mover), 6);
    EXPECT_EQ(ligands(open.start, open.mover), 5);
    EXPECT_EQ(ligands(closed.end, closed.mover), landing == Landing::octahedral ? 6 : 4);
    EXPECT_EQ(ligands(open.end, open.mover), landing == Landing::octahedral ? 5 : 3);
  }
}

TEST(Hop, only_the_mover_moves_and_the_order_of_atoms_stays) {
  for (const Follow follow : {Follow::in_layer, Follow::across_layer}) {
    for (const Hop& hop : {hop_into_lithium_layer(host()), hop_after(host(), {.follow = follow})}) {
      ASSERT_EQ(hop.start.size(), hop.end.size());
      for (std::size_t i = 0; i < hop.start.size(); ++i) {
        EXPECT_EQ(hop.start.elements[i], hop.end.elements[i]);
        EXPECT_EQ(hop.start.positions_A[i] != hop.end.positions_A[i], i == hop.mover);
      }
      EXPECT_EQ(hop.start.elements[hop.mover].symbol, "Co");
      EXPECT_NO_THROW((void)linear_path(hop.start, hop.end, {.stops = hop.stops}));
    }
  }
}

TEST(Hop, the_second_cobalt_takes_the_place_the_first_one_left) {
  const Structure s = host();
  const Hop first = hop_into_lithium_layer(s);
  const Vector left = first.start.positions_A[first.mover];
  const Lattice lattice(s.cell_A);
  for (const auto& [follow, length] :
       {std::pair(Follow::in_layer, 2.816),
        std::pair(Follow::across_layer, std::hypot(2.816 / std::sqrt(3.0), 14.054 / 3.0))}) {
    const Hop hop = hop_after(s, {.follow = follow});
    EXPECT_NEAR(hop.length_A, length, tol::geometry_A);
    EXPECT_NEAR(norm(lattice.nearest_image(subtract(hop.end.positions_A[hop.mover], left), s.periodic)), 0.0,
                tol::geometry_A);
    // At the start nobody sits there.
    EXPECT_GT(around(hop.start, left, "Co").front(), 1.5);
  }
}

TEST(Hop, hosts_and_requests_that_do_not_fit_are_refused) {
  EXPECT_THROW((void)hop_into_lithium_layer(phase_structure("Co3O4")), Error);
  EXPECT_THROW((void)hop_into_lithium_layer(phase_structure("Li2O")), Error);
  EXPECT_THROW((void)hop_into_lithium_layer(host(), {.cobalt = 0}), Error);
  EXPECT_THROW((void)hop_into_lithium_layer(host(), {.lithium_vacancies = 0}), Error);
  EXPECT_THROW((void)hop_into_lithium_layer(host(), {.lithium_vacancies = 7}), Error);
  Structure empty = host();
  empty = orderings(empty, {.element = element("Li"), .remove = 12}).front().structure;
  EXPECT_THROW((void)hop_into_lithium_layer(empty), Error);
}

}  // namespace
}  // namespace hotstage::atoms
