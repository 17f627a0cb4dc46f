// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/value.hpp"

#include "hotstage/core/text.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace hotstage {
namespace {

TEST(Value, numbers_of_an_array_are_read_whatever_their_kind) {
  const Value list(Value::Array{1, 2.5, std::size_t{3}});
  EXPECT_EQ(list.as_numbers(), (std::vector<double>{1.0, 2.5, 3.0}));
  EXPECT_TRUE(Value::array().as_numbers().empty());
}

TEST(Value, what_is_no_number_is_refused_at_its_place) {
  Value text("two");
  text.where.file = "a.json";
  text.where.line = 7;
  try {
    (void)Value(Value::Array{1, text}).as_numbers();
    FAIL() << "a text was taken for a number";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::bad_input);
    EXPECT_NE(std::string(error.what()).find("a.json:7"), std::string::npos) << error.what();
  }
  EXPECT_THROW((void)Value(1.0).as_numbers(), Error);
}

TEST(Text, blanks_go_at_both_ends_only) {
  EXPECT_EQ(trim(" \ta b\r"), "a b");
  EXPECT_EQ(trim(" \t\r"), "");
  EXPECT_EQ(trim(""), "");
  EXPECT_EQ(trim(", 1, 2 ,", " ,"), "1, 2");
}

}  // namespace
}  // namespace hotstage
