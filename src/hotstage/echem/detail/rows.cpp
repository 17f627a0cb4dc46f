// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/echem/detail/rows.hpp"

#include "hotstage/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace hotstage::echem::detail {

namespace {

std::optional<double> number(std::string_view text) {
  text = trim(text);
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
  }
  double value = 0.0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || code != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

std::optional<int> whole(std::string_view text) {
  const auto value = number(text);
  constexpr double largest = 1e9;
  if (!value || std::abs(*value) > largest) {
    return std::nullopt;
  }
  return static_cast<int>(std::lround(*value));
}

/// Instruments that run for years do not leave this.
constexpr double largest_value = 1e12;

/// One row as far as it is understood.
struct Row {
  std::array<double, 7> numbers{};  // time … discharge energy, in the order of `numeric`
  int cycle = 0;
  int step = 0;
  int record = 0;
  std::string_view step_name;
};

constexpr std::array numeric{Role::time,      Role::voltage,       Role::current,         Role::charge,
                             Role::discharge, Role::charge_energy, Role::discharge_energy};

std::array<std::vector<double>*, 7> targets(CyclerData& data) {
  return {&data.time_s,       &data.voltage_V, &data.current_A,   &data.charge_Ah,
          &data.discharge_Ah, &data.charge_Wh, &data.discharge_Wh};
}

bool has(const RowLayout& layout, Role role) {
  return std::ranges::any_of(layout.columns, [&](const ColumnRole& column) { return column.role == role; });
}

/// Reads one cell into the row; false when it must hold a number and does not.
bool read_cell(std::string_view cell, const ColumnRole& column, Row& row) {
  if (column.role == Role::ignored) {
    return true;
  }
  if (column.role == Role::step_name) {
    row.step_name = trim(cell);
    return true;
  }
  if (column.role == Role::cycle || column.role == Role::step || column.role == Role::record) {
    const auto value = whole(cell);
    (column.role == Role::cycle ? row.cycle : (column.role == Role::step ? row.step : row.record)) = value.value_or(0);
    return value.has_value();
  }
  const auto value = number(cell);
  const auto index = static_cast<std::size_t>(std::ranges::find(numeric, column.role) - numeric.begin());
  row.numbers[index] = value.value_or(0.0) * column.factor;
  return value && std::abs(row.numbers[index]) < largest_value;
}

/// Empty when the row is whole; else what is wrong with it.
std::string read_row(std::string_view line, const RowLayout& layout, Row& row) {
  const std::vector<std::string_view> cells = split(line, layout.delimiter);
  const bool trailing = cells.size() == layout.columns.size() + 1 && trim(cells.back()).empty();
  if (cells.size() != layout.columns.size() && !trailing) {
    return fmt::format("{} of {} columns", cells.size(), layout.columns.size());
  }
  for (std::size_t i = 0; i < layout.columns.size(); ++i) {
    if (!read_cell(cells[i], layout.columns[i], row)) {
      return fmt::format("column {} holds no usable number", i + 1);
    }
  }
  return {};
}

void append(const Row& row, int line, const RowLayout& layout, CyclerData& data) {
  const auto columns = targets(data);
  for (std::size_t i = 0; i < numeric.size(); ++i) {
    if (has(layout, numeric[i])) {
      columns[i]->push_back(row.numbers[i]);
    }
  }
  if (has(layout, Role::cycle)) {
    data.cycle.push_back(row.cycle);
  }
  if (has(layout, Role::step)) {
    data.step.push_back(row.step);
  }
  if (has(layout, Role::record)) {
    data.record.push_back(row.record);
  }
  if (has(layout, Role::step_name)) {
    data.step_name.emplace_back(row.step_name);
  }
  data.line.push_back(line);
}

void check_layout(const RowLayout& layout) {
  std::string missing;
  for (const auto& [role, word] :
       {std::pair{Role::time, "time"}, std::pair{Role::voltage, "voltage"}, std::pair{Role::current, "current"}}) {
    if (!has(layout, role)) {
      missing += fmt::format("{}{}", missing.empty() ? "" : ", ", word);
    }
  }
  if (!missing.empty()) {
    throw Error(Errc::bad_input, Location{.line = layout.first_line - 1}, fmt::format("no column with {}", missing),
                "Export time, voltage and current from the cycler's software");
  }
}

}  // namespace

std::vector<std::string_view> split(std::string_view line, char delimiter) {
  std::vector<std::string_view> out;
  std::size_t start = 0;
  bool quoted = false;
  for (std::size_t i = 0; i <= line.size(); ++i) {
    if (i == line.size() || (line[i] == delimiter && !quoted)) {
      out.push_back(line.substr(start, i - start));
      start = i + 1;
    } else if (line[i] == '"') {
      quoted = !quoted;
    }
  }
  for (std::string_view& cell : out) {
    if (cell.size() >= 2 && cell.front() == '"' && cell.back() == '"') {
      cell = cell.substr(1, cell.size() - 2);
    }
  }
  return out;
}

std::string_view next_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (!line.empty() && line.back() == '\r') {
    line.remove_suffix(1);
  }
  return line;
}

void read_rows(std::string_view text, const RowLayout& layout, CyclerData& data) {
  check_layout(layout);
  int line_number = layout.first_line;
  std::size_t bad = 0;
  std::string first_problem;
  for (; !text.empty(); ++line_number) {
    const std::string_view line = next_line(text);
    if (trim(line).empty()) {
      continue;
    }
    Row row;
    const std::string problem = read_row(line, layout, row);
    if (problem.empty()) {
      append(row, line_number, layout, data);
      continue;
    }
    first_problem = bad++ == 0 ? fmt::format("line {}: {}", line_number, problem) : first_problem;
    note_repair(data, {RepairKind::unreadable, line_number, problem + ": row removed"});
  }
  if (data.rows() == 0 || bad > data.rows()) {
    throw Error(Errc::bad_input, Location{.line = layout.first_line},
                data.rows() == 0 && bad == 0
                    ? "the file has a header and no rows"
                    : fmt::format("{} of {} rows cannot be read ({})", bad, bad + data.rows(), first_problem),
                "Export it again from the cycler's software");
  }
}

}  // namespace hotstage::echem::detail
