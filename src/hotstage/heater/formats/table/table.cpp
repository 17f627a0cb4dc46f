// SPDX-License-Identifier: GPL-3.0-or-later
// Any table with one row per time: the user says which column is what.

#include "hotstage/heater/detail/log_rows.hpp"
#include "hotstage/heater/format.hpp"
#include "hotstage/io/delimited.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::heater::table {

namespace {

/// Lines before the table become empty, so that messages keep the line of the file.
std::string without_head(std::string_view text, int lines) {
  std::string out(text);
  for (std::size_t at = 0; lines > 0 && at < out.size(); ++at) {
    if (out[at] == '\n') {
      --lines;
    } else {
      out[at] = ' ';
    }
  }
  return out;
}

char delimiter_of(const ColumnMap& columns) {
  if (columns.delimiter == "tab") {
    return '\t';
  }
  if (columns.delimiter.size() > 1) {
    throw Error(Errc::bad_input, fmt::format("delimiter = \"{}\" is not one character", columns.delimiter),
                "Give one character, or tab");
  }
  const char out = columns.delimiter.empty() ? '\0' : columns.delimiter.front();
  if (columns.decimal_comma && out == ',') {
    throw Error(Errc::bad_input, "the comma cannot part cells and be the decimal mark",
                "Give the delimiter that the file has, often \";\" or tab");
  }
  return out;
}

/// Numbers of a column; empty cells are NaN.
std::vector<double> numbers_of(const io::Table& table, const std::string& name, bool decimal_comma,
                               const std::string& file) {
  const io::Column& column = table.column(name);
  if (!column.is_text) {
    return column.numbers;
  }
  const auto number = static_cast<int>(&column - table.columns.data()) + 1;
  std::vector<double> out;
  for (std::size_t i = 0; i < column.texts.size(); ++i) {
    std::string cell = column.texts[i];
    if (decimal_comma) {
      std::ranges::replace(cell, ',', '.');
    }
    const int line = i < table.lines.size() ? table.lines[i] : 0;
    out.push_back(cell.empty() ? std::nan("") : detail::number_in(cell, file, line, number));
  }
  return out;
}

std::vector<std::string> texts_of(const io::Table& table, const std::string& name, const std::string& file) {
  const io::Column& column = table.column(name);
  if (!column.is_text) {
    throw Error(Errc::bad_input, Location{.file = file, .line = table.lines.empty() ? 0 : table.lines.front()},
                fmt::format("the column \"{}\" holds numbers, not times of day", name),
                "Say time_format = \"s\", \"ms\", \"min\" or \"h\"");
  }
  return column.texts;
}

double seconds_per(TimeFormat format) {
  switch (format) {
    case TimeFormat::ms:
      return 1e-3;
    case TimeFormat::min:
      return 60.0;
    case TimeFormat::h:
      return 3600.0;
    default:
      return 1.0;
  }
}

double to_degC(double value, Scale unit) {
  constexpr double zero_K = 273.15;
  return unit == Scale::K ? value - zero_K : unit == Scale::degF ? (value - 32.0) / 1.8 : value;
}

Match sniff(std::string_view) {
  return Match::no;
}

HeaterLog read(std::string_view text, const std::string& file, const ReadOptions& options) {
  const ColumnMap& columns = options.columns;
  if (columns.temperature.empty() || columns.time.empty()) {
    throw Error(Errc::bad_input, Location{.file = file}, "a table needs the names of its columns",
                "Give time_column and temperature_column");
  }
  const io::Table table =
      io::parse_table(without_head(text, columns.skip_lines), file,
                      {.delimiter = delimiter_of(columns), .comment = '#', .header = io::Header::present});
  if (table.rows() == 0) {
    throw Error(Errc::bad_input, Location{.file = file}, "the table has no rows");
  }
  detail::LogRows rows;
  rows.line = table.lines;
  rows.line.resize(table.rows());
  for (const double value : numbers_of(table, columns.temperature, columns.decimal_comma, file)) {
    rows.temperature.push_back(to_degC(value, columns.unit));
  }
  if (!columns.set.empty()) {
    for (const double value : numbers_of(table, columns.set, columns.decimal_comma, file)) {
      rows.set_degC.push_back(to_degC(value, columns.unit));
    }
  }
  if (columns.time_format == TimeFormat::clock) {
    rows.clock = texts_of(table, columns.time, file);
  } else {
    for (const double value : numbers_of(table, columns.time, columns.decimal_comma, file)) {
      rows.time_s.push_back(value * seconds_per(columns.time_format));
    }
    if (!columns.wall.empty()) {
      rows.clock = texts_of(table, columns.wall, file);
    }
  }
  HeaterLog log = detail::build_log(std::move(rows), file, options);
  if (columns.time_format == TimeFormat::clock) {
    const double start = log.time_s.front();
    for (double& time : log.time_s) {
      time -= start;
    }
  }
  return log;
}

}  // namespace

extern const LogFormat format;
const LogFormat format{.id = "table", .title = "table with named columns", .sniff = sniff, .read = read};

}  // namespace hotstage::heater::table
