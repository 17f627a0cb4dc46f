// SPDX-License-Identifier: GPL-3.0-or-later
// What a battery cycler recorded: one neutral table for every vendor, and the list of what was wrong with the file.

#pragma once

#include "hotstage/core/value.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::echem {

enum class RepairKind {
  unreadable,       ///< a required cell holds no finite number, or the row is cut off: row removed
  duplicated,       ///< the same record twice: the second removed
  time_backwards,   ///< a few rows with a time that was already over: removed
  clock_restarted,  ///< the time starts again: later times moved on by what the clock showed before
  missing,          ///< the record numbers jump: nothing put in
  gap,              ///< no row for much longer than the step's own interval: nothing put in, not integrated over
  counter_reset,    ///< the tester's charge counter fell inside a step: values left as they are
  cycle_restarted,  ///< the cycle number fell (files joined): later numbers moved on
};

[[nodiscard]] std::string_view name(RepairKind kind) noexcept;

/// One thing found and what was done about it. Values are never interpolated.
struct Repair {
  RepairKind kind = RepairKind::unreadable;
  int row = 0;       ///< line in the file, counted from 1
  std::string what;  ///< what was found and what was done
};

/// Rows of a cycler file in the order of time. Columns are equally long or, when the file has no such column, empty.
struct CyclerData {
  std::vector<double> time_s;     ///< since the start of the test, never decreasing
  std::vector<double> voltage_V;  ///< of the cell
  std::vector<double> current_A;  ///< positive charges the cell
  std::vector<int> cycle;         ///< as the tester counts
  std::vector<int> step;          ///< as the tester counts
  std::vector<double> charge_Ah;  ///< the tester's own counter; starts at zero in every step
  std::vector<double> discharge_Ah;
  std::vector<double> charge_Wh;
  std::vector<double> discharge_Wh;
  std::vector<std::string> step_name;
  std::vector<int> record;           ///< the tester's running number of the row
  std::vector<char> after_gap;       ///< 1: the interval before this row is not to be integrated over; empty: no gaps
  std::vector<int> line;             ///< line in the file, counted from 1; empty for tables made by code
  Value metadata = Value::object();  ///< the header lines: "cell id", "start", …
  std::vector<Repair> repairs;       ///< in the order of the file; at most `most_repairs` of a kind are listed
  std::vector<std::size_t> repair_counts;  ///< per RepairKind, all of them
  std::string format;                      ///< "landt"
  std::string file;

  [[nodiscard]] std::size_t rows() const { return time_s.size(); }

  /// How many repairs of one kind there were.
  [[nodiscard]] std::size_t count(RepairKind kind) const;
};

/// More repairs of one kind are counted, not listed.
inline constexpr std::size_t most_repairs = 1000;

/// Adds to the list and to the count.
void note_repair(CyclerData& data, Repair repair);

/// Mends time, duplicates and counters as RepairKind says. Readers call it last.
void mend(CyclerData& data);

/// The last decimal place that a column uses: 1e-4 for 0.0002 and 0.0013; 0 when there are more than nine.
[[nodiscard]] double resolution(const std::vector<double>& values);

}  // namespace hotstage::echem
