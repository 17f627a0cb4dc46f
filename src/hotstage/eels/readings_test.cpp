// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/eels/readings.hpp"

#include <gtest/gtest.h>

namespace hotstage::eels {
namespace {

// By hand, per nm³: LiCoO2 5.05 g/cm³ holds 31.07 Co and 62.15 O, Co 8.84 holds 90.34, CoO 6.43 holds 51.68 each.
// metal: f·(90.34 − 31.07 + 0.9·62.15) = 0.9·62.15 − 31.07 → 0.2162; CoO: f·(20.61 + 0.9·10.47) = 24.865 → 0.828.
// Co/(Co+O) = 0.9 is Co/O = 9: f·(59.27 + 559.35) = 528.28 → 0.854.
constexpr double by_hand = 2e-3;

TEST(ReadNumber, nine_tenths_as_atoms_are_a_fifth_of_metal_or_mostly_cobalt_oxide) {
  const auto readings = read_number({});
  EXPECT_NEAR(readings[0].metal.value, 0.2162, by_hand);
  EXPECT_NEAR(readings[0].oxide.value, 0.828, by_hand);
  EXPECT_TRUE(readings[0].metal_possible && readings[0].oxide_possible);
}

TEST(ReadNumber, nine_tenths_as_a_fraction_are_mostly_metal_and_never_cobalt_oxide) {
  const auto readings = read_number({});
  EXPECT_NEAR(readings[1].co_per_o.value, 9.0, 1e-9);
  EXPECT_NEAR(readings[1].metal.value, 0.854, by_hand);
  EXPECT_FALSE(readings[1].oxide_possible);
}

TEST(ReadNumber, the_spread_of_the_cross_sections_moves_the_share) {
  const atoms::Material& host = atoms::find_material("LiCoO2");
  const atoms::Material& metal = atoms::find_material("Co");
  const auto readings = read_number({});
  const double expected = 0.5 * (*product_share(host, metal, 1.035) - *product_share(host, metal, 0.765));
  EXPECT_DOUBLE_EQ(readings[0].metal.sigma, expected);
  EXPECT_GT(readings[2].co_per_o.sigma / readings[2].co_per_o.value, 0.15);
}

TEST(ProductShare, is_the_inverse_of_the_ratio_and_refuses_what_no_column_can_be) {
  const atoms::Material& host = atoms::find_material("LiCoO2");
  for (const char* name : {"Co", "CoO", "Co3O4"}) {
    const atoms::Material& product = atoms::find_material(name);
    for (const double share : {0.0, 0.1, 0.5, 0.9}) {
      EXPECT_NEAR(*product_share(host, product, co_per_o_of(host, product, share)), share, 1e-9) << name;
    }
  }
  EXPECT_FALSE(product_share(host, atoms::find_material("Co"), 0.4));
  EXPECT_FALSE(product_share(host, atoms::find_material("CoO"), 1.2));
}

}  // namespace
}  // namespace hotstage::eels
