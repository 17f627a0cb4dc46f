// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/calc/pair.hpp"

#include "hotstage/atoms/cell.hpp"
#include "hotstage/calc/detail/ewald.hpp"
#include "hotstage/calc/testing/crystals.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace hotstage::calc {
namespace {

namespace tol {
constexpr double madelung = 1e-8;    // the task; constants of the literature are given to 1e-12
constexpr double derivative = 2e-7;  // central difference of step 1e-4 Å: h²·E'''/6 plus rounding 1e-13/1e-4
constexpr double invariance = 1e-9;  // eV per cell, two different splittings of accuracy 1e-12
}  // namespace tol

constexpr double coulomb_eV_A = 14.399645478425667;

/// Cube of edge 1 Å filled with cations and anions of ±z.
atoms::Structure salt(const std::vector<atoms::Vector>& cations, const std::vector<atoms::Vector>& anions) {
  atoms::Structure s;
  s.cell_A = {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
  for (const auto& place : cations) {
    s.elements.push_back(atoms::element("Li"));
    s.positions_A.push_back(place);
  }
  for (const auto& place : anions) {
    s.elements.push_back(atoms::element("O"));
    s.positions_A.push_back(place);
  }
  return s;
}

std::vector<double> unit_charges(const atoms::Structure& s) {
  std::vector<double> q;
  for (const atoms::Element& e : s.elements) {
    q.push_back(e.symbol == "Li" ? 1.0 : -1.0);
  }
  return q;
}

/// Madelung constant referred to the nearest distance.
double madelung(const atoms::Structure& s, double nearest_A) {
  const double pairs = static_cast<double>(s.size()) / 2.0;
  return -detail::ewald(s, unit_charges(s), 1e-13).energy_eV * nearest_A / (coulomb_eV_A * pairs);
}

const std::vector<atoms::Vector> fcc{{0, 0, 0}, {0, .5, .5}, {.5, 0, .5}, {.5, .5, 0}};

std::vector<atoms::Vector> shifted(double by) {
  std::vector<atoms::Vector> out = fcc;
  for (atoms::Vector& place : out) {
    place = atoms::add(place, {by, by, by});
  }
  return out;
}

TEST(Ewald, gives_the_madelung_constant_of_rock_salt) {
  EXPECT_NEAR(madelung(salt(fcc, shifted(0.5)), 0.5), 1.747564594633182, tol::madelung);
}

TEST(Ewald, gives_the_madelung_constant_of_caesium_chloride) {
  EXPECT_NEAR(madelung(salt({{0, 0, 0}}, {{.5, .5, .5}}), std::sqrt(3.0) / 2.0), 1.762674773070988, tol::madelung);
}

TEST(Ewald, gives_the_madelung_constant_of_zinc_blende) {
  EXPECT_NEAR(madelung(salt(fcc, shifted(0.25)), std::sqrt(3.0) / 4.0), 1.638055053388790, tol::madelung);
}

TEST(Ewald, of_a_charged_cell_equals_that_of_a_point_in_its_background) {
  // Simple cubic lattice of unit charges in a neutralising background: −1.418648739708… e²/(4πε0 a) per charge.
  const atoms::Structure s = salt({{0, 0, 0}}, {});
  EXPECT_NEAR(detail::ewald(s, unit_charges(s), 1e-13).energy_eV / coulomb_eV_A, -1.41864873970828, tol::madelung);
}

TEST(Ewald, does_not_depend_on_the_cell_that_describes_the_lattice) {
  const atoms::Structure cube = salt(fcc, shifted(0.5));
  atoms::Structure skew = cube;
  skew.cell_A = {{{1, 0, 0}, {1, 1, 0}, {-2, 1, 1}}};
  skew.positions_A[3] = atoms::add(skew.positions_A[3], {7, -3, 2});
  EXPECT_NEAR(detail::ewald(skew, unit_charges(skew), 1e-12).energy_eV,
              detail::ewald(cube, unit_charges(cube), 1e-12).energy_eV, tol::invariance);
}

TEST(PairPotential, forces_are_the_slope_of_the_energy) {
  const auto calculator = make_pair_calculator(read_pair_potential("licoo2"));
  hotstage::Run run;
  atoms::Structure s = testing::lithium_cobaltate();
  s.positions_A[0] = atoms::add(s.positions_A[0], {0.11, -0.07, 0.05});
  s.positions_A[3] = atoms::add(s.positions_A[3], {-0.06, 0.09, 0.13});
  const Evaluation at = calculator->evaluate(s, run);
  constexpr double h = 1e-4;
  for (std::size_t i = 0; i < s.size(); ++i) {
    for (std::size_t k = 0; k < 3; ++k) {
      atoms::Structure up = s;
      atoms::Structure down = s;
      up.positions_A[i][k] += h;
      down.positions_A[i][k] -= h;
      const double slope =
          (calculator->evaluate(up, run).energy_eV - calculator->evaluate(down, run).energy_eV) / (2.0 * h);
      EXPECT_NEAR(at.forces_eV_A[i][k], -slope, tol::derivative) << "atom " << i << " axis " << k;
    }
  }
}

TEST(PairPotential, stress_is_the_slope_of_the_energy_with_strain) {
  PairPotential potential = read_pair_potential("licoo2");
  potential.cutoff_A = 11.0;
  const auto calculator = make_pair_calculator(potential);
  hotstage::Run run;
  atoms::Structure s = testing::lithium_cobaltate();
  s.positions_A[0] = atoms::add(s.positions_A[0], {0.11, -0.07, 0.05});
  const Evaluation at = calculator->evaluate(s, run);
  const double volume = atoms::volume_A3(s.cell_A);
  constexpr double h = 1e-5;
  for (std::size_t a = 0; a < 3; ++a) {
    for (std::size_t b = a; b < 3; ++b) {
      const auto energy = [&](double strain) {
        atoms::Structure t = s;
        atoms::Cell m{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
        m[a][b] += strain / 2.0;
        m[b][a] += strain / 2.0;
        for (atoms::Vector& row : t.cell_A) {
          row = atoms::combine(row, m);
        }
        for (atoms::Vector& place : t.positions_A) {
          place = atoms::combine(place, m);
        }
        return calculator->evaluate(t, run).energy_eV;
      };
      const double slope = (energy(h) - energy(-h)) / (2.0 * h) / volume;
      const double mean = 0.5 * ((*at.stress_eV_A3)[a][b] + (*at.stress_eV_A3)[b][a]);
      EXPECT_NEAR(mean, slope, 10.0 * tol::derivative) << a << b;
    }
  }
}

TEST(PairPotential, refuses_ions_inside_the_dispersion_well) {
  const auto calculator = make_pair_calculator(read_pair_potential("licoo2"));
  hotstage::Run run;
  atoms::Structure s = testing::lithium_cobaltate();
  s.positions_A[3] = atoms::add(s.positions_A[2], {0.0, 0.0, 0.6});
  try {
    static_cast<void>(calculator->evaluate(s, run));
    FAIL() << "two O ions 0.6 Å apart were accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::refused);
    EXPECT_NE(error.message().find("0.60 Å apart"), std::string::npos) << error.message();
  }
}

TEST(PairPotential, refuses_an_element_it_does_not_know) {
  const auto calculator = make_pair_calculator(read_pair_potential("licoo2"));
  hotstage::Run run;
  atoms::Structure s = testing::lithium_cobaltate();
  s.elements[0] = atoms::element("Ni");
  EXPECT_THROW(static_cast<void>(calculator->evaluate(s, run)), Error);
}

}  // namespace
}  // namespace hotstage::calc
