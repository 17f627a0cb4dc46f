// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/meso/chemistry.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/io/document.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace hotstage::meso {
namespace {

constexpr double exact = 1e-12;
constexpr double table_K = 2.0;  // the claims table rounds to a degree

TEST(AllowedAbove, gives_the_temperatures_of_the_claims_table) {
  EXPECT_NEAR(allowed_above(Driver::vacuum, 1e-10).in_degC(), 929.0, table_K);
  EXPECT_NEAR(allowed_above(Driver::carbon, 1.0).in_degC(), 483.0, table_K);
  EXPECT_LT(allowed_above(Driver::carbon, 1e-3).in_degC(), 340.0);  // lower in vacuum
}

TEST(Chemistry, counts_oxygen_of_the_two_steps_as_the_reactions_say) {
  // LixCoO2 → 1/3 Co3O4 + x/2 Li2O + (2/3 − x/2)/2 O2, → CoO + x/2 Li2O + (1 − x/2)/2 O2
  for (const double x : {0.5, 0.95, 1.0}) {
    const Chemistry c = make_chemistry({.x = x});
    const auto gas = [&](double t, double r) {
      return 2.0 - c.lattice_oxygen(t, r) - 0.5 * (x - c.layered_lithium(t));
    };
    EXPECT_NEAR(0.5 * gas(1.0, 0.0), (2.0 / 3.0 - x / 2.0) / 2.0, exact);
    EXPECT_NEAR(0.5 * gas(1.0, 1.0), (1.0 - x / 2.0) / 2.0, exact);
  }
}

TEST(Chemistry, of_lithium_deficit_keeps_the_lithium_and_caps_the_extent) {
  const Chemistry c = make_chemistry({.x = 0.7, .driver = Driver::li_deficit});
  EXPECT_NEAR(c.extent, 0.3, exact);
  EXPECT_NEAR(c.layered_lithium(0.3), 0.7, exact);
  // (1−x)/3 O2 per Co
  EXPECT_NEAR(0.5 * (2.0 - c.lattice_oxygen(0.3, 0.0)), 0.3 / 3.0, exact);
  EXPECT_EQ(make_chemistry({.x = 1.0, .driver = Driver::li_deficit}).extent, 0.0);
}

TEST(Chemistry, takes_its_temperatures_from_a_record_when_there_is_one) {
  const Value drivers = io::parse_json(R"({"carbon": {"allowed_above_degC": 321.0}})", "drivers.json");
  EXPECT_NEAR(make_chemistry({.driver = Driver::carbon}, drivers).gates.layered_above_K, 594.15, exact * 1e3);
  EXPECT_NEAR(Temperature::kelvin(make_chemistry({.driver = Driver::vacuum}, drivers).gates.layered_above_K).in_degC(),
              929.0, table_K);
}

TEST(Chemistry, refuses_a_lithium_content_outside_its_range) {
  EXPECT_THROW(static_cast<void>(make_chemistry({.x = 1.2})), Error);
  EXPECT_THROW(static_cast<void>(make_chemistry({.x = 0.0})), Error);
}

TEST(Thickness, follows_the_molar_volumes) {
  const auto total = [](const ColumnContent& content) {
    const auto t = thickness_nm(content, 80.0);
    return std::accumulate(t.begin(), t.end(), 0.0) / 80.0;
  };
  constexpr double rounding = 0.1 / 32.2;  // volumes are quoted to 0.1 Å³
  EXPECT_NEAR(total({}), 1.0, exact);
  // CoO + ½ Li2O: 31.6 of 32.2 Å³; with Li lost 19.3; spinel with Li lost 22.0
  EXPECT_NEAR(total({.transformed = 1.0, .rock_salt = 1.0, .lithia_li = 1.0}), 31.6 / 32.2, 2.0 * rounding);
  EXPECT_NEAR(total({.transformed = 1.0, .rock_salt = 1.0}), 19.3 / 32.2, rounding);
  EXPECT_NEAR(total({.transformed = 1.0}), 22.0 / 32.2, rounding);
}

}  // namespace
}  // namespace hotstage::meso
