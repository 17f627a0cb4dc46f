// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/report/table.hpp"

#include "hotstage/core/error.hpp"

#include <gtest/gtest.h>

namespace hotstage::report {
namespace {

Table edges() {
  Table table{.id = "edges",
              .title = "Edges",
              .columns = {{"Edge"}, {"Onset", "eV", ColumnKind::number}, {"Ratio", "", ColumnKind::estimate}}};
  table.rows = {{std::string("Ti L_{3}"), 456.0, Estimate{0.513, 0.013}},
                {std::string("O K"), 532.25, Estimate{-1.0, 0.12}},
                {std::string("–"), std::monostate{}, std::monostate{}}};
  return table;
}

TEST(TableText, aligns_columns_with_units_in_the_head) {
  EXPECT_EQ(to_text(edges()),
            "Edges\n"
            "Edge   Onset (eV)          Ratio\n"
            "─────  ──────────  ─────────────\n"
            "Ti L₃       456.0  0.513 ± 0.013\n"
            "O K         532.2   −1.00 ± 0.12\n"
            "–\n");
}

TEST(TableHtml, aligns_numbers_and_escapes_text) {
  Table table = edges();
  table.rows[0][0] = std::string("<Ti>");
  table.rows[0].back() = Badge{"weak", Tone::attention};
  const std::string html = to_html(table);
  EXPECT_NE(html.find("<th scope=\"col\" class=\"number\">Onset (eV)</th>"), std::string::npos) << html;
  EXPECT_NE(html.find("<td>&lt;Ti&gt;</td><td class=\"number\">456.0</td>"), std::string::npos) << html;
  EXPECT_NE(html.find("<span class=\"badge attention\">weak</span>"), std::string::npos) << html;
}

TEST(TableHtml, folds_long_tables_behind_a_button) {
  Table table = edges();
  EXPECT_EQ(to_html(table).find("show-all"), std::string::npos);
  table.rows.resize(40, table.rows[0]);
  const std::string html = to_html(table);
  EXPECT_NE(html.find("Show all 40 rows"), std::string::npos);
  EXPECT_NE(html.find("<tr class=\"more\">"), std::string::npos);
}

TEST(Table, refuses_rows_of_another_length) {
  Table table = edges();
  table.rows[0].pop_back();
  EXPECT_THROW((void)to_text(table), Bug);
}

TEST(NumberText, follows_the_uncertainty) {
  EXPECT_EQ(number_text(Estimate{0.5128, 0.0131}), "0.513 ± 0.013");
  EXPECT_EQ(number_text(Estimate{1234.5678, 321.0}), "1235 ± 321");
  EXPECT_EQ(number_text(Estimate{2.1642e6, 1.3e4}), "(2.164 ± 0.013)×10^{6}");
  EXPECT_EQ(number_text(Estimate{-3.2e-7, 4.0e-8}), "(−3.20 ± 0.40)×10^{−7}");
  EXPECT_EQ(number_text(Estimate{0.5, 0.0}), "0.5");
  EXPECT_EQ(number_text(Estimate{0.0, 0.2}), "0.00 ± 0.20");
}

TEST(TableText, does_not_invent_digits_when_sizes_differ) {
  Table table{.columns = {{"v", "", ColumnKind::number}}};
  table.rows = {{1234.5}, {0.001234}, {2.5e8}};
  const std::string text = to_text(table);
  EXPECT_NE(text.find("1234\n"), std::string::npos) << text;
  EXPECT_NE(text.find("0.001234\n"), std::string::npos) << text;
  EXPECT_NE(text.find("2.5×10⁸\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace hotstage::report
