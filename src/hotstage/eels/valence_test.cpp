// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/valence.hpp"

#include "hotstage/core/error.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace hotstage::eels {
namespace {

constexpr double rounding = 1e-12;

std::vector<ValenceStandard> own_standards() {
  const auto row = [](const char* compound, double valence, double ratio, double l3) {
    return ValenceStandard{.set = "own",
                           .element = "Co",
                           .compound = compound,
                           .valence = valence,
                           .method = "fit",
                           .ratio = Estimate{ratio, 0.1},
                           .l3_eV = Estimate{l3, 0.05},
                           .checked = "yes"};
  };
  return {row("LiCoO2", 3.0, 2.4, 780.6), row("CoO", 2.0, 4.2, 778.8), row("Co3O4", 8.0 / 3.0, 2.7, 780.1)};
}

TEST(Valence, interpolates_between_its_compounds) {
  const ValenceCurve curve = ratio_curve(own_standards(), "Co", "fit");
  EXPECT_TRUE(curve.checked);
  ASSERT_EQ(curve.points.size(), 3U);
  const Valence at_oxide = valence_of(curve, {4.2, 0.1}, MetalCall::oxide);
  EXPECT_EQ(at_oxide.status, ValenceStatus::ok);
  EXPECT_NEAR(at_oxide.value.value, 2.0, rounding);
  const Valence middle = valence_of(curve, {2.55, 0.06}, MetalCall::oxide);
  EXPECT_NEAR(middle.value.value, 0.5 * (3.0 + 8.0 / 3.0), rounding);
  EXPECT_NEAR(middle.value.sigma, 0.06 * (1.0 / 3.0) / 0.3, rounding);
  EXPECT_NEAR(middle.calibration, std::hypot(0.05, 0.05) * (1.0 / 3.0) / 0.3, rounding);
}

TEST(Valence, of_a_shift_is_relative_to_a_compound_of_the_same_scan) {
  const ValenceCurve curve = shift_curve(own_standards(), "Co", "fit", "LiCoO2");
  EXPECT_NEAR(valence_of(curve, {0.0, 0.05}, MetalCall::oxide).value.value, 3.0, rounding);
  EXPECT_NEAR(valence_of(curve, {-1.8, 0.05}, MetalCall::oxide).value.value, 2.0, 1e-9);
  EXPECT_THROW((void)shift_curve(own_standards(), "Co", "fit", "CoSO4"), Error);
}

TEST(Valence, is_refused_with_another_method_than_that_of_the_standards) {
  EXPECT_THROW((void)ratio_curve(own_standards(), "Co", "height"), Error);
  EXPECT_THROW((void)ratio_curve(own_standards(), "Mn", "fit"), Error);
  EXPECT_THROW((void)ratio_curve(valence_standards(), "Co", "arctan_step"), Error);
}

TEST(Valence, is_refused_where_the_ratio_says_two_things) {
  std::vector<ValenceStandard> table = own_standards();
  table[2].ratio = Estimate{5.0, 0.1};
  EXPECT_THROW((void)ratio_curve(table, "Co", "fit"), Error);
  table.resize(1);
  EXPECT_THROW((void)ratio_curve(table, "Co", "fit"), Error);
}

TEST(Valence, is_refused_when_two_sets_could_be_meant) {
  std::vector<ValenceStandard> table = own_standards();
  table[0].set = "other";
  EXPECT_THROW((void)ratio_curve(table, "Co", "fit"), Error);
}

TEST(Valence, beyond_the_standards_is_said) {
  const ValenceCurve curve = ratio_curve(own_standards(), "Co", "fit");
  EXPECT_EQ(valence_of(curve, {6.0, 0.1}, MetalCall::oxide).status, ValenceStatus::outside);
  EXPECT_EQ(valence_of(curve, {1.5, 0.1}, MetalCall::oxide).status, ValenceStatus::outside);
  EXPECT_EQ(valence_of(curve, {2.3, 0.1}, MetalCall::oxide).status, ValenceStatus::ok);
  EXPECT_EQ(valence_of(curve, {}, MetalCall::oxide).status, ValenceStatus::not_measured);
}

// L3/L2 of metallic Co is that of partly reduced Co3O4: without O K it must not become a valence of 2.5.
TEST(Valence, of_a_metal_is_never_interpolated) {
  const ValenceCurve curve = ratio_curve(own_standards(), "Co", "fit");
  const Estimate like_spinel{3.2, 0.05};
  EXPECT_EQ(valence_of(curve, like_spinel, MetalCall::metal).status, ValenceStatus::metal);
  EXPECT_EQ(valence_of(curve, like_spinel, MetalCall::metal).value.value, 0.0);
  EXPECT_EQ(valence_of(curve, like_spinel, MetalCall::undecided).status, ValenceStatus::undecided);
}

TEST(MetalCall, follows_oxygen) {
  EXPECT_EQ(call_metal({.oxygen_per_metal = {1.0, 0.15}}), MetalCall::oxide);
  EXPECT_EQ(call_metal({.oxygen_per_metal = {0.02, 0.05}}), MetalCall::metal);
  EXPECT_EQ(call_metal({.oxygen_per_metal = {0.4, 0.05}}), MetalCall::undecided);  // a mixture, or a skin of oxide
  EXPECT_EQ(call_metal({.oxygen_per_metal = {0.02, 0.3}}), MetalCall::undecided);  // too noisy
  EXPECT_EQ(call_metal({}), MetalCall::undecided);                                 // O K not measured
  EXPECT_EQ(call_metal({.oxygen_per_metal = {0.02, 0.05}, .tail_excess = Estimate{-0.1, 0.02}}),
            MetalCall::undecided);  // no oxygen, but the L3 of an oxide
}

TEST(ValenceStandards, of_the_program_say_where_they_come_from) {
  const std::vector<ValenceStandard> table = valence_standards();
  ASSERT_GE(table.size(), 12U);
  for (const ValenceStandard& row : table) {
    EXPECT_FALSE(row.source.empty()) << row.compound;
    EXPECT_TRUE(row.checked == "yes" || row.checked == "part" || row.checked == "no") << row.compound;
    EXPECT_NE(row.valence, 0.0) << row.compound;
  }
  EXPECT_FALSE(ratio_curve(table, "Mn", "arctan_step").checked);
  EXPECT_NO_THROW((void)ratio_curve(table, "Fe", "sharp_step"));
  EXPECT_NO_THROW((void)shift_curve(table, "Ni", "maximum", "NiO"));
  EXPECT_NO_THROW((void)shift_curve(table, "Co", "maximum", "CoO"));
}

}  // namespace
}  // namespace hotstage::eels
