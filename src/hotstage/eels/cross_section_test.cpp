// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/cross_section.hpp"

#include "hotstage/core/constants.hpp"
#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <string>

namespace hotstage::eels {
namespace {

constexpr double k_tolerance = 0.02;  // against oracles of Egerton's programs, K shells
constexpr double l_tolerance = 0.05;  // L shells: their trapezoid smears the step of the shape factor

Illumination setup(double beam_keV, double alpha_mrad, double beta_mrad) {
  return {
      .beam = beam_keV * units::keV, .convergence = alpha_mrad * units::mrad, .collection = beta_mrad * units::mrad};
}

CrossSection of(const char* name, double width_eV, const Illumination& illumination, Interaction interaction) {
  const Edge edge = find_edge(name);
  return partial_cross_section(edge, {edge.onset.in(units::eV), edge.onset.in(units::eV) + width_eV}, illumination,
                               interaction);
}

double barn(const CrossSection& sigma) {
  return sigma.value.base() / constants::barn_nm2;
}

struct Oracle {
  const char* edge;
  double width, beam, beta, barn, tolerance;
};

class PublishedCrossSection : public testing::TestWithParam<Oracle> {};

// Numbers printed by Egerton's SIGMAK3 and SIGMAL3, parallel beam, Coulomb term only.
TEST_P(PublishedCrossSection, is_reproduced) {
  const Oracle& o = GetParam();
  const double ours = barn(of(o.edge, o.width, setup(o.beam, 0.0, o.beta), Interaction::longitudinal));
  EXPECT_NEAR(ours / o.barn, 1.0, o.tolerance) << o.edge << ' ' << ours << " barn, published " << o.barn;
}

INSTANTIATE_TEST_SUITE_P(
    CrossSection, PublishedCrossSection,
    testing::Values(
        Oracle{"O K", 100, 200, 10, 1368.8, k_tolerance}, Oracle{"O K", 100, 200, 33, 2075.7, k_tolerance},
        Oracle{"O K", 100, 300, 33, 1796.4, k_tolerance}, Oracle{"O K", 100, 300, 4.12, 796.6, k_tolerance},
        Oracle{"O K", 50, 200, 33, 1191.1, k_tolerance}, Oracle{"C K", 100, 100, 10, 6148.5, k_tolerance},
        Oracle{"Co L3", 100, 200, 10, 1611.4, l_tolerance}, Oracle{"Co L3", 100, 200, 33, 2509.5, l_tolerance},
        Oracle{"Co L3", 100, 300, 33, 2190.9, l_tolerance}, Oracle{"Co L3", 50, 200, 33, 1508.8, l_tolerance},
        Oracle{"Mn L3", 100, 200, 33, 4128.9, l_tolerance}, Oracle{"Fe L3", 100, 300, 4.12, 1168.2, l_tolerance},
        Oracle{"Ti L3", 100, 300, 4.12, 4182.4, l_tolerance}));

TEST(CrossSection, dipole_strength_agrees_with_egertons_tables) {
  struct Case {
    const char* edge;
    double width, strength, tolerance;
  };

  const auto beam = setup(200, 0, 10);
  for (const Case& c :
       {Case{"O K", 50, 0.23, 0.03}, Case{"O K", 100, 0.41, 0.04}, Case{"O K", 200, 0.68, 0.04},
        Case{"Co L3", 50, 0.47, 0.20}, Case{"Co L3", 100, 0.90, 0.10}, Case{"Co L3", 200, 1.62, 0.10}}) {
    const double ours = of(c.edge, c.width, beam, Interaction::full).oscillator_strength;
    EXPECT_NEAR(ours / c.strength, 1.0, c.tolerance) << c.edge << " Δ " << c.width << ": " << ours;
  }
}

TEST(CrossSection, the_k_shell_of_hydrogen_obeys_the_bethe_sum_rule_with_its_bound_states) {
  // Hydrogen: the dipole continuum holds 0.4350 of the one electron, the lines 0.5650 (Bethe & Salpeter 1957, table
  // 13).
  constexpr double published_digits = 1e-3;
  const Edge hydrogen{.element = "H", .number = 1, .shell = "K", .onset = constants::rydberg_eV * units::eV};
  double sum = 0.0;
  constexpr int steps = 20000;
  const double span = std::log(1e4);  // to 1e4 Rydberg; f falls as E^-3.5
  for (int i = 0; i < steps; ++i) {
    const double energy = constants::rydberg_eV * std::exp(span * (i + 0.5) / steps);
    sum += generalised_oscillator_strength(hydrogen, energy * units::eV, 0.0) * energy * span / steps;
  }
  EXPECT_NEAR(sum, 0.4350, published_digits);
}

TEST(CrossSection, the_bethe_ridge_holds_all_electrons_of_a_k_shell) {
  // Far above the binding energy every electron takes part: ∫ df/dE dE → 2 at a momentum transfer beyond the ridge.
  constexpr double bound_states_left = 0.01;
  const Edge carbon = find_edge("C K");
  const double qa02 = 400.0;  // ridge at 5442 eV, 19 times the onset
  double sum = 0.0;
  constexpr int steps = 20000;
  const double span = std::log(1e3);
  for (int i = 0; i < steps; ++i) {
    const double energy = carbon.onset.in(units::eV)*std::exp(span * (i + 0.5) / steps);
    sum += generalised_oscillator_strength(carbon, energy * units::eV, qa02) * energy * span / steps;
  }
  EXPECT_NEAR(sum / 2.0, 1.0, bound_states_left);
}

TEST(CrossSection, the_transverse_term_has_the_size_of_the_relativistic_bethe_formula) {
  // G = 2 ln γ − (v/c)² for β ≫ θE (Fano 1963); O K at 300 kV and 33 mrad: ln(1 + β²/θE²) = 6.82, G = 0.32.
  const double coulomb = barn(of("O K", 50, setup(300, 0, 33), Interaction::longitudinal));
  const double all = barn(of("O K", 50, setup(300, 0, 33), Interaction::full));
  EXPECT_GT(all / coulomb, 1.03);
  EXPECT_LT(all / coulomb, 1.07);
  const double slow = barn(of("O K", 50, setup(20, 0, 33), Interaction::full)) /
                      barn(of("O K", 50, setup(20, 0, 33), Interaction::longitudinal));
  EXPECT_NEAR(slow, 1.0, 2e-3);  // (v/c)⁴ is 1/66 of that at 300 kV
}

TEST(CrossSection, a_convergent_probe_reduces_the_signal_by_f2) {
  const auto parallel = of("O K", 50, setup(200, 0, 33.1), Interaction::full);
  const auto convergent = of("O K", 50, setup(200, 27.1, 33.1), Interaction::full);
  constexpr double mean_over_window = 2e-3;  // F2 varies over the window
  EXPECT_NEAR(convergent.value.base() / parallel.value.base(), convergent.convergence_factor, mean_over_window);
}

RC_GTEST_PROP(CrossSection, grows_with_window_and_angle, ()) {
  const auto width = *rc::gen::inRange(5, 200);
  const auto beta = *rc::gen::inRange(6, 60);
  const char* edge = *rc::gen::element("O K", "B K", "Ti L3", "Co L3");
  const double here = barn(of(edge, width, setup(200, 5, beta), Interaction::full));
  RC_ASSERT(here > 0.0);
  RC_ASSERT(barn(of(edge, width + 5, setup(200, 5, beta), Interaction::full)) > here);
  RC_ASSERT(barn(of(edge, width, setup(200, 5, beta + 1), Interaction::full)) > here);
}

TEST(CrossSection, only_the_part_behind_the_onset_counts) {
  const Edge oxygen = find_edge("O K");
  const auto beam = setup(300, 0.2, 4.12);
  const auto early = partial_cross_section(oxygen, {527.0, 577.0}, beam);
  const auto late = partial_cross_section(oxygen, {532.0, 577.0}, beam);
  EXPECT_EQ(early.value, late.value);
  EXPECT_EQ(differential_cross_section(oxygen, oxygen.onset - 1 * units::eV, beam), 0.0);
  EXPECT_THROW((void)partial_cross_section(oxygen, {400.0, 450.0}, beam), Error);
}

TEST(CrossSection, shells_without_a_model_are_refused_with_the_way_out) {
  try {
    (void)of("La M5", 50, setup(200, 0, 10), Interaction::full);
    FAIL() << "La M5 has no hydrogenic model";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::unsupported);
    EXPECT_NE(std::string(error.what()).find("k factor"), std::string::npos);
  }
  EXPECT_FALSE(has_cross_section(find_edge("Sr L3")));
  EXPECT_FALSE(has_cross_section(find_edge("Ti L2")));
}

TEST(CrossSection, uncertainty_is_larger_for_l_and_largest_with_white_lines) {
  EXPECT_LT(model_uncertainty(find_edge("O K")), model_uncertainty(find_edge("Si L3")));
  EXPECT_LT(model_uncertainty(find_edge("Si L3")), model_uncertainty(find_edge("Co L3")));
}

TEST(CrossSection, the_hydrogenic_strength_lies_near_photo_absorption) {
  // Hydrogenic against a Dirac–Hartree–Fock calculation (NIST FFAST): the size of the model error itself.
  constexpr double k_difference = 0.12;
  constexpr double l_difference = 0.25;  // Ni; the shape factor jumps from element to element
  for (const char* name : {"B K", "C K", "N K", "O K", "F K", "Ca L3", "Ti L3", "Mn L3", "Fe L3", "Co L3", "Ni L3"}) {
    const double factor = strength_correction(find_edge(name));
    EXPECT_NEAR(factor, 1.0, find_edge(name).shell == "K" ? k_difference : l_difference) << name;
    EXPECT_NE(factor, 1.0) << name;
  }
  EXPECT_EQ(strength_correction(find_edge("La M5")), 1.0);
}

TEST(CrossSection, the_strength_table_agrees_with_the_photo_absorption_it_came_from) {
  if (!shared_data_folder()) {
    GTEST_SKIP() << "shared data not found (HOTSTAGE_SHARED_DATA)";
  }
  // An independent, coarser sum over the same absorption edge: its height times 100 eV times the fall to the middle.
  constexpr double coarse = 0.1;
  constexpr double barn_eV = 1.0976e8;  // ∫σ dE of one electron
  constexpr double fall = -2.2;         // photo-absorption falls as E^-2.2 behind O K
  std::ifstream in(*shared_data_folder() / "eels" / "nist_ffast" / "O.csv");
  double before = 0.0;
  double behind = 0.0;
  for (std::string line; std::getline(in, line);) {
    const std::size_t comma = line.find(',');
    const double energy = std::atof(line.c_str());
    if (energy > 500.0 && energy < 533.0) {
      before = std::atof(line.c_str() + comma + 1);
    } else if (energy > 533.0 && behind == 0.0) {
      behind = std::atof(line.c_str() + comma + 1);
    }
  }
  ASSERT_GT(behind, before);
  const double height_barn = (behind - before) * 15.999 / 6.02214076e23 * 1e24;
  const double expected = height_barn * 100.0 * std::pow(582.0 / 532.0, fall) / barn_eV;
  const double hydrogenic = of("O K", 100, setup(200, 0, 10), Interaction::full).oscillator_strength;
  EXPECT_NEAR(strength_correction(find_edge("O K")) * hydrogenic / expected, 1.0, coarse);
}

}  // namespace
}  // namespace hotstage::eels
