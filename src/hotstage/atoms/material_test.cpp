// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/material.hpp"

#include "hotstage/core/constants.hpp"
#include "hotstage/core/error.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numbers>
#include <string>

namespace hotstage::atoms {
namespace {

namespace tol {
constexpr double rounding = 1e-12;
constexpr double mass_digits = 0.01;      // g/mol; the abridged weights carry two to three decimals
constexpr double density_digits = 0.003;  // relative; densities stand in the table with three digits
}  // namespace tol

template <class Work>
std::string complaint(Work&& work) {
  try {
    work();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::bad_input);
    return error.what();
  }
  return {};
}

TEST(Formula, parts_come_in_the_order_written_with_fractions_and_repeats_added) {
  const auto parts = parse_formula("Li0.5CoO2");
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(parts[0].element.symbol, "Li");
  EXPECT_NEAR(parts[0].count, 0.5, tol::rounding);
  EXPECT_EQ(parts[1].element.symbol, "Co");
  EXPECT_NEAR(parts[1].count, 1.0, tol::rounding);
  EXPECT_NEAR(parts[2].count, 2.0, tol::rounding);
  const auto acetic = parse_formula("CH3COOH");
  ASSERT_EQ(acetic.size(), 3U);
  EXPECT_NEAR(acetic[0].count, 2.0, tol::rounding);
  EXPECT_NEAR(acetic[1].count, 4.0, tol::rounding);
}

TEST(Formula, what_is_not_a_formula_is_refused_with_the_place) {
  EXPECT_NE(complaint([] { (void)parse_formula("LiXyO2"); }).find("character 3"), std::string::npos);
  EXPECT_NE(complaint([] { (void)parse_formula("Li(CoO2)"); }).find("character 3"), std::string::npos);
  EXPECT_NE(complaint([] { (void)parse_formula("Li0.5.1Co"); }).find("not a number"), std::string::npos);
  EXPECT_NE(complaint([] { (void)parse_formula("Co0"); }).find("positive"), std::string::npos);
  EXPECT_NE(complaint([] { (void)parse_formula(""); }).find("no element"), std::string::npos);
}

TEST(Formula, molar_mass_of_lithium_cobalt_oxide) {
  EXPECT_NEAR(molar_mass(parse_formula("LiCoO2")), 97.87, tol::mass_digits);
}

// Lattices of data/materials/SOURCE.md: volume of the cell in Å³ and formula units in it.
struct Cell {
  std::string name;
  double volume_A3;
  double units;
};

TEST(Material, densities_follow_from_the_lattices_of_the_source) {
  const double hexagonal = std::numbers::sqrt3 / 2.0;
  const std::array cells{
      Cell{"LiCoO2", hexagonal * 2.8161 * 2.8161 * 14.0536, 3.0},
      Cell{"CoO2", hexagonal * 2.822 * 2.822 * 4.293, 1.0},
      Cell{"Co3O4", std::pow(8.084, 3), 8.0},
      Cell{"CoO", std::pow(4.261, 3), 4.0},
      Cell{"Co", hexagonal * 2.507 * 2.507 * 4.070, 2.0},
      Cell{"Li2O", std::pow(4.619, 3), 4.0},
      Cell{"Li2CO3", 8.359 * 4.977 * 6.194 * std::sin(114.7 * std::numbers::pi / 180.0), 4.0},
      Cell{"Pt", std::pow(3.9236, 3), 4.0},
      Cell{"Al", std::pow(4.0495, 3), 4.0},
      Cell{"Cu", std::pow(3.6149, 3), 4.0},
      Cell{"Au", std::pow(4.0786, 3), 4.0},
      Cell{"Si", std::pow(5.4310, 3), 8.0},
      Cell{"Al2O3", hexagonal * 4.759 * 4.759 * 12.991, 6.0},
  };
  for (const Cell& cell : cells) {
    const double per_nm3 = cell.units / (cell.volume_A3 * 1e-3);
    EXPECT_NEAR(find_material(cell.name).units_per_nm3() / per_nm3, 1.0, tol::density_digits) << cell.name;
  }
}

TEST(Material, atoms_per_volume_follow_the_formula) {
  const Material& lco = find_material("LiCoO2");
  EXPECT_NEAR(lco.atoms_per_nm3(element("O")), 2.0 * lco.atoms_per_nm3(element("Co")), tol::rounding);
  EXPECT_NEAR(lco.atoms_per_nm3(element("Co")), 31.07, 0.1);  // 32.2 Å³ per cobalt
  EXPECT_EQ(lco.atoms_per_nm3(element("Pt")), 0.0);
}

TEST(Material, an_unknown_name_is_answered_with_the_nearest) {
  EXPECT_NE(complaint([] { (void)find_material("LiCoO"); }).find("LiCoO2"), std::string::npos);
}

}  // namespace
}  // namespace hotstage::atoms
