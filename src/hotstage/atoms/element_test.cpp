// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/element.hpp"

#include "hotstage/core/error.hpp"

#include <gtest/gtest.h>

#include <string>

namespace hotstage::atoms {
namespace {

constexpr double mass_digits = 0.005;  // IUPAC abridged weights are given to about this

std::string complaint(std::string_view symbol) {
  try {
    (void)element(symbol);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::bad_input);
    return error.what();
  }
  return {};
}

TEST(Element, symbol_number_name_and_mass_belong_together) {
  const Element cobalt = element("Co");
  EXPECT_EQ(cobalt.number, 27);
  EXPECT_EQ(cobalt.name, "Cobalt");
  EXPECT_NEAR(cobalt.mass_u, 58.933, mass_digits);
  EXPECT_NEAR(element("O").mass_u, 15.999, mass_digits);
  EXPECT_NEAR(element("Li").mass_u, 6.94, mass_digits);
  EXPECT_EQ(element("Au").number, 79);
}

TEST(Element, every_number_comes_back_from_its_symbol) {
  for (int z = 1; z <= 118; ++z) {
    EXPECT_EQ(element(element(z).symbol).number, z);
    EXPECT_FALSE(element(z).name.empty());
  }
}

TEST(Element, a_wrong_case_or_a_full_name_is_an_error_that_names_the_symbol) {
  EXPECT_NE(complaint("co").find("Did you mean \"Co\"?"), std::string::npos);
  EXPECT_NE(complaint("CO").find("Did you mean \"Co\"?"), std::string::npos);
  EXPECT_NE(complaint("cobalt").find("Did you mean \"Co\"?"), std::string::npos);
  EXPECT_NE(complaint("Qq").find("is not a chemical element"), std::string::npos);
  EXPECT_NE(complaint("").find("is not a chemical element"), std::string::npos);
}

TEST(Element, numbers_outside_the_periodic_table_are_refused) {
  EXPECT_THROW((void)element(0), Error);
  EXPECT_THROW((void)element(119), Error);
  EXPECT_FALSE(find_element("X"));
}

}  // namespace
}  // namespace hotstage::atoms
