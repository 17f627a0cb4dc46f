// SPDX-License-Identifier: GPL-3.0-or-later
// Tables in delimited text: comma, semicolon, tab or blanks; quoted cells, comments, a header line with units; and a
// CSV writer.

#pragma once

#include "hotstage/core/error.hpp"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::io {

/// One column: all numbers, or all texts. "energy (eV)" in a header becomes name "energy", unit "eV".
struct Column {
  std::string name;
  std::string unit;
  std::vector<double> numbers;     ///< an empty cell of a file is NaN here and is written as an empty cell
  std::vector<std::string> texts;  ///< used when `is_text`
  bool is_text = false;
  Location first_text{};  ///< of a text column read from a file: the first cell that is not a number

  [[nodiscard]] std::size_t size() const { return is_text ? texts.size() : numbers.size(); }
};

/// "energy (eV)", or the bare name when there is no unit.
[[nodiscard]] std::string label(const Column& column);

/// Numbers of one column. Throws Error{bad_input} at the first cell that is not a number.
[[nodiscard]] const std::vector<double>& numbers_of(const Column& column);

[[nodiscard]] Column number_column(std::string name, std::string unit, std::vector<double> values);
[[nodiscard]] Column text_column(std::string name, std::vector<std::string> values);

struct Table {
  std::vector<Column> columns;
  std::vector<std::string> comments;  ///< comment lines before the data, without their mark
  std::vector<int> lines;             ///< line in the file of every row; empty for tables made by code
  std::string file;
  bool has_header = false;

  [[nodiscard]] std::size_t rows() const { return columns.empty() ? 0 : columns.front().size(); }

  /// Column by name. Throws Error{bad_input} with the names that exist.
  [[nodiscard]] const Column& column(std::string_view name) const;

  /// Numbers of a column. Throws Error{bad_input} at the first cell that is not a number.
  [[nodiscard]] const std::vector<double>& numbers(std::string_view name) const;
};

enum class Header {
  detect,  ///< the first line is a header when it holds a text where the rest of its column holds numbers
  present,
  absent,
};

struct DelimitedOptions {
  char delimiter = 0;  ///< 0: found from the first lines; ' ' means any run of blanks and tabs
  char comment =
      '#';  ///< lines that start with it are comments; the last one before the data may name the columns; 0: none
  Header header = Header::detect;
};

/// Columns without a name are called "column 1", …. Throws Error{bad_input} with line and column for ragged rows and
/// unfinished quotes.
[[nodiscard]] Table parse_table(std::string_view text, const std::string& file, const DelimitedOptions& options = {});
[[nodiscard]] Table read_table(const std::filesystem::path& path, const DelimitedOptions& options = {});

/// Comma separated, header line of labels, shortest round-trip numbers, LF. All columns must be equally long.
[[nodiscard]] std::string format_table(const Table& table);
void write_table(const std::filesystem::path& path, const Table& table);

/// What write_table wrote, line by line in little memory: a header line is there, `lines` stays empty. A file that is
/// not that plain is read as any other.
[[nodiscard]] Table read_written_table(const std::filesystem::path& path);

/// A number as people and instruments write it, blanks around and a plus sign allowed. Nothing when anything else is
/// there.
[[nodiscard]] std::optional<double> parse_number(std::string_view text);

}  // namespace hotstage::io
