// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/echem/cycler_data.hpp"

#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

namespace hotstage::echem {

namespace {

constexpr std::size_t kinds = 8;

/// A clock that is wrong for more rows than this has restarted; fewer rows are single bad stamps.
constexpr std::size_t longest_glitch = 3;
/// A row that comes later than this many of the step's usual intervals leaves a gap.
constexpr double gap_intervals = 20.0;
/// … and than this: rows written on voltage changes come irregularly.
constexpr double shortest_gap_s = 600.0;

template <class T>
void keep(std::vector<T>& column, const std::vector<char>& kept) {
  if (column.empty()) {
    return;
  }
  std::size_t out = 0;
  for (std::size_t i = 0; i < column.size(); ++i) {
    if (kept[i] != 0) {
      if (out != i) {
        column[out] = std::move(column[i]);
      }
      ++out;
    }
  }
  column.resize(out);
}

void keep_rows(CyclerData& data, const std::vector<char>& kept) {
  for (std::vector<double>* column : {&data.time_s, &data.voltage_V, &data.current_A, &data.charge_Ah,
                                      &data.discharge_Ah, &data.charge_Wh, &data.discharge_Wh}) {
    keep(*column, kept);
  }
  for (std::vector<int>* column : {&data.cycle, &data.step, &data.record, &data.line}) {
    keep(*column, kept);
  }
  keep(data.step_name, kept);
}

int line_of(const CyclerData& data, std::size_t row) {
  return data.line.empty() ? static_cast<int>(row) + 1 : data.line[row];
}

bool same_step(const CyclerData& data, std::size_t a, std::size_t b) {
  return (data.step.empty() || data.step[a] == data.step[b]) && (data.cycle.empty() || data.cycle[a] == data.cycle[b]);
}

void remove_duplicates(CyclerData& data) {
  std::vector<char> kept(data.rows(), 1);
  for (std::size_t i = 1; i < data.rows(); ++i) {
    const bool same = data.time_s[i] == data.time_s[i - 1] && data.voltage_V[i] == data.voltage_V[i - 1] &&
                      data.current_A[i] == data.current_A[i - 1] && same_step(data, i, i - 1) &&
                      (data.record.empty() || data.record[i] == data.record[i - 1]);
    if (same) {
      kept[i] = 0;
      note_repair(data, {RepairKind::duplicated, line_of(data, i), "the same record again: row removed"});
    }
  }
  keep_rows(data, kept);
}

/// First row from `begin` whose clock, moved on by `offset`, is not below `latest`; looks one row beyond a glitch.
std::size_t find_resumption(const CyclerData& data, std::size_t begin, double offset, double latest) {
  const std::size_t end = std::min(data.rows(), begin + longest_glitch + 1);
  std::size_t i = begin;
  while (i < end && data.time_s[i] + offset < latest) {
    ++i;
  }
  return i;
}

void mend_time(CyclerData& data) {
  std::vector<char> kept(data.rows(), 1);
  double latest = data.rows() == 0 ? 0.0 : data.time_s.front();
  double offset = 0.0;
  for (std::size_t i = 1; i < data.rows(); ++i) {
    const double raw = data.time_s[i];
    if (raw + offset >= latest) {
      data.time_s[i] = latest = raw + offset;
      continue;
    }
    const std::size_t resumed = find_resumption(data, i, offset, latest);
    if (resumed - i <= longest_glitch && (resumed < data.rows() || i + 1 == data.rows())) {
      for (; i < resumed; ++i) {
        kept[i] = 0;
        note_repair(data, {RepairKind::time_backwards, line_of(data, i),
                           fmt::format("time {:g} s after {:g} s: row removed", data.time_s[i] + offset, latest)});
      }
      --i;
      continue;
    }
    offset = latest - raw;
    note_repair(data, {RepairKind::clock_restarted, line_of(data, i),
                       fmt::format("the time starts again at {:g} s: {:g} s added from here on", raw, offset)});
    data.time_s[i] = latest;
  }
  keep_rows(data, kept);
}

void find_missing(CyclerData& data) {
  for (std::size_t i = 1; i < data.record.size(); ++i) {
    const int jump = data.record[i] - data.record[i - 1];
    if (jump > 1) {
      note_repair(data, {RepairKind::missing, line_of(data, i),
                         fmt::format("{} records missing before number {}: nothing put in", jump - 1, data.record[i])});
    }
  }
}

/// Median interval of the rows [begin, end).
double usual_interval(const CyclerData& data, std::size_t begin, std::size_t end) {
  std::vector<double> intervals;
  for (std::size_t i = begin + 1; i < end; ++i) {
    intervals.push_back(data.time_s[i] - data.time_s[i - 1]);
  }
  if (intervals.empty()) {
    return 0.0;
  }
  const auto middle = intervals.begin() + static_cast<std::ptrdiff_t>(intervals.size() / 2);
  std::nth_element(intervals.begin(), middle, intervals.end());
  return *middle;
}

void find_gaps(CyclerData& data) {
  for (std::size_t begin = 0; begin < data.rows();) {
    std::size_t end = begin + 1;
    while (end < data.rows() && same_step(data, end, begin)) {
      ++end;
    }
    const double limit = std::max(shortest_gap_s, gap_intervals * usual_interval(data, begin, end));
    for (std::size_t i = begin + 1; i < end; ++i) {
      const double interval = data.time_s[i] - data.time_s[i - 1];
      if (interval > limit && data.current_A[i] != 0.0) {
        data.after_gap.resize(data.rows());
        data.after_gap[i] = 1;
        note_repair(data, {RepairKind::gap, line_of(data, i),
                           fmt::format("no row for {:g} s: nothing put in, not integrated over", interval)});
      }
    }
    begin = end;
  }
}

void find_resets(CyclerData& data) {
  for (const std::vector<double>* counter : {&data.charge_Ah, &data.discharge_Ah}) {
    const std::string_view word = counter == &data.charge_Ah ? "charge" : "discharge";
    for (std::size_t i = 1; i < counter->size(); ++i) {
      if ((*counter)[i] < (*counter)[i - 1] && same_step(data, i, i - 1)) {
        note_repair(data, {RepairKind::counter_reset, line_of(data, i),
                           fmt::format("the {} counter fell from {:g} to {:g} A h inside a step: left as it is", word,
                                       (*counter)[i - 1], (*counter)[i])});
      }
    }
  }
}

void mend_cycles(CyclerData& data) {
  std::int64_t offset = 0;
  for (std::size_t i = 1; i < data.cycle.size(); ++i) {
    const std::int64_t last = data.cycle[i - 1];
    const std::int64_t number = data.cycle[i] + offset;
    if (number < last) {
      offset += last + 1 - number;
      note_repair(data,
                  {RepairKind::cycle_restarted, line_of(data, i),
                   fmt::format("cycle {} after cycle {}: numbers moved on by {} from here", number, last, offset)});
    }
    if (data.cycle[i] + offset > std::numeric_limits<int>::max()) {
      throw Error(Errc::bad_input, Location{.line = line_of(data, i)},
                  fmt::format("cycle {} cannot be counted on after cycle {}", data.cycle[i], last),
                  "Is this the column of the cycle numbers?");
    }
    data.cycle[i] = static_cast<int>(data.cycle[i] + offset);
  }
}

}  // namespace

std::string_view name(RepairKind kind) noexcept {
  switch (kind) {
    case RepairKind::unreadable:
      return "unreadable";
    case RepairKind::duplicated:
      return "duplicated";
    case RepairKind::time_backwards:
      return "time backwards";
    case RepairKind::clock_restarted:
      return "clock restarted";
    case RepairKind::missing:
      return "missing";
    case RepairKind::gap:
      return "gap";
    case RepairKind::counter_reset:
      return "counter reset";
    case RepairKind::cycle_restarted:
      return "cycle restarted";
  }
  return "unknown";
}

std::size_t CyclerData::count(RepairKind kind) const {
  const auto index = static_cast<std::size_t>(kind);
  return index < repair_counts.size() ? repair_counts[index] : 0;
}

void note_repair(CyclerData& data, Repair repair) {
  data.repair_counts.resize(kinds);
  if (data.repair_counts[static_cast<std::size_t>(repair.kind)]++ < most_repairs) {
    data.repairs.push_back(std::move(repair));
  }
}

void mend(CyclerData& data) {
  find_missing(data);
  remove_duplicates(data);
  mend_time(data);
  mend_cycles(data);
  find_gaps(data);
  find_resets(data);
  std::ranges::stable_sort(data.repairs, {}, &Repair::row);
}

double resolution(const std::vector<double>& values) {
  constexpr int most_digits = 9;
  constexpr double rounding = 1e-6;  // of doubles that stand for decimals
  double per_unit = 1.0;
  for (int digits = 0; digits <= most_digits; ++digits, per_unit *= 10.0) {
    const bool whole = std::ranges::all_of(values, [&](double value) {
      const double scaled = value * per_unit;
      return std::abs(scaled - std::round(scaled)) < rounding;
    });
    if (whole) {
      return 1.0 / per_unit;
    }
  }
  return 0.0;
}

}  // namespace hotstage::echem
