// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/units.hpp"

#include "hotstage/core/error.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

namespace hotstage {
namespace {

TEST(Units, lab_numbers_are_stored_exactly) {
  EXPECT_EQ((0.3 * units::eV).in(units::eV), 0.3);
  EXPECT_EQ((532.0 * units::eV).base(), 532.0);
  EXPECT_EQ(parse_measured("0.01001 nm").base(), 0.01001);
}

TEST(Units, dimensions_multiply_and_divide) {
  const Length length = 10.0 * units::nm;
  const Area area = length * length;
  EXPECT_EQ(area.base(), 100.0);
  const double ratio = length / (5.0 * units::nm);
  EXPECT_EQ(ratio, 2.0);
}

TEST(Units, composite_units_parse) {
  EXPECT_EQ(parse_unit("1/nm").dimension, (Dimension{.nm = -1}));
  EXPECT_EQ(parse_unit("nm^-1"), (Unit{"nm^-1", {.nm = -1}, 1.0, 0.0}));
  EXPECT_DOUBLE_EQ(parse_unit("K/min").factor, 1.0 / 60.0);
  EXPECT_DOUBLE_EQ(parse_unit("mA h/g").factor / parse_unit("C/kg").factor, 3600.0);
  EXPECT_NEAR(parse_unit("g/cm^3").factor / parse_unit("kg/m^3").factor, 1000.0, 1e-9);
  EXPECT_DOUBLE_EQ(parse_unit("µm").factor, 1000.0);
  EXPECT_EQ(parse_unit("keV").factor, 1000.0);
  EXPECT_NEAR(parse_unit("Pa").factor * 1e27, 1.0 / 1.602176634e-19, 1e8);
}

TEST(Units, celsius_is_absolute_only) {
  EXPECT_DOUBLE_EQ(parse_measured("650 degC").base(), 923.15);
  EXPECT_FALSE(find_unit("degC/s").has_value());
}

TEST(Units, unknown_unit_names_itself) {
  try {
    (void)parse_unit("furlong");
    FAIL() << "should throw";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::bad_input);
    EXPECT_NE(std::string(error.what()).find("furlong"), std::string::npos);
  }
}

TEST(Units, conversion_refuses_other_dimensions) {
  EXPECT_THROW((void)convert(parse_measured("3 eV"), parse_unit("nm")), Error);
}

RC_GTEST_PROP(Units, conversion_round_trips, (double value)) {
  RC_PRE(std::isfinite(value) && std::abs(value) < 1e100);
  const Measured measured{value, parse_unit("keV")};
  const double eV = convert(measured, parse_unit("eV"));
  const double back = convert({eV, parse_unit("eV")}, parse_unit("keV"));
  RC_ASSERT(std::abs(back - value) <= 4e-16 * std::abs(value));
}

}  // namespace
}  // namespace hotstage
