// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/io/delimited.hpp"

#include "hotstage/io/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>

namespace hotstage::io {
namespace {

std::string refusal(const std::string& text) {
  try {
    (void)parse_table(text, "log.csv");
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

TEST(Delimited, names_and_units_come_from_the_header) {
  const Table table = parse_table("energy (eV),counts\r\n1.5,2\r\n3,4\r\n", "f");
  ASSERT_EQ(table.columns.size(), 2U);
  EXPECT_EQ(table.columns[0].name, "energy");
  EXPECT_EQ(table.columns[0].unit, "eV");
  EXPECT_EQ(table.numbers("energy"), (std::vector<double>{1.5, 3.0}));
  EXPECT_EQ(table.numbers("energy (eV)").size(), 2U);
  EXPECT_EQ(table.lines[1], 3);
}

TEST(Delimited, every_common_delimiter_is_found) {
  for (const char* text : {"1,2\n3,4\n", "1;2\n3;4\n", "1\t2\n3\t4\n", "1 2\n3   4\n", "  1  2  \n3 4",
                           "\xEF\xBB\xBF"
                           "1, 2\n3, 4",
                           "1,2,\n3,4,\n"}) {
    const Table table = parse_table(text, "f");
    ASSERT_EQ(table.columns.size(), 2U) << text;
    EXPECT_EQ(table.columns[1].numbers, (std::vector<double>{2.0, 4.0})) << text;
  }
}

TEST(Delimited, comments_are_kept_and_may_name_the_columns) {
  const Table table = parse_table("# made by hand\n# eV, counts\n1,2\n\n3,4\n", "f");
  EXPECT_EQ(table.comments.size(), 2U);
  EXPECT_EQ(table.columns[0].name, "eV");
  EXPECT_EQ(table.columns[1].name, "counts");
}

TEST(Delimited, quoted_cells_hold_delimiters_quotes_and_newlines) {
  const Table table = parse_table("name,n\n\"a, \"\"b\"\"\nc\",1\n", "f");
  EXPECT_EQ(table.columns[0].texts.front(), "a, \"b\"\nc");
}

TEST(Delimited, an_empty_cell_is_missing_not_zero) {
  const Table table = parse_table("a,b\n1,\n,2\n", "f");
  EXPECT_TRUE(std::isnan(table.columns[1].numbers[0]));
  EXPECT_EQ(format_table(table), "a,b\n1,\n,2\n");
}

TEST(Delimited, faults_are_named_with_line_and_column) {
  EXPECT_NE(refusal("a,b\n1,2\n3\n").find("log.csv:3: 1 cells where line 1 has 2"), std::string::npos)
      << refusal("a,b\n1,2\n3\n");
  EXPECT_NE(refusal("a,b\n1,\"2\n").find("log.csv:2:3"), std::string::npos) << refusal("a,b\n1,\"2\n");
  const Table table = parse_table("a,b\n1,2\n3,oops\n", "log.csv");
  try {
    (void)table.numbers("b");
    FAIL() << "a text passed as a number";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "log.csv:3:3: \"oops\" in the column \"b\" is not a number");
  }
  try {
    (void)table.column("c");
    FAIL() << "found a column that is not there";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("\"a\", \"b\""), std::string::npos);
  }
}

TEST(Delimited, numbers_are_read_as_people_write_them) {
  EXPECT_EQ(parse_number(" +1.5 "), 1.5);
  EXPECT_EQ(parse_number("2e-3"), 2e-3);
  EXPECT_EQ(parse_number("20."), 20.0);
  EXPECT_EQ(parse_number("1e-999"), 0.0);
  for (const char* text : {"", "1,5", "1.5x", "+-1", "0x10", "e5"}) {
    EXPECT_FALSE(parse_number(text)) << text;
  }
}

RC_GTEST_PROP(Delimited, a_written_table_reads_back_unchanged, ()) {
  const auto rows = *rc::gen::inRange<std::size_t>(2, 6);
  std::vector<double> numbers;
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < rows; ++i) {
    const double number = *rc::gen::arbitrary<double>();
    numbers.push_back(std::isfinite(number) ? number : 1.0);
    // Blanks around a text and a lone number are not kept as text: start and end with a letter.
    texts.push_back("t" + *rc::gen::container<std::string>(rc::gen::element(',', '"', '\n', ' ', '#', 'a', ';')) + "t");
  }
  Table table;
  table.columns = {number_column("loss", "eV", numbers), text_column("label", texts)};
  const Table back = parse_table(format_table(table), "f", {.delimiter = ','});
  RC_ASSERT(back.columns.size() == 2U);
  RC_ASSERT(back.columns[0].numbers == numbers);
  RC_ASSERT(back.columns[0].unit == "eV");
  RC_ASSERT(back.columns[1].texts == texts);
}

TEST(Delimited, a_table_goes_through_a_file) {
  const TemporaryFolder folder;
  Table table;
  table.columns = {number_column("x", "nm", {0.1, 1.0 / 3.0})};
  write_table(folder / "t.csv", table);
  EXPECT_EQ(read_table(folder / "t.csv").columns[0].numbers, table.columns[0].numbers);
}

TEST(Delimited, what_was_written_is_read_back_plain_or_not) {
  const TemporaryFolder folder;
  const double gap = std::numeric_limits<double>::quiet_NaN();
  for (const char* text : {"below_noise", "with, comma", "quote \" and\nline"}) {
    Table table;
    table.columns.push_back(number_column("x", "nm", {gap, 0.1, -3e-300}));
    table.columns.push_back(text_column("status", {"ok", text, "ok"}));
    table.columns.push_back(text_column("remark", {"", "", text}));
    write_table(folder / "t.csv", table);
    const Table back = read_written_table(folder / "t.csv");
    ASSERT_EQ(back.rows(), 3U);
    EXPECT_EQ(label(back.columns[0]), "x (nm)");
    EXPECT_TRUE(std::isnan(back.columns[0].numbers[0]));
    EXPECT_EQ(back.columns[0].numbers[2], -3e-300);
    EXPECT_EQ(back.columns[1].texts[1], text);
    EXPECT_EQ(back.columns[2].texts[2], text);
  }
  write_table(folder / "none.csv", Table{.columns = {number_column("a", "", {}), text_column("b", {})}});
  EXPECT_EQ(read_written_table(folder / "none.csv").rows(), 0U);
  EXPECT_EQ(read_written_table(folder / "none.csv").columns.size(), 2U);
}

}  // namespace
}  // namespace hotstage::io
