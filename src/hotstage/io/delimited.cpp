// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/io/delimited.hpp"

#include "hotstage/core/text.hpp"
#include "hotstage/io/document.hpp"
#include "hotstage/io/files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <optional>
#include <system_error>
#include <utility>

namespace hotstage::io {

namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

struct Cell {
  std::string text;
  int column = 1;  ///< of its first character in the line
};

struct Row {
  std::vector<Cell> cells;
  int line = 0;
};

/// Splits the text into rows of cells.
class Splitter {
 public:
  Splitter(std::string_view text, const std::string& file, const DelimitedOptions& options)
      : text_(text), file_(file), comment_(options.comment), delimiter_(options.delimiter) {
    if (text_.starts_with("\xEF\xBB\xBF")) {
      text_.remove_prefix(3);
    }
    if (delimiter_ == 0) {
      delimiter_ = guess();
    }
  }

  std::vector<Row> rows;
  std::vector<std::pair<int, std::string>> comments;  ///< line number and text, before the first row only

  [[nodiscard]] char delimiter() const { return delimiter_; }

  void split() {
    while (at_ < text_.size()) {
      const std::string_view line = rest_of_line();
      const std::string_view content = trim(line);
      if (content.empty()) {
        next_line(line.size());
      } else if (comment_ != 0 && content.front() == comment_) {
        if (rows.empty()) {
          comments.emplace_back(line_, std::string(trim(content.substr(1))));
        }
        next_line(line.size());
      } else {
        row();
      }
    }
  }

  /// Cells of one line without quotes that span lines.
  [[nodiscard]] std::vector<Cell> cells_of(std::string_view line) const {
    Splitter inner(line, file_, {.delimiter = delimiter_, .comment = 0});
    inner.split();
    return inner.rows.empty() ? std::vector<Cell>{} : inner.rows.front().cells;
  }

 private:
  [[nodiscard]] std::string_view rest_of_line() const {
    const std::size_t end = text_.find('\n', at_);
    return text_.substr(at_, end == std::string_view::npos ? std::string_view::npos : end - at_);
  }

  void next_line(std::size_t length) {
    at_ += length + 1;
    ++line_;
  }

  /// The first of tab, semicolon, comma that stands in the first line of cells outside quotes; blanks when the second
  /// line has some too ("x (nm)" above a single column has a blank that separates nothing); else comma.
  [[nodiscard]] char guess() const {
    const auto [first, second] = first_lines();
    for (const char candidate : {'\t', ';', ','}) {
      bool quoted = false;
      for (const char c : first) {
        quoted = quoted != (c == '"');
        if (c == candidate && !quoted) {
          return candidate;
        }
      }
    }
    return std::ranges::any_of(second.empty() ? first : second, is_blank) ? ' ' : ',';
  }

  [[nodiscard]] std::pair<std::string_view, std::string_view> first_lines() const {
    std::string_view first;
    for (std::size_t from = 0; from < text_.size();) {
      const std::size_t end = std::min(text_.find('\n', from), text_.size());
      const std::string_view line = trim(text_.substr(from, end - from));
      if (!line.empty() && (comment_ == 0 || line.front() != comment_)) {
        if (!first.empty()) {
          return {first, line};
        }
        first = line;
      }
      from = end + 1;
    }
    return {first, {}};
  }

  [[nodiscard]] bool is_delimiter(char c) const { return delimiter_ == ' ' ? is_blank(c) : c == delimiter_; }

  void row() {
    Row out;
    out.line = line_;
    const std::size_t start = at_;
    bool more = true;
    while (more) {
      while (at_ < text_.size() && is_blank(text_[at_]) && (delimiter_ == ' ' || text_[at_] != delimiter_)) {
        ++at_;
      }
      if (delimiter_ == ' ' && (at_ == text_.size() || text_[at_] == '\n')) {
        break;
      }
      Cell cell{.text = {}, .column = static_cast<int>(std::min<std::size_t>(at_ - start, 1U << 30U)) + 1};
      if (at_ < text_.size() && text_[at_] == '"') {
        quoted(cell);
      } else {
        const std::size_t from = at_;
        while (at_ < text_.size() && text_[at_] != '\n' && !is_delimiter(text_[at_])) {
          ++at_;
        }
        cell.text = trim(text_.substr(from, at_ - from));
      }
      more = at_ < text_.size() && text_[at_] != '\n';
      if (more) {
        ++at_;
      }
      out.cells.push_back(std::move(cell));
    }
    if (at_ < text_.size()) {
      ++at_;
    }
    ++line_;
    rows.push_back(std::move(out));
  }

  void quoted(Cell& cell) {
    const Location opening{.file = file_, .line = line_, .column = cell.column};
    ++at_;
    for (;; ++at_) {
      if (at_ >= text_.size()) {
        throw Error(Errc::bad_input, opening, "the quote that opens here is never closed");
      }
      if (text_[at_] == '"') {
        if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
          ++at_;
        } else {
          ++at_;
          break;
        }
      } else if (text_[at_] == '\n') {
        ++line_;
      }
      cell.text += text_[at_];
    }
    while (at_ < text_.size() && text_[at_] != '\n' && !is_delimiter(text_[at_])) {
      if (!is_blank(text_[at_])) {
        throw Error(Errc::bad_input, opening, "text follows a closing quote");
      }
      ++at_;
    }
  }

  std::string_view text_;
  const std::string& file_;
  char comment_;
  char delimiter_;
  std::size_t at_ = 0;
  int line_ = 1;
};

bool is_numeric(const Cell& cell) {
  return cell.text.empty() || parse_number(cell.text).has_value();
}

/// "energy (eV)" or "energy [eV]" → name and unit.
void name_column(Column& column, std::string_view text) {
  text = trim(text);
  const char last = text.empty() ? '\0' : text.back();
  const char opening = last == ')' ? '(' : last == ']' ? '[' : '\0';
  const std::size_t at = opening == '\0' ? std::string_view::npos : text.rfind(opening);
  if (at == std::string_view::npos || trim(text.substr(0, at)).empty()) {
    column.name = text;
    return;
  }
  column.name = trim(text.substr(0, at));
  column.unit = trim(text.substr(at + 1, text.size() - at - 2));
}

/// Trailing delimiters make empty last cells; they are dropped when every row has them.
void drop_trailing_cells(std::vector<Row>& rows) {
  while (!rows.empty() && rows.front().cells.size() > 1 && std::ranges::all_of(rows, [&](const Row& row) {
    return row.cells.size() == rows.front().cells.size() && row.cells.back().text.empty();
  })) {
    for (Row& row : rows) {
      row.cells.pop_back();
    }
  }
}

bool first_row_names(const std::vector<Row>& rows, Header header) {
  if (header != Header::detect) {
    return header == Header::present && !rows.empty();
  }
  if (rows.empty()) {
    return false;
  }
  const std::vector<Cell>& first = rows.front().cells;
  if (rows.size() == 1) {
    return std::ranges::none_of(first, [](const Cell& cell) { return parse_number(cell.text).has_value(); });
  }
  const std::vector<Cell>& second = rows[1].cells;
  for (std::size_t i = 0; i < std::min(first.size(), second.size()); ++i) {
    if (!is_numeric(first[i]) && is_numeric(second[i])) {
      return true;
    }
  }
  return false;
}

Column fill_column(const std::vector<Row>& rows, std::size_t first, std::size_t index, const std::string& file) {
  Column column;
  column.numbers.reserve(rows.size() - first);
  for (std::size_t r = first; r < rows.size(); ++r) {
    const Cell& cell = rows[r].cells[index];
    const auto number = parse_number(cell.text);
    if (!number && !cell.text.empty()) {
      column.is_text = true;
      column.first_text = {.file = file, .line = rows[r].line, .column = cell.column};
      break;
    }
    column.numbers.push_back(number.value_or(std::numeric_limits<double>::quiet_NaN()));
  }
  if (column.is_text) {
    column.numbers.clear();
    for (std::size_t r = first; r < rows.size(); ++r) {
      column.texts.push_back(rows[r].cells[index].text);
    }
  }
  return column;
}

void write_cell(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\n\r") == std::string_view::npos && text == trim(text) && !text.starts_with('#')) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') {
      out += '"';
    }
    out += c;
  }
  out += '"';
}

}  // namespace

std::optional<double> parse_number(std::string_view text) {
  text = trim(text);
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) {
      return std::nullopt;
    }
  }
  double value = 0.0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || text.empty()) {
    return std::nullopt;
  }
  if (status == std::errc::result_out_of_range) {
    // Too small or too large for a double: zero or infinity, as strtod says.
    return std::strtod(std::string(text).c_str(), nullptr);
  }
  return status == std::errc() ? std::optional(value) : std::nullopt;
}

std::string label(const Column& column) {
  return column.unit.empty() ? column.name : fmt::format("{} ({})", column.name, column.unit);
}

Column number_column(std::string name, std::string unit, std::vector<double> values) {
  Column column;
  column.name = std::move(name);
  column.unit = std::move(unit);
  column.numbers = std::move(values);
  return column;
}

Column text_column(std::string name, std::vector<std::string> values) {
  Column column;
  column.name = std::move(name);
  column.texts = std::move(values);
  column.is_text = true;
  return column;
}

const Column& Table::column(std::string_view name) const {
  std::string names;
  for (const Column& column : columns) {
    if (column.name == name || label(column) == name) {
      return column;
    }
    names += fmt::format("{}\"{}\"", names.empty() ? "" : ", ", label(column));
  }
  throw Error(Errc::bad_input, Location{.file = file}, fmt::format("there is no column \"{}\"", name),
              names.empty() ? "The table is empty" : "The table has " + names);
}

const std::vector<double>& numbers_of(const Column& column) {
  if (column.is_text) {
    const auto bad = std::find_if(column.texts.begin(), column.texts.end(),
                                  [](const std::string& text) { return !text.empty() && !parse_number(text); });
    throw Error(Errc::bad_input, column.first_text,
                fmt::format("\"{}\" in the column \"{}\" is not a number",
                            bad == column.texts.end() ? std::string() : *bad, label(column)));
  }
  return column.numbers;
}

const std::vector<double>& Table::numbers(std::string_view name) const {
  return numbers_of(column(name));
}

Table parse_table(std::string_view text, const std::string& file, const DelimitedOptions& options) {
  Splitter splitter(text, file, options);
  splitter.split();
  std::vector<Row>& rows = splitter.rows;
  drop_trailing_cells(rows);
  Table table;
  table.file = file;
  for (const auto& [line, comment] : splitter.comments) {
    table.comments.push_back(comment);
  }
  if (rows.empty()) {
    return table;
  }
  const std::size_t width = rows.front().cells.size();
  for (const Row& row : rows) {
    if (row.cells.size() != width) {
      throw Error(Errc::bad_input, Location{.file = file, .line = row.line},
                  fmt::format("{} cells where line {} has {}", row.cells.size(), rows.front().line, width),
                  "Every line needs the same number of cells");
    }
  }
  std::vector<Cell> names;
  const bool named = first_row_names(rows, options.header);
  if (named) {
    names = rows.front().cells;
  } else if (!table.comments.empty() && options.header == Header::detect) {
    names = splitter.cells_of(table.comments.back());
  }
  const std::size_t first = named ? 1 : 0;
  table.has_header = names.size() == width;
  for (std::size_t r = first; r < rows.size(); ++r) {
    table.lines.push_back(rows[r].line);
  }
  for (std::size_t i = 0; i < width; ++i) {
    Column column = fill_column(rows, first, i, file);
    name_column(column, table.has_header ? std::string_view(names[i].text) : std::string_view{});
    if (column.name.empty()) {
      column.name = fmt::format("column {}", i + 1);
    }
    table.columns.push_back(std::move(column));
  }
  return table;
}

Table read_table(const std::filesystem::path& path, const DelimitedOptions& options) {
  constexpr std::size_t largest_table = std::size_t{4} << 30;  // bytes: a map of 30 million items
  return parse_table(read_text(path, largest_table), path.string(), options);
}

namespace {

/// Cells of one line as write_table writes them; nothing for a line that needs the general reader.
std::optional<std::vector<std::string_view>> plain_cells(std::string_view line) {
  if (line.find('"') != std::string_view::npos || line.starts_with('#')) {
    return std::nullopt;
  }
  std::vector<std::string_view> cells;
  for (std::size_t from = 0; from <= line.size();) {
    const std::size_t to = std::min(line.find(',', from), line.size());
    cells.push_back(line.substr(from, to - from));
    from = to + 1;
  }
  return cells;
}

/// Takes a cell into its column; false when the column would change from numbers to texts.
bool take_cell(std::string_view cell, bool first, Column& column) {
  const auto number = parse_number(cell);
  if (first) {
    column.is_text = !number && !cell.empty();
  }
  if (column.is_text) {
    column.texts.emplace_back(cell);
    return true;
  }
  column.numbers.push_back(number.value_or(std::numeric_limits<double>::quiet_NaN()));
  return number || cell.empty();
}

/// A table in the words of write_table, read line by line; nothing when it is not that plain.
std::optional<Table> read_plain(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string line;
  if (!std::getline(in, line)) {
    return std::nullopt;
  }
  const auto names = plain_cells(line);
  if (!names) {
    return std::nullopt;
  }
  Table table;
  table.file = path.string();
  table.has_header = true;
  for (const std::string_view name : *names) {
    name_column(table.columns.emplace_back(), name);
  }
  for (bool first = true; std::getline(in, line); first = false) {
    const auto cells = plain_cells(line);
    if (!cells || cells->size() != table.columns.size()) {
      return std::nullopt;
    }
    for (std::size_t i = 0; i < cells->size(); ++i) {
      if (!take_cell((*cells)[i], first, table.columns[i])) {
        return std::nullopt;
      }
    }
  }
  return table;
}

void add_header(const Table& table, std::string& out) {
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    HOTSTAGE_EXPECTS(table.columns[i].size() == table.rows());
    out += i == 0 ? "" : ",";
    write_cell(out, label(table.columns[i]));
  }
  out += '\n';
}

void add_row(const Table& table, std::size_t r, std::string& out) {
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const Column& column = table.columns[i];
    out += i == 0 ? "" : ",";
    if (column.is_text) {
      write_cell(out, column.texts[r]);
    } else if (!std::isnan(column.numbers[r])) {
      out += shortest(column.numbers[r]);
    }
  }
  out += '\n';
}

}  // namespace

std::string format_table(const Table& table) {
  std::string out;
  add_header(table, out);
  for (std::size_t r = 0; r < table.rows(); ++r) {
    add_row(table, r, out);
  }
  return out;
}

Table read_written_table(const std::filesystem::path& path) {
  std::optional<Table> plain = read_plain(path);
  return plain ? std::move(*plain) : read_table(path, {.header = Header::present});
}

void write_table(const std::filesystem::path& path, const Table& table) {
  AtomicFile file(path);
  std::ofstream to(file.temporary(), std::ios::binary);
  std::string text;
  add_header(table, text);
  constexpr std::size_t enough = std::size_t{1} << 20;
  for (std::size_t r = 0; r < table.rows() && to; ++r) {
    add_row(table, r, text);
    if (text.size() > enough) {
      to << text;
      text.clear();
    }
  }
  to << text;
  to.close();
  if (!to) {
    throw os_error(errno, path, "write");
  }
  file.commit();
}

}  // namespace hotstage::io
