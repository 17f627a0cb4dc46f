// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/text.hpp"
#include "hotstage/echem/detail/rows.hpp"
#include "hotstage/echem/format.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cmath>
#include <utility>

namespace hotstage::echem::landt {

namespace {

using detail::ColumnRole;
using detail::Role;

struct NamedColumn {
  std::string_view name;
  Role role;
};

/// The header line of a real export (README.md), in its order.
constexpr std::array columns{NamedColumn{"channel_index", Role::record},
                             NamedColumn{"cycle_index", Role::cycle},
                             NamedColumn{"step_index", Role::step},
                             NamedColumn{"date_time_iso_string", Role::ignored},
                             NamedColumn{"test_time_s", Role::time},
                             NamedColumn{"step_time_s", Role::ignored},
                             NamedColumn{"current_A", Role::current},
                             NamedColumn{"voltage_V", Role::voltage},
                             NamedColumn{"discharge_capacity_Ah", Role::discharge},
                             NamedColumn{"charge_capacity_Ah", Role::charge},
                             NamedColumn{"discharge_energy_Wh", Role::discharge_energy},
                             NamedColumn{"charge_energy_Wh", Role::charge_energy},
                             NamedColumn{"Pressure_Psi", Role::ignored},
                             NamedColumn{"temperature_1_C", Role::ignored},
                             NamedColumn{"temperature_2_C", Role::ignored},
                             NamedColumn{"temperature_3_C", Role::ignored},
                             NamedColumn{"step_name", Role::step_name}};

/// Lines before the header, as the instrument writes them.
constexpr std::array header_keys{"cell model",
                                 "cell id",
                                 "test",
                                 "checkpoint",
                                 "Nominal capacity used to define the C rate",
                                 "Nominal energy used to define the E rate"};
constexpr std::array header_units{"", "", "", "", "Ah", "Wh"};

/// More lines than this before the header are no LANDT file.
constexpr int most_header_lines = 40;

bool is_header(std::string_view line) {
  const auto cells = detail::split(line, ',');
  const auto has = [&](std::string_view word) {
    for (const std::string_view cell : cells) {
      if (trim(cell) == word) {
        return true;
      }
    }
    return false;
  };
  return has("test_time_s") && has("voltage_V") && has("current_A") && has("cycle_index");
}

Match sniff(std::string_view head) {
  for (int i = 0; i < most_header_lines && !head.empty(); ++i) {
    if (is_header(detail::next_line(head))) {
      return Match::yes;
    }
  }
  return Match::no;
}

/// "cell id: abc,,,," as one member; the unit that the instrument prints behind the colon is not a value.
void keep_metadata(std::string_view line, Value& metadata) {
  const std::string_view text = trim(line.substr(0, line.find(",,")));
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    return;
  }
  const std::string key(trim(text.substr(0, colon)));
  const std::string value(trim(text.substr(colon + 1)));
  if (!key.empty() && !value.empty() && value != "Ah" && value != "Wh") {
    metadata[key] = value;
  }
}

std::vector<ColumnRole> roles_of(std::string_view header) {
  std::vector<ColumnRole> roles;
  for (const std::string_view cell : detail::split(header, ',')) {
    Role role = Role::ignored;
    for (const NamedColumn& column : columns) {
      role = trim(cell) == column.name ? column.role : role;
    }
    roles.push_back({role, 1.0});
  }
  return roles;
}

/// The time stamp of the first data line.
void keep_start(std::string_view text, std::string_view header, Value& metadata) {
  const auto names = detail::split(header, ',');
  const auto cells = detail::split(detail::next_line(text), ',');
  for (std::size_t i = 0; i < names.size() && i < cells.size(); ++i) {
    if (trim(names[i]) == "date_time_iso_string" && !trim(cells[i]).empty()) {
      metadata["start"] = std::string(trim(cells[i]));
    }
  }
}

CyclerData read(std::string_view text, const std::string&) {
  CyclerData data;
  detail::RowLayout layout;
  for (int line_number = 1; line_number <= most_header_lines && !text.empty(); ++line_number) {
    const std::string_view line = detail::next_line(text);
    if (is_header(line)) {
      layout.columns = roles_of(line);
      layout.first_line = line_number + 1;
      keep_start(text, line, data.metadata);
      detail::read_rows(text, layout, data);
      mend(data);
      return data;
    }
    keep_metadata(line, data.metadata);
  }
  throw Error(Errc::bad_input, "there is no header line with test_time_s, voltage_V and current_A");
}

/// "MM/DD/YYYY HH:MM:SS" of the start, in seconds since 1970.
std::int64_t parse_start(const std::string& text) {
  std::array<int, 6> part{};
  std::size_t at = 0;
  std::size_t index = 0;
  for (; index < part.size(); ++index) {
    const std::size_t digits = text.find_first_not_of("0123456789", at) - at;
    if (at >= text.size() || digits == 0 || (index != 5 && digits > 4)) {
      break;
    }
    part[index] = std::stoi(text.substr(at, std::min<std::size_t>(digits, 4)));
    at = std::min(text.size(), at + std::min(digits, text.size() - at) + 1);
  }
  using std::chrono::day;
  using std::chrono::month;
  using std::chrono::year;
  const std::chrono::year_month_day date(year(part[2]), month(static_cast<unsigned>(part[0])),
                                         day(static_cast<unsigned>(part[1])));
  if (index != part.size() || !date.ok()) {
    throw Error(Errc::bad_input, fmt::format("the start \"{}\" is not MM/DD/YYYY HH:MM:SS", text));
  }
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  return std::int64_t{86400} * days + 3600 * part[3] + 60 * part[4] + part[5];
}

void append_date(fmt::memory_buffer& out, std::int64_t seconds) {
  const std::int64_t days = (seconds >= 0 ? seconds : seconds - 86399) / 86400;
  const std::int64_t rest = seconds - 86400 * days;
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
  fmt::format_to(std::back_inserter(out), "{:02}/{:02}/{} {:02}:{:02}:{:02}", static_cast<unsigned>(date.month()),
                 static_cast<unsigned>(date.day()), static_cast<int>(date.year()), rest / 3600, rest / 60 % 60,
                 rest % 60);
}

void append_header(fmt::memory_buffer& out, const Value& metadata) {
  const std::string commas(columns.size() - 1, ',');
  for (std::size_t i = 0; i < header_keys.size(); ++i) {
    const std::string value = metadata.text_at(header_keys[i]).value_or(header_units[i]);
    fmt::format_to(std::back_inserter(out), "{}: {}{}\n", header_keys[i], value, commas);
  }
  for (std::size_t i = 0; i < columns.size(); ++i) {
    fmt::format_to(std::back_inserter(out), "{}{}", columns[i].name, i + 1 == columns.size() ? "\n" : ",");
  }
}

double at(const std::vector<double>& column, std::size_t row) {
  return column.empty() ? 0.0 : column[row];
}

/// A step name with a comma in quotes; the tester's files know no quotes inside quotes, nor line ends.
std::string cell_text(const std::string& name) {
  if (name.find_first_of("\"\r\n") != std::string::npos) {
    throw Error(Errc::bad_input, fmt::format("a LANDT file cannot hold the step name \"{}\"", name),
                "Take quotes and line ends out of it");
  }
  return name.find(',') == std::string::npos ? name : fmt::format("\"{}\"", name);
}

std::string write(const CyclerData& data) {
  fmt::memory_buffer out;
  append_header(out, data.metadata);
  const std::int64_t start = parse_start(data.metadata.text_at("start").value_or("01/01/2000 00:00:00"));
  const double first = data.rows() == 0 ? 0.0 : data.time_s.front();
  double step_start = first;
  for (std::size_t i = 0; i < data.rows(); ++i) {
    const int cycle = data.cycle.empty() ? 1 : data.cycle[i];
    const int step = data.step.empty() ? 1 : data.step[i];
    const bool fresh = i > 0 && ((!data.step.empty() && step != data.step[i - 1]) ||
                                 (!data.cycle.empty() && cycle != data.cycle[i - 1]));
    step_start = fresh ? data.time_s[i] : step_start;
    const int record = data.record.empty() ? static_cast<int>(i) + 1 : data.record[i];
    fmt::format_to(std::back_inserter(out), "{},{},{},", record, cycle, step);
    append_date(out, start + static_cast<std::int64_t>(std::floor(data.time_s[i] - first)));
    fmt::format_to(std::back_inserter(out), ",{:.3f},{:.3f},{:.7f},{:.4f},{:.7f},{:.7f},{:.7f},{:.7f},0,0,0,0,{},\n",
                   data.time_s[i], data.time_s[i] - step_start, data.current_A[i], data.voltage_V[i],
                   at(data.discharge_Ah, i), at(data.charge_Ah, i), at(data.discharge_Wh, i), at(data.charge_Wh, i),
                   data.step_name.empty() ? "" : cell_text(data.step_name[i]));
  }
  return fmt::to_string(out);
}

}  // namespace

extern const Format format;
const Format format{.id = "landt", .title = "LANDT (LAND) CSV", .sniff = sniff, .read = read, .write = write};

}  // namespace hotstage::echem::landt
