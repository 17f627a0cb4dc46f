// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/meso/chemistry.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/io/document.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace hotstage::meso {
namespace {

constexpr double exact = 1e-12;

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

TEST(Chemistry, takes_its_temperatures_from_the_record_and_allows_nothing_without) {
  const Value record = io::parse_json(
      R"({"schema": "hotstage.drivers/1", "carbon_column": {"allowed_above_degC": 141.0},
          "vacuum": {"allowed_above_degC": 930.0}, "spinel": {"allowed_above_degC": 480.0}})",
      "drivers.json");
  const DriverTemperatures drivers = drivers_from_value(record);
  constexpr double kelvin = 273.15;
  EXPECT_NEAR(make_chemistry({.driver = Driver::carbon, .drivers = drivers}).gates.layered_above_K, 141.0 + kelvin,
              1e-9);
  EXPECT_NEAR(make_chemistry({.driver = Driver::vacuum, .drivers = drivers}).gates.layered_above_K, 930.0 + kelvin,
              1e-9);
  EXPECT_NEAR(make_chemistry({.driver = Driver::beam_dose, .drivers = drivers}).gates.rock_salt_above_K, 480.0 + kelvin,
              1e-9);
  EXPECT_TRUE(std::isinf(make_chemistry({.driver = Driver::carbon}).gates.layered_above_K));
  EXPECT_THROW(static_cast<void>(drivers_from_value(io::parse_json("{}", "drivers.json"))), Error);
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
