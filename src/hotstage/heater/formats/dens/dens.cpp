// SPDX-License-Identifier: GPL-3.0-or-later
// DENSsolutions DigiHeater (.dens): a short header, then cells between tabs.

#include "hotstage/heater/detail/log_rows.hpp"
#include "hotstage/heater/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace hotstage::heater::dens {

namespace {

constexpr std::string_view program = "Digiheater";
constexpr std::string_view first_column = "sample\ttime\t";

/// The next line without its end; nothing at the end of the text.
std::optional<std::string_view> next_line(std::string_view& text) {
  if (text.empty()) {
    return std::nullopt;
  }
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  return line;
}

std::vector<std::string> cells_of(std::string_view line) {
  std::vector<std::string> out;
  for (;;) {
    const std::size_t end = std::min(line.find('\t'), line.size());
    std::string_view cell = line.substr(0, end);
    while (cell.starts_with(' ')) {
      cell.remove_prefix(1);
    }
    while (cell.ends_with(' ')) {
      cell.remove_suffix(1);
    }
    out.emplace_back(cell);
    if (end == line.size()) {
      return out;
    }
    line.remove_prefix(end + 1);
  }
}

struct Columns {
  std::size_t time = 1;
  std::optional<std::size_t> set;
  std::size_t measured = 0;
};

Columns find_columns(const std::vector<std::string>& names, const std::string& file, int line) {
  Columns out;
  std::optional<std::size_t> measured;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == "Tset[C]") {
      out.set = i;
    } else if (names[i] == "Tmeas[C]") {
      measured = i;
    } else if (names[i].starts_with("Tmeas") && names[i].find("[C]") == std::string::npos) {
      throw Error(Errc::unsupported, Location{.file = file, .line = line, .column = static_cast<int>(i) + 1},
                  fmt::format("temperatures are given as \"{}\"", names[i]), "Export them in degC");
    }
  }
  if (!measured) {
    throw Error(Errc::bad_input, Location{.file = file, .line = line}, "the log has no column \"Tmeas[C]\"",
                "Export it again with the measured temperature");
  }
  out.measured = *measured;
  return out;
}

Match sniff(std::string_view head) {
  std::string_view rest = head;
  const std::string_view first = next_line(rest).value_or(std::string_view());
  return first.find(program) != std::string_view::npos || head.find(first_column) != std::string_view::npos ? Match::yes
                                                                                                            : Match::no;
}

HeaterLog read(std::string_view text, const std::string& file, const ReadOptions& options) {
  int line = 0;
  std::string date;
  std::optional<Columns> columns;
  detail::LogRows rows;
  std::vector<Repair> cut;
  while (const auto content = next_line(text)) {
    ++line;
    if (!columns && content->find(program) != std::string_view::npos) {
      date = content->substr(0, content->find('\t'));
    }
    if (!columns) {
      if (content->starts_with(first_column)) {
        columns = find_columns(cells_of(*content), file, line);
      }
      continue;
    }
    if (content->find_first_not_of(" \t") == std::string_view::npos) {
      continue;
    }
    const std::vector<std::string> cells = cells_of(*content);
    if (cells.size() <= std::max(columns->measured, columns->set.value_or(0))) {
      if (text.empty()) {
        cut.push_back({"incomplete row", line, "the last row is not complete: dropped"});
        break;
      }
      throw Error(Errc::bad_input, Location{.file = file, .line = line}, fmt::format("a row of {} cells", cells.size()),
                  "Copy the log again");
    }
    const auto number = [&](std::size_t at) {
      return detail::number_in(cells[at], file, line, static_cast<int>(at) + 1);
    };
    rows.clock.push_back(cells[columns->time]);
    rows.temperature.push_back(number(columns->measured));
    if (columns->set) {
      rows.set_degC.push_back(number(*columns->set));
    }
    rows.line.push_back(line);
  }
  if (!columns) {
    throw Error(Errc::bad_input, Location{.file = file, .line = line}, "the line \"sample, time, …\" is missing",
                "The log was cut off within its header");
  }
  HeaterLog log = detail::build_log(std::move(rows), file, options);
  // Only the clock counts time: from the first row.
  const double start = log.time_s.front();
  for (double& time : log.time_s) {
    time -= start;
  }
  log.date = date;
  log.repairs.insert(log.repairs.end(), cut.begin(), cut.end());
  return log;
}

}  // namespace

extern const LogFormat format;
const LogFormat format{.id = "dens", .title = "DENSsolutions DigiHeater", .sniff = sniff, .read = read};

}  // namespace hotstage::heater::dens
