// SPDX-License-Identifier: GPL-3.0-or-later
// Rows of delimited cycler files into the neutral table: broken rows are removed and listed instead of stopping.

#pragma once

#include "hotstage/echem/cycler_data.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace hotstage::echem::detail {

enum class Role {
  ignored,
  time,
  voltage,
  current,
  cycle,
  step,
  charge,
  discharge,
  charge_energy,
  discharge_energy,
  step_name,
  record,
};

/// What one column of the file is, and the factor to the unit of CyclerData.
struct ColumnRole {
  Role role = Role::ignored;
  double factor = 1.0;
};

/// Splits a line at commas; quotes keep commas together. No escapes.
[[nodiscard]] std::vector<std::string_view> split(std::string_view line, char delimiter);

/// Cuts the next line off `text`, without its end of line.
[[nodiscard]] std::string_view next_line(std::string_view& text);

/// Where the data begin and what their columns are.
struct RowLayout {
  std::vector<ColumnRole> columns;
  char delimiter = ',';
  int first_line = 2;  ///< number of the first data line in the file
};

/// Reads every line of `text` as a row. Throws Error{bad_input} when no row, or fewer than half of them, can be read,
/// or when time, voltage or current have no column.
void read_rows(std::string_view text, const RowLayout& layout, CyclerData& data);

}  // namespace hotstage::echem::detail
