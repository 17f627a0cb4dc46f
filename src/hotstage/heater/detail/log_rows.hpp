// SPDX-License-Identifier: GPL-3.0-or-later
// Rows of a log as they stand in the file, and the rules by which they become a HeaterLog.

#pragma once

#include "hotstage/heater/format.hpp"

#include <string>
#include <vector>

namespace hotstage::heater::detail {

struct LogRows {
  std::vector<std::string> clock;   ///< time of day, or date and time; empty: no such column
  std::vector<double> time_s;       ///< of the experiment; empty: no such column, then the clock counts
  std::vector<double> temperature;  ///< °C; NaN where a row has none
  std::vector<double> set_degC;     ///< set points; empty: no such column
  std::vector<int> line;            ///< in the file
};

/// Drops rows without time or temperature and repeated ones, follows the clock past midnight, notes steps of the clock
/// against the time: every repair is listed with its line. Throws Error{bad_input} with the line for times that run
/// backwards (unless they are to be dropped), for temperatures below absolute zero, and when no row is left.
[[nodiscard]] HeaterLog build_log(LogRows rows, const std::string& file, const ReadOptions& options);

/// A number of the file. Throws Error{bad_input} with line and column; says so when the comma is the decimal mark.
[[nodiscard]] double number_in(const std::string& cell, const std::string& file, int line, int column);

}  // namespace hotstage::heater::detail
