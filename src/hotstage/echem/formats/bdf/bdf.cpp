// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/text.hpp"
#include "hotstage/core/units.hpp"
#include "hotstage/echem/detail/rows.hpp"
#include "hotstage/echem/format.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace hotstage::echem::bdf {

namespace {

using detail::ColumnRole;
using detail::Role;

/// A quantity of the Battery Data Format by its machine name and its label, and our unit.
struct Quantity {
  std::string_view machine;  ///< without the unit, which is its last word
  std::string_view label;    ///< in lower case, without " / unit"
  std::string_view unit;     ///< of CyclerData; empty for counts
  Role role;
};

constexpr std::array quantities{
    Quantity{"test_time", "test time", "s", Role::time},
    Quantity{"voltage", "voltage", "V", Role::voltage},
    Quantity{"current", "current", "A", Role::current},
    Quantity{"cycle", "cycle count", "", Role::cycle},
    Quantity{"cycle_count", "cycle count", "", Role::cycle},
    Quantity{"cycle_index", "cycle index", "", Role::cycle},
    Quantity{"step_count", "step count", "", Role::step},
    Quantity{"step_index", "step index", "", Role::step},
    Quantity{"charging_capacity", "charging capacity", "Ah", Role::charge},
    Quantity{"discharging_capacity", "discharging capacity", "Ah", Role::discharge},
    Quantity{"charging_energy", "charging energy", "Wh", Role::charge_energy},
    Quantity{"discharging_energy", "discharging energy", "Wh", Role::discharge_energy},
};

/// Words that the machine names use for units.
constexpr std::array unit_words{
    std::pair{std::string_view("second"), 1.0},      std::pair{std::string_view("hour"), 3600.0},
    std::pair{std::string_view("volt"), 1.0},        std::pair{std::string_view("millivolt"), 1e-3},
    std::pair{std::string_view("ampere"), 1.0},      std::pair{std::string_view("milliampere"), 1e-3},
    std::pair{std::string_view("ah"), 1.0},          std::pair{std::string_view("mah"), 1e-3},
    std::pair{std::string_view("ampere_hour"), 1.0}, std::pair{std::string_view("wh"), 1.0},
    std::pair{std::string_view("mwh"), 1e-3},        std::pair{std::string_view("watt_hour"), 1.0},
};

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

/// "Voltage / mV": the unit stands behind the slash. 0: a unit of another kind.
double label_factor(std::string_view unit, std::string_view ours) {
  if (ours.empty()) {
    return 1.0;
  }
  if (ours == "Wh") {  // not in the unit table: watt hours and their thousandth are all that is met
    return unit == "Wh" ? 1.0 : (unit == "mWh" ? 1e-3 : 0.0);
  }
  const auto found = find_unit(unit);
  const Unit target = parse_unit(ours);
  return found && found->dimension == target.dimension ? found->factor / target.factor : 0.0;
}

ColumnRole role_by_label(std::string_view cell) {
  const std::size_t slash = cell.find(" / ");
  if (slash == std::string_view::npos) {
    return {};
  }
  const std::string label = lower(trim(cell.substr(0, slash)));
  const std::string_view unit = trim(cell.substr(slash + 3));
  for (const Quantity& quantity : quantities) {
    const double factor = label == quantity.label ? label_factor(unit, quantity.unit) : 0.0;
    if (factor > 0.0) {
      return {quantity.role, factor};
    }
  }
  return {};
}

ColumnRole role_by_machine_name(std::string_view cell) {
  const std::string name = lower(cell);
  for (const Quantity& quantity : quantities) {
    if (quantity.unit.empty() && name == quantity.machine) {
      return {quantity.role, 1.0};
    }
    for (const auto& [word, factor] : unit_words) {
      if (!quantity.unit.empty() && name == std::string(quantity.machine) + "_" + std::string(word)) {
        return {quantity.role, factor};
      }
    }
  }
  return {};
}

char find_delimiter(std::string_view header) {
  for (const char candidate : {',', ';', '\t'}) {
    if (header.find(candidate) != std::string_view::npos) {
      return candidate;
    }
  }
  return ',';
}

/// The first column of each role; a second one of the same role is left alone.
std::vector<ColumnRole> roles_of(std::string_view header, char delimiter) {
  std::vector<ColumnRole> roles;
  for (const std::string_view raw : detail::split(header, delimiter)) {
    const std::string_view cell = trim(raw);
    ColumnRole role = role_by_label(cell);
    if (role.role == Role::ignored) {
      role = role_by_machine_name(cell);
    }
    const bool known = std::ranges::any_of(roles, [&](const ColumnRole& r) { return r.role == role.role; });
    roles.push_back(known ? ColumnRole{} : role);
  }
  return roles;
}

std::string_view without_mark(std::string_view text) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  return text.starts_with(byte_order_mark) ? text.substr(byte_order_mark.size()) : text;
}

Match sniff(std::string_view head) {
  head = without_mark(head);
  const std::string_view header = detail::next_line(head);
  const auto roles = roles_of(header, find_delimiter(header));
  const auto has = [&](Role role) {
    return std::ranges::any_of(roles, [&](const ColumnRole& column) { return column.role == role; });
  };
  if (has(Role::time) && has(Role::voltage) && has(Role::current)) {
    return Match::yes;
  }
  return has(Role::voltage) || has(Role::current) ? Match::maybe : Match::no;
}

CyclerData read(std::string_view text, const std::string&) {
  text = without_mark(text);
  const std::string_view header = detail::next_line(text);
  detail::RowLayout layout;
  layout.delimiter = find_delimiter(header);
  layout.columns = roles_of(header, layout.delimiter);
  layout.first_line = 2;
  CyclerData data;
  detail::read_rows(text, layout, data);
  mend(data);
  return data;
}

}  // namespace

extern const Format format;
const Format format{.id = "bdf", .title = "Battery Data Format CSV", .sniff = sniff, .read = read};

}  // namespace hotstage::echem::bdf
