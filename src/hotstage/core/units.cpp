// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/units.hpp"

#include "hotstage/core/constants.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/core/text.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace hotstage {

namespace {

struct KnownUnit {
  std::string_view symbol;
  Dimension dimension;
  double factor;
  bool prefixes;
};

constexpr double charge_C = 1.0 / constants::elementary_charge_C;  // one coulomb in e
constexpr double joule = 1.0 / constants::elementary_charge_C;     // one joule in eV

constexpr std::array known_units = {
    KnownUnit{"m", {.nm = 1}, 1e9, true},
    KnownUnit{"angstrom", {.nm = 1}, 0.1, false},
    KnownUnit{"Å", {.nm = 1}, 0.1, false},
    KnownUnit{"s", {.s = 1}, 1.0, true},
    KnownUnit{"sec", {.s = 1}, 1.0, false},
    KnownUnit{"min", {.s = 1}, 60.0, false},
    KnownUnit{"h", {.s = 1}, 3600.0, false},
    KnownUnit{"eV", {.eV = 1}, 1.0, true},
    KnownUnit{"J", {.eV = 1}, joule, true},
    KnownUnit{"W", {.s = -1, .eV = 1}, joule, true},
    KnownUnit{"e", {.e = 1}, 1.0, false},
    KnownUnit{"C", {.e = 1}, charge_C, true},
    KnownUnit{"A", {.s = -1, .e = 1}, charge_C, true},
    KnownUnit{"Ah", {.e = 1}, charge_C * 3600.0, true},
    KnownUnit{"V", {.eV = 1, .e = -1}, 1.0, true},
    KnownUnit{"ohm", {.s = 1, .eV = 1, .e = -2}, 1.0 / charge_C, true},
    KnownUnit{"Ω", {.s = 1, .eV = 1, .e = -2}, 1.0 / charge_C, true},
    KnownUnit{"Hz", {.s = -1}, 1.0, true},
    KnownUnit{"K", {.K = 1}, 1.0, true},
    KnownUnit{"mol", {.mol = 1}, 1.0, true},
    KnownUnit{"rad", {.rad = 1}, 1.0, true},
    KnownUnit{"deg", {.rad = 1}, 0.017453292519943295, false},
    KnownUnit{"g", {.nm = -2, .s = 2, .eV = 1}, constants::gram, true},
    KnownUnit{"Pa", {.nm = -3, .eV = 1}, joule * 1e-27, true},
    KnownUnit{"bar", {.nm = -3, .eV = 1}, joule * 1e-22, true},
    KnownUnit{"atm", {.nm = -3, .eV = 1}, joule * 1e-27 * 101325.0, false},
    KnownUnit{"barn", {.nm = 2}, constants::barn_nm2, false},
    KnownUnit{"%", {}, 0.01, false},
    KnownUnit{"1", {}, 1.0, false},
};

struct Prefix {
  std::string_view symbol;
  double factor;
};

constexpr std::array prefixes = {
    Prefix{"f", 1e-15}, Prefix{"p", 1e-12}, Prefix{"n", 1e-9}, Prefix{"u", 1e-6}, Prefix{"µ", 1e-6}, Prefix{"μ", 1e-6},
    Prefix{"m", 1e-3},  Prefix{"c", 1e-2},  Prefix{"k", 1e3},  Prefix{"M", 1e6},  Prefix{"G", 1e9},  Prefix{"T", 1e12},
};

std::optional<Unit> find_atom(std::string_view symbol) {
  for (const KnownUnit& known : known_units) {
    if (known.symbol == symbol) {
      return Unit{std::string(symbol), known.dimension, known.factor, 0.0};
    }
  }
  for (const Prefix& prefix : prefixes) {
    if (!symbol.starts_with(prefix.symbol)) {
      continue;
    }
    const std::string_view rest = symbol.substr(prefix.symbol.size());
    for (const KnownUnit& known : known_units) {
      if (known.prefixes && known.symbol == rest) {
        // Powers of ten: nm must be exactly 1 and keV exactly 1000, so divide when the prefix is an inverse.
        const double factor =
            prefix.factor < 1.0 ? known.factor / std::round(1.0 / prefix.factor) : known.factor * prefix.factor;
        return Unit{std::string(symbol), known.dimension, factor, 0.0};
      }
    }
  }
  return std::nullopt;
}

struct Factor {
  std::string_view symbol;
  int exponent;
};

/// Splits "cm^3", "nm2", "s^-1" into symbol and exponent.
std::optional<Factor> split_exponent(std::string_view token) {
  std::size_t end = token.size();
  while (end > 0 && (std::isdigit(static_cast<unsigned char>(token[end - 1])) != 0)) {
    --end;
  }
  if (end == token.size() || end == 0) {
    return Factor{token, 1};
  }
  const bool negative = token[end - 1] == '-';
  const int magnitude = std::atoi(std::string(token.substr(end)).c_str());
  if (negative) {
    --end;
  }
  if (end > 0 && token[end - 1] == '^') {
    --end;
  } else if (negative && end == 0) {
    return std::nullopt;
  }
  if (magnitude == 0 || magnitude > 9) {
    return std::nullopt;
  }
  return Factor{token.substr(0, end), negative ? -magnitude : magnitude};
}

std::string normalised(std::string_view symbol) {
  std::string out;
  for (std::size_t i = 0; i < symbol.size(); ++i) {
    if (symbol.substr(i).starts_with("·") || symbol.substr(i).starts_with("²") || symbol.substr(i).starts_with("³")) {
      out += symbol.substr(i).starts_with("·") ? " " : (symbol.substr(i).starts_with("²") ? "^2" : "^3");
      ++i;
    } else if (symbol[i] == '*' || symbol[i] == '\t') {
      out += ' ';
    } else {
      out += symbol[i];
    }
  }
  return out;
}

}  // namespace

std::string text(const Dimension& dimension) {
  std::string out;
  const auto add = [&out](const char* symbol, int exponent) {
    if (exponent != 0) {
      out += fmt::format("{}{}{}", out.empty() ? "" : " ", symbol, exponent == 1 ? "" : fmt::format("^{}", exponent));
    }
  };
  add("nm", dimension.nm);
  add("s", dimension.s);
  add("eV", dimension.eV);
  add("e", dimension.e);
  add("K", dimension.K);
  add("mol", dimension.mol);
  add("rad", dimension.rad);
  return out.empty() ? "1" : out;
}

std::optional<Unit> find_unit(std::string_view symbol) {
  const std::string_view trimmed = trim(symbol);
  if (trimmed.empty()) {
    return Unit{};
  }
  if (trimmed == "degC" || trimmed == "°C") {
    return Unit{std::string(trimmed), {.K = 1}, 1.0, 273.15};
  }
  const std::string plain = normalised(trimmed);
  Unit unit{std::string(trimmed), {}, 1.0, 0.0};
  int sign = 1;
  std::size_t position = 0;
  while (position < plain.size()) {
    if (plain[position] == ' ') {
      ++position;
      continue;
    }
    if (plain[position] == '/') {
      sign = -1;
      ++position;
      continue;
    }
    const std::size_t end = std::min(plain.find_first_of(" /", position), plain.size());
    const auto factor = split_exponent(std::string_view(plain).substr(position, end - position));
    const auto atom = factor ? find_atom(factor->symbol) : std::nullopt;
    if (!atom) {
      return std::nullopt;
    }
    unit.dimension = unit.dimension * atom->dimension.power(sign * factor->exponent);
    const double power = std::pow(atom->factor, std::abs(factor->exponent));
    unit.factor = sign * factor->exponent > 0 ? unit.factor * power : unit.factor / power;
    position = end;
  }
  return unit;
}

Unit parse_unit(std::string_view symbol) {
  if (auto unit = find_unit(symbol)) {
    return *unit;
  }
  throw Error(Errc::bad_input, fmt::format(R"(unknown unit "{}")", symbol),
              "Known are SI units with prefixes, eV, degC, min, h, mrad, angstrom, barn, %");
}

Measured parse_measured(std::string_view text) {
  const std::string_view trimmed = trim(text);
  double value = 0.0;
  const char* first = trimmed.data() + (trimmed.starts_with('+') ? 1 : 0);
  const auto [end, status] = std::from_chars(first, trimmed.data() + trimmed.size(), value);
  if (status != std::errc{} || !std::isfinite(value)) {
    throw Error(Errc::bad_input, fmt::format("\"{}\" is not a number with a unit", text),
                R"(Write for example "650 degC" or "17.8 mrad")");
  }
  return {value, parse_unit(trimmed.substr(static_cast<std::size_t>(end - trimmed.data())))};
}

double convert(const Measured& measured, const Unit& target) {
  if (measured.unit.dimension != target.dimension) {
    if (measured.unit.symbol.empty()) {
      throw Error(Errc::bad_input, fmt::format("{:g} has no unit", measured.value),
                  fmt::format("Write \"{:g} {}\"", measured.value, target.symbol));
    }
    throw Error(Errc::bad_input,
                fmt::format(R"("{}" has the dimension {}, expected one of {} like "{}")", measured.unit.symbol,
                            text(measured.unit.dimension), text(target.dimension), target.symbol));
  }
  if (measured.unit.factor == target.factor && measured.unit.offset == target.offset) {
    return measured.value;
  }
  return (measured.base() - target.offset) / target.factor;
}

}  // namespace hotstage
