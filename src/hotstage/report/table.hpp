// SPDX-License-Identifier: GPL-3.0-or-later
// Tables for people: HTML for the report, aligned text for a terminal.

#pragma once

#include "hotstage/core/estimate.hpp"

#include <string>
#include <variant>
#include <vector>

namespace hotstage::report {

/// How an entry is meant: coloured in the report, always also said in words.
enum class Tone { neutral, good, attention, bad };

struct Badge {
  std::string text;
  Tone tone = Tone::neutral;
};

enum class ColumnKind { text, number, estimate };

struct Column {
  std::string name;
  std::string unit = {};  ///< shown in the head
  ColumnKind kind = ColumnKind::text;
  int digits = 4;  ///< significant digits of plain numbers; those of an estimate follow from its σ
};

/// Empty, text, number, value with uncertainty, or a badge.
using Cell = std::variant<std::monostate, std::string, double, Estimate, Badge>;

struct Table {
  std::string id;
  std::string title;
  std::string caption;
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;  ///< each as long as `columns`
};

/// A table element; tables of more than 15 rows show the first ones and a button for all.
[[nodiscard]] std::string to_html(const Table& table);

/// Title, head, rule, rows; numbers to the right. Ends with a newline.
[[nodiscard]] std::string to_text(const Table& table);

/// As the report writes it: "0.513 ± 0.013", "1.2×10^{6}" (rich text).
[[nodiscard]] std::string number_text(const Estimate& estimate, int digits = 4);

}  // namespace hotstage::report
