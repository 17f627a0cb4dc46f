// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/thermo/energetics.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/thermo/defect.hpp"
#include "hotstage/thermo/species.hpp"
#include "hotstage/thermo/surface.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>

namespace hotstage::thermo {
namespace {

constexpr double printed = 1e-3;  // numbers.py prints three decimals
constexpr double exact = 1e-9;    // rounding only

std::string refusal(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.code() == Errc::refused ? error.what() : std::string("another error");
  }
  return {};
}

EnergyRecord record(const char* name, const char* formula, double energy_eV, const char* hubbard = "U") {
  return {.name = name,
          .formula = formula,
          .composition = composition_of(formula),
          .energy_eV = energy_eV,
          .cutoff_eV = 600.0,
          .hubbard = hubbard,
          .comparable = std::string("600 ") + hubbard,
          .apart_from_u = "600 eV",
          .mesh_length_A = 20.0};
}

void difference(const EnergyRecord& a, const EnergyRecord& b, Mix mix) {
  const std::array parts{Part{1.0, &a}, Part{-1.0, &b}};
  static_cast<void>(energy_difference(parts, mix, Mesh::dense));
}

TEST(Energetics, records_of_two_treatments_of_u_are_refused_unless_the_mix_is_named) {
  const EnergyRecord oxide = record("oxide", "CoO", -10.0);
  const EnergyRecord plain = record("plain", "CoO", -11.0, "");
  const EnergyRecord metal = record("metal", "Co2", -4.0, "");
  const EnergyRecord lithium = record("lithium", "Li", -1.0, "");
  EXPECT_NE(refusal([&] { difference(oxide, lithium, Mix::none); }).find("lithium"), std::string::npos);
  EXPECT_EQ(refusal([&] { difference(oxide, lithium, Mix::no_u_without_cobalt); }), "");
  EXPECT_NE(refusal([&] { difference(oxide, metal, Mix::no_u_without_cobalt); }), "");
  EXPECT_EQ(refusal([&] { difference(oxide, metal, Mix::metal_without_u); }), "");
  EXPECT_NE(refusal([&] { difference(oxide, plain, Mix::metal_without_u); }), "");
}

TEST(Energetics, a_cutoff_is_never_mixed_and_meshes_must_be_dense_or_the_same) {
  const EnergyRecord fine = record("fine", "CoO", -10.0);
  EnergyRecord coarse = record("coarse", "Li", -1.0, "");
  coarse.apart_from_u = "400 eV";
  EXPECT_NE(refusal([&] { difference(fine, coarse, Mix::metal_without_u); }).find("400 eV"), std::string::npos);
  EnergyRecord gamma = record("gamma", "CoO", -9.0);
  gamma.mesh_length_A = 7.3;
  EXPECT_NE(refusal([&] { difference(fine, gamma, Mix::none); }).find("7.3"), std::string::npos);
  gamma.mesh = {2, 2, 2};
  const std::array parts{Part{1.0, &fine}, Part{-1.0, &gamma}};
  EXPECT_NE(refusal([&] { static_cast<void>(energy_difference(parts, Mix::none, Mesh::same)); }), "");
}

TEST(Energetics, overlap_is_one_for_equal_shapes_none_for_separate_ones_and_ignores_empty_states) {
  ProjectedStates states{.width_eV = 0.1};
  for (int i = -100; i <= 20; ++i) {
    const double energy = 0.1 * i;
    const auto peak = [&](double at) { return std::exp(-0.5 * std::pow((energy - at) / 0.5, 2)); };
    states.energy_eV.push_back(energy);
    states.cobalt_3d.push_back(3.0 * peak(-3.0));
    states.oxygen_2p.push_back(peak(-3.0));
  }
  EXPECT_NEAR(state_overlap(states).value, 1.0, exact);
  states.oxygen_2p.back() = 100.0;
  EXPECT_NEAR(state_overlap(states).value, 1.0, exact);
  for (std::size_t i = 0; i < states.energy_eV.size(); ++i) {
    states.oxygen_2p[i] = std::exp(-0.5 * std::pow((states.energy_eV[i] + 4.0) / 0.5, 2));
  }
  // two Gaussians of width 0.5 one apart share erfc(1 / (2 √2 · 0.5)) of their areas
  constexpr double grid = 2e-3;  // steps of 0.1 eV under the crossing
  EXPECT_NEAR(state_overlap(states).value, std::erfc(1.0 / std::sqrt(2.0)), grid);
  EXPECT_GT(state_overlap(states).sigma, 0.0);
}

TEST(Surface, gamma_of_a_hand_made_slab) {
  const EnergyRecord bulk = record("bulk", "CoLiO2", -20.0);
  EnergyRecord slab = record("slab", "Co4Li4O8", -78.0);
  slab.area_A2 = 16.0;
  EXPECT_NEAR(surface_energy(slab, bulk), 2.0 / 32.0 * 16.0218, exact);
  EnergyRecord poor = record("poor", "Co4Li3O8", -78.0);
  poor.area_A2 = 16.0;
  EXPECT_NE(refusal([&] { static_cast<void>(surface_energy(poor, bulk)); }), "");
}

TEST(Surface, the_thickest_slab_counts_and_the_thinner_one_gives_the_error) {
  std::vector<EnergyRecord> records{record("bulk_lco_u391_600", "CoLiO2", -20.0, ":d,3.91"),
                                    record("slab_104_4", "Co4Li4O8", -78.0, ":d,3.91"),
                                    record("slab_104_6", "Co6Li6O12", -117.9, ":d,3.91")};
  for (std::size_t k : {1U, 2U}) {
    records[k].face = "104";
    records[k].planes = k == 1 ? 4 : 6;
    records[k].area_A2 = 16.0218;
  }
  const auto surfaces = surface_energies(records);
  const auto best = best_surface(surfaces, {.miller = "104"}, 0.0);
  ASSERT_TRUE(best);
  EXPECT_NEAR(best->gamma_J_per_m2.value, 1.05, exact);
  EXPECT_NEAR(best->gamma_J_per_m2.sigma, 0.05, exact);
  EXPECT_FALSE(best_surface(surfaces, {.miller = "100"}, 0.0));
  EXPECT_FALSE(order_margin(std::array{best}, std::nullopt));
}

TEST(Surface, forces_left_after_a_change_of_cutoff_count_by_what_the_relaxation_gained_from_there) {
  std::vector<EnergyRecord> records{record("bulk_lco_u391_600", "CoLiO2", -20.0, ":d,3.91"),
                                    record("slab_104_4", "Co4Li4O8", -60.0, ":d,3.91"),
                                    record("slab_104_4_u391_600", "Co4Li4O8", -78.0, ":d,3.91")};
  records[1].path_eV = {-59.0, -59.9, -60.0};
  records[1].path_eV_per_A = {1.0, 0.2, 0.01};
  records[2].face = "104";
  records[2].planes = 4;
  records[2].area_A2 = 16.0218;
  records[2].largest_force_eV_per_A = 0.3;
  const auto best = best_surface(surface_energies(records), {.miller = "104"}, 0.0);
  ASSERT_TRUE(best);
  EXPECT_NEAR(best->surface.unrelaxed_J_per_m2, 0.05, exact);
  EXPECT_NEAR(best->gamma_J_per_m2.sigma, std::hypot(one_thickness_J_per_m2, 0.05), exact);
}

TEST(Defect, corners_of_a_hand_made_diagram_are_those_drawn_by_hand) {
  const SolidPhase host{"ABO", {{"A", 1}, {"B", 1}, {"O", 1}}, -3.0};
  // Without other phases the region is the triangle with its tips on the axes.
  const auto free = stability_corners(host, {});
  ASSERT_EQ(free.size(), 3U);
  for (const Corner& corner : free) {
    double sum = 0.0;
    for (const auto& [element, shift] : corner.shift_eV) {
      sum += shift;
    }
    EXPECT_NEAR(sum, -3.0, exact);
    EXPECT_EQ(corner.limits.size(), 2U);
  }
  // A + O ≤ −2 means B ≥ −1, B + O ≤ −0.5 means A ≥ −2.5: two tips are cut off.
  const std::array competing{SolidPhase{"AO", {{"A", 1}, {"O", 1}}, -2.0},
                             SolidPhase{"BO", {{"B", 1}, {"O", 1}}, -0.5}};
  const auto cut = stability_corners(host, competing);
  ASSERT_EQ(cut.size(), 5U);
  const Corner* corner = extreme_corner(cut, "B", "A");
  ASSERT_NE(corner, nullptr);
  EXPECT_NEAR(corner->shift_eV.at("B"), 0.0, exact);
  EXPECT_NEAR(corner->shift_eV.at("A"), -2.5, exact);
  EXPECT_NEAR(corner->shift_eV.at("O"), -0.5, exact);
  const SolidPhase stable{"A2B2O2", {{"A", 2}, {"B", 2}, {"O", 2}}, -7.0};
  EXPECT_TRUE(stability_corners(host, std::array{stable}).empty());
}

TEST(Defect, a_vacancy_is_one_oxygen_less_in_the_same_cell) {
  const EnergyRecord host = record("host", "Co12Li12O24", -100.0);
  EXPECT_NEAR(vacancy_difference(record("vo", "Co12Li12O23", -93.0), host), 7.0, exact);
  EXPECT_NE(refusal([&] { static_cast<void>(vacancy_difference(record("v", "Co12Li11O23", -93.0), host)); }), "");
}

TEST(Energetics, our_records_give_the_numbers_that_their_script_prints) {
  const auto records = read_energy_records();
  const auto references = element_references(records);
  ASSERT_TRUE(references);
  const auto formation = [&](const char* name, const char* formula) {
    return formed(*find_record(records, name), formula, *references, Oxygen::raw).formation_eV;
  };
  EXPECT_NEAR(formation("bulk_lco_u391_400", "LiCoO2"), -3.944, printed);
  EXPECT_NEAR(formation("bulk_lco_u391plain_400", "LiCoO2"), -2.973, printed);
  EXPECT_NEAR(formation("bulk_lco_u0_400", "LiCoO2"), -5.715, printed);
  EXPECT_NEAR(formation("bulk_coo_u391", "CoO"), -0.405, printed);
  EXPECT_NEAR(formation("bulk_co3o4_u391", "Co3O4"), -2.128, printed);
  EXPECT_NEAR(formation("bulk_li2o", "Li2O"), -5.353, printed);
  const EnergyRecord& bulk = *find_record(records, "bulk_lco_u391_600");
  EXPECT_NEAR(surface_energy(*find_record(records, "slab_104_4_u391_600"), bulk), 1.117, printed);
  EXPECT_NEAR(surface_energy(*find_record(records, "slab_110_4_u391_600"), bulk), 2.206, printed);
  const double apart = vacancy_difference(*find_record(records, "vo_x1_nospin"), *find_record(records, "host_x1"));
  EXPECT_NEAR(apart + references->half_oxygen(Oxygen::raw), 4.236, printed);
  EXPECT_NEAR(references->half_oxygen(Oxygen::corrected) - references->half_oxygen(Oxygen::raw), 0.68, exact);
}

TEST(Energetics, the_supercell_at_gamma_is_refused_against_the_bulk) {
  const auto records = read_energy_records();
  const EnergyRecord* host = find_record(records, "host_x1");
  const EnergyRecord* bulk = find_record(records, "bulk_lco_u391_400");
  ASSERT_TRUE(host != nullptr && bulk != nullptr);
  const std::array parts{Part{1.0, host}, Part{-12.0, bulk}};
  EXPECT_NE(refusal([&] { static_cast<void>(energy_difference(parts, Mix::none, Mesh::dense)); }), "");
}

}  // namespace
}  // namespace hotstage::thermo
