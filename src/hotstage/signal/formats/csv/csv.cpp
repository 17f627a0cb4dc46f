// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/error.hpp"
#include "hotstage/io/delimited.hpp"
#include "hotstage/io/document.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/io/text.hpp"
#include "hotstage/signal/detail/description.hpp"
#include "hotstage/signal/detail/stored_numbers.hpp"
#include "hotstage/signal/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

namespace hotstage::signal::csv {

namespace {

/// A comment line with our own description of axes and metadata starts with this.
constexpr std::string_view description_mark = "hotstage: ";
/// More spectra than this do not belong into a text file.
constexpr std::size_t most_columns = 4096;

bool is_text(std::span<const std::byte> head) {
  return std::ranges::none_of(head, [](std::byte b) {
    const auto c = std::to_integer<unsigned>(b);
    return c < 0x09 || (c > 0x0D && c < 0x20) || c == 0x7F;
  });
}

Match sniff(std::span<const std::byte> head) {
  if (!is_text(head)) {
    return Match::no;
  }
  std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
  // The last line may be cut off by the end of the head.
  const std::size_t newline = text.rfind('\n');
  if (head.size() >= 4096 && newline != std::string_view::npos) {
    text = text.substr(0, newline);
  }
  try {
    const io::Table table = io::parse_table(text, "");
    const bool numeric = std::ranges::none_of(table.columns, &io::Column::is_text);
    return table.rows() > 0 && numeric ? Match::maybe : Match::no;
  } catch (const Error&) {
    return Match::no;
  }
}

/// "eV", "energy (eV)" and "energy_eV" all name the unit.
void name_axis(Axis& axis, const io::Column& column, bool has_header) {
  if (!has_header) {
    return;
  }
  axis.name = column.name;
  axis.unit = column.unit;
  if (!axis.unit.empty()) {
    return;
  }
  const std::size_t underscore = axis.name.rfind('_');
  const std::string last = underscore == std::string::npos ? axis.name : axis.name.substr(underscore + 1);
  if (find_unit(last)) {
    axis.unit = last;
    axis.name = underscore == std::string::npos ? std::string() : axis.name.substr(0, underscore);
  }
}

/// Decimal places are lost in a table of doubles; a millionth of the step covers printing with 7 digits and more.
constexpr double printing = 1e-6;

void check_numbers(const io::Table& table) {
  for (const io::Column& column : table.columns) {
    const std::vector<double>& numbers = io::numbers_of(column);
    const auto bad = std::ranges::find_if(numbers, [](double x) { return !std::isfinite(x); });
    if (bad != numbers.end()) {
      const auto row = static_cast<std::size_t>(bad - numbers.begin());
      throw Error(Errc::bad_input, Location{.line = table.lines[row]},
                  fmt::format("the column \"{}\" has no number here", io::label(column)), "Fill or remove the line");
    }
  }
}

Value keep_header(const io::Table& table) {
  Value out = Value::object();
  Value columns = Value::array();
  for (const io::Column& column : table.columns) {
    columns.push_back(Value(io::label(column)));
  }
  out["columns"] = std::move(columns);
  out["comments"] = Value(Value::Array(table.comments.begin(), table.comments.end()));
  return out;
}

std::vector<Signal> read(const std::filesystem::path& file, Run& run) {
  const io::Table table = io::parse_table(io::to_utf8(io::read_text(file)), file.string());
  if (table.rows() == 0) {
    throw Error(Errc::bad_input, "the table has no rows: the spectrum is empty");
  }
  if (table.columns.size() > most_columns) {
    throw Error(Errc::unsupported, fmt::format("{} columns are not a table of spectra", table.columns.size()));
  }
  check_numbers(table);
  const std::size_t first = table.columns.size() == 1 ? 0 : 1;
  const std::size_t items = table.columns.size() - first;
  Signal signal;
  signal.original = keep_header(table);
  Axis axis{.name = "channel", .size = table.rows()};
  if (first == 1) {
    const std::vector<double>& values = table.columns.front().numbers;
    const double step =
        std::abs(values.back() - values.front()) / static_cast<double>(std::max<std::size_t>(values.size() - 1, 1));
    axis = detail::axis_through(values, printing * step);
    name_axis(axis, table.columns.front(), table.has_header);
  }
  signal.axes.push_back(std::move(axis));
  if (items > 1) {
    signal.navigation.push_back({.name = "column", .size = items});
  }
  const io::Column& counts = table.columns[first];
  signal.intensity_unit = counts.unit;
  signal.metadata.title = file.stem().string();
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i < items; ++i) {
    const auto column = std::as_bytes(std::span(table.columns[first + i].numbers));
    bytes.insert(bytes.end(), column.begin(), column.end());
  }
  signal.source = memory_source(DType::f64, items, table.rows(), std::move(bytes));
  for (const std::string& comment : table.comments) {
    if (comment.starts_with(description_mark)) {
      signal.metadata.title.clear();
      detail::restore(signal, std::string_view(comment).substr(description_mark.size()), run);
    }
  }
  return {std::move(signal)};
}

io::Column axis_column(const Axis& axis) {
  std::vector<double> values(axis.size);
  for (std::size_t i = 0; i < axis.size; ++i) {
    values[i] = axis.is_uniform() ? axis.value(static_cast<double>(i)) : axis.points[i];
  }
  return io::number_column(axis.name.empty() ? "axis" : axis.name, axis.unit, std::move(values));
}

void check_writable(std::span<const Signal> signals) {
  const Signal& signal = signals.front();
  if (signals.size() != 1) {
    detail::refuse(signal, "CSV", "several signals", "Write one file each, or .hspy");
  }
  if (signal.axes.size() != 1 || signal.navigation.size() > 1 || signal.channels() == 0 || signal.items() == 0) {
    detail::refuse(signal, "CSV", fmt::format("data of the shape {}", signal.shape_text()),
                   "It holds a spectrum or a row of spectra");
  }
  if (signal.items() >= most_columns) {
    detail::refuse(signal, "CSV", fmt::format("{} spectra", signal.items()), "Write .hspy");
  }
  if (signal.item_offset) {
    detail::refuse(signal, "CSV", "an energy offset per spectrum", "Write .hspy");
  }
  const DType type = signal.source->dtype();
  if (type == DType::c64 || type == DType::c128 || type == DType::rgba8) {
    detail::refuse(signal, "CSV", fmt::format("{} numbers", name(type)), "Write .hspy");
  }
}

void write(std::span<const Signal> signals, const std::filesystem::path& file, Run&) {
  check_writable(signals);
  const Signal& signal = signals.front();
  io::Table table;
  table.columns.push_back(axis_column(signal.axes.front()));
  Buffer<double, 2> counts({signal.items(), signal.channels()});
  signal::read(signal, {0, signal.items(), 0, signal.channels()}, counts.view());
  for (std::size_t i = 0; i < signal.items(); ++i) {
    const std::span<const double> row = std::as_const(counts).row(i);
    if (std::ranges::any_of(row, [](double x) { return !std::isfinite(x); })) {
      detail::refuse(signal, "CSV", fmt::format("values that are not finite (spectrum {})", i),
                     "Mask them first, or write .hspy");
    }
    table.columns.push_back(io::number_column(signal.items() == 1 ? "intensity" : fmt::format("intensity {}", i),
                                              signal.intensity_unit, {row.begin(), row.end()}));
  }
  io::write_text(file, fmt::format("# {}{}\n{}", description_mark, detail::describe(signal), io::format_table(table)));
}

}  // namespace

extern const Format format;
const Format format{.id = "csv",
                    .title = "CSV spectra",
                    .extensions = {"csv", "txt", "tsv"},
                    .sniff = sniff,
                    .read = read,
                    .write = write};

}  // namespace hotstage::signal::csv
