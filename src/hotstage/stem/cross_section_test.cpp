// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/stem/cross_section.hpp"

#include "hotstage/core/error.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>

namespace hotstage::stem {
namespace {

namespace tol {
constexpr double digits_f0 = 6e-5;        // Å; the check values have four decimals
constexpr double digits_tail = 6e-5;      // Å; the check values were computed at 4.267 1/Å
constexpr double two_tables = 0.012;      // Lobato against Kirkland at 84–200 mrad
constexpr double fraction_digits = 0.02;  // relative; two digits printed
constexpr double ratio_digits = 0.015;    // relative; three digits printed
constexpr double rounding = 1e-9;
}  // namespace tol

const Temperature room = Temperature::kelvin(300.0);

struct Factor {
  std::string element;
  double forward_A;
  double at_84_mrad_A;
};

TEST(ScatteringFactor, agrees_with_values_computed_apart) {
  const std::array factors{Factor{"Li", 3.2860, 0.01559},  Factor{"O", 2.0291, 0.03888},  Factor{"Si", 5.8360, 0.06729},
                           Factor{"Mn", 7.5071, 0.11665},  Factor{"Co", 6.8508, 0.12526}, Factor{"Ni", 6.5649, 0.12960},
                           Factor{"Mo", 10.8542, 0.19266}, Factor{"Pt", 11.1781, 0.33939}};
  for (const Factor& factor : factors) {
    const atoms::Element element = atoms::element(factor.element);
    EXPECT_NEAR(scattering_factor(element, 0.0).in(units::angstrom), factor.forward_A, tol::digits_f0)
        << factor.element;
    EXPECT_NEAR(scattering_factor(element, 4.267).in(units::angstrom), factor.at_84_mrad_A, tol::digits_tail)
        << factor.element;
  }
  EXPECT_NEAR(scattering_factor(atoms::element("Co"), 0.0, Parametrisation::kirkland).in(units::angstrom), 6.8529,
              tol::digits_f0);
}

TEST(ScatteringFactor, has_the_tail_of_the_bare_nucleus) {
  const double rutherford_A = 27.0 / (2.0 * M_PI * M_PI * 0.529177 * 1e4);  // Z/(2π²a₀q²) at q = 100 1/Å
  EXPECT_NEAR(scattering_factor(atoms::element("Co"), 100.0).in(units::angstrom) / rutherford_A, 1.0, 0.01);
}

TEST(CrossSection, wavelength_and_mass_at_300_kV) {
  EXPECT_NEAR(wavelength(300.0 * units::keV).in(units::angstrom), 0.019687, 5e-7);
  EXPECT_NEAR(lorentz_factor(300.0 * units::keV), 1.58709, 5e-6);
}

TEST(CrossSection, fraction_of_the_beam_per_ten_nanometres) {
  const double lco = 10.0 * fraction_per_nm(atoms::find_material("LiCoO2"), Order::amorphous, room, {});
  EXPECT_NEAR(lco / 0.0029, 1.0, tol::fraction_digits);

  // Si3N4: 0.41 for the crystal of 3.17 g/cm³, here a film of 3.1.
  struct Relative {
    std::string name;
    double to_lco;
  };

  for (const Relative& entry :
       {Relative{"Co3O4", 1.37}, Relative{"CoO", 1.51}, Relative{"Co", 2.40}, Relative{"Si3N4", 0.401}}) {
    const double own = 10.0 * fraction_per_nm(atoms::find_material(entry.name), Order::amorphous, room, {});
    EXPECT_NEAR(own / lco / entry.to_lco, 1.0, tol::ratio_digits) << entry.name;
  }
  const double platinum = 10.0 * fraction_per_nm(atoms::find_material("Pt"), Order::amorphous, room, {});
  EXPECT_NEAR(platinum / lco, 13.0, 0.5);
}

TEST(CrossSection, the_two_published_tables_agree_on_the_annulus) {
  for (const std::string symbol : {"Li", "C", "N", "O", "Al", "Si", "Mn", "Fe", "Co", "Ni", "Mo", "Pt"}) {
    const atoms::Element element = atoms::element(symbol);
    const double lobato = cross_section_nm2(element, Order::amorphous, room, {});
    const double kirkland = cross_section_nm2(element, Order::amorphous, room, {.table = Parametrisation::kirkland});
    EXPECT_NEAR(kirkland / lobato, 1.0, tol::two_tables) << symbol;
  }
}

TEST(CrossSection, mean_free_paths_say_how_far_single_scattering_holds) {
  const atoms::Material& lco = atoms::find_material("LiCoO2");
  const auto path_nm = [&](double inner_mrad, double outer_mrad) {
    return 1.0 / fraction_per_nm(lco, Order::amorphous, room,
                                 {.annulus = {inner_mrad * units::mrad, outer_mrad * units::mrad}});
  };
  EXPECT_NEAR(path_nm(84.0, 200.0), 3400.0, 100.0);
  EXPECT_NEAR(path_nm(0.0, 3000.0), 72.0, 2.0);
  EXPECT_NEAR(path_nm(10.0, 3000.0), 130.0, 3.0);
}

TEST(CrossSection, parts_of_a_ring_add_up) {
  const atoms::Element cobalt = atoms::element("Co");
  const auto ring = [&](double inner, double outer) {
    return cross_section_nm2(cobalt, Order::amorphous, room, {.annulus = {inner * units::mrad, outer * units::mrad}});
  };
  EXPECT_NEAR((ring(60.0, 84.0) + ring(84.0, 200.0)) / ring(60.0, 200.0), 1.0, tol::rounding);
}

TEST(CrossSection, the_diffuse_part_grows_with_temperature_towards_the_whole) {
  const atoms::Element cobalt = atoms::element("Co");
  const double whole = cross_section_nm2(cobalt, Order::amorphous, room, {});
  const double cold = cross_section_nm2(cobalt, Order::crystal, room, {});
  const double hot = cross_section_nm2(cobalt, Order::crystal, Temperature::celsius(650.0), {});
  EXPECT_LT(cold, hot);
  EXPECT_LT(hot, whole);
  EXPECT_GT(cold, 0.97 * whole);  // at 84 mrad hardly anything is left to Bragg beams
  EXPECT_NEAR(debye_waller(cobalt, Temperature::kelvin(900.0)).base(), 3.0 * 0.40e-2, tol::rounding);
}

TEST(CrossSection, a_ring_turned_inside_out_is_refused) {
  EXPECT_THROW((void)cross_section_nm2(atoms::element("Co"), Order::amorphous, room,
                                       {.annulus = {200.0 * units::mrad, 84.0 * units::mrad}}),
               Error);
}

}  // namespace
}  // namespace hotstage::stem
