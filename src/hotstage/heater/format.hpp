// SPDX-License-Identifier: GPL-3.0-or-later
// Logs of heating holders: sniffed by content, read into a HeaterLog, written from it. A new format is one folder and
// one word.

#pragma once

#include "hotstage/core/error.hpp"
#include "hotstage/core/fields.hpp"
#include "hotstage/heater/heater_log.hpp"
#include "hotstage/signal/clock.hpp"

#include <array>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace hotstage::heater {

/// What to do with a row whose time lies before that of the row above it.
enum class BackStep { refuse, drop };

constexpr auto enum_names(BackStep) {
  return std::array{EnumName<BackStep>{BackStep::refuse, "refuse"}, EnumName<BackStep>{BackStep::drop, "drop"}};
}

/// How the time column of a table counts.
enum class TimeFormat { s, ms, min, h, clock };

constexpr auto enum_names(TimeFormat) {
  return std::array{EnumName<TimeFormat>{TimeFormat::s, "s"}, EnumName<TimeFormat>{TimeFormat::ms, "ms"},
                    EnumName<TimeFormat>{TimeFormat::min, "min"}, EnumName<TimeFormat>{TimeFormat::h, "h"},
                    EnumName<TimeFormat>{TimeFormat::clock, "clock"}};
}

enum class Scale { degC, K, degF };

constexpr auto enum_names(Scale) {
  return std::array{EnumName<Scale>{Scale::degC, "degC"}, EnumName<Scale>{Scale::K, "K"},
                    EnumName<Scale>{Scale::degF, "degF"}};
}

/// Which columns of a table mean what. Without a temperature column the format is found by content.
struct ColumnMap {
  std::string time;
  std::string temperature;
  std::string set;
  std::string wall;
  TimeFormat time_format = TimeFormat::s;
  Scale unit = Scale::degC;
  std::string delimiter;
  bool decimal_comma = false;
  int skip_lines = 0;
  signal::DayOrder day_order = signal::DayOrder::day_first;

  template <class V>
  void fields(V& v) {
    v("time_column", time, {.help = "name of the column of times"});
    v("temperature_column", temperature, {.help = "name of the column of temperatures: reads the log as a table"});
    v("set_column", set, {.help = "name of the column of set points"});
    v("wall_column", wall, {.help = "name of the column of the wall clock beside the times"});
    v("time_format", time_format, {.help = "unit of the times; clock: time of day, or date and time"});
    v("temperature_unit", unit, {.help = "unit of the temperatures"});
    v("delimiter", delimiter, {.help = "between cells: one character, or tab; found from the first lines if empty"});
    v("decimal_comma", decimal_comma, {.help = "numbers are written 23,5"});
    v("day_order", day_order, {.help = "of dates such as 03/04/2021"});
    v("skip_lines", skip_lines, {.help = "lines before the names of the columns", .min = 0, .max = 100000});
  }
};

struct ReadOptions {
  BackStep on_backstep = BackStep::refuse;
  ColumnMap columns{};
};

enum class Match { no, maybe, yes };

/// One file format. `sniff` looks at the first bytes (up to 4 KiB); `read` gets the whole text as UTF-8.
struct LogFormat {
  std::string_view id;
  std::string_view title;
  Match (*sniff)(std::string_view head) = nullptr;
  HeaterLog (*read)(std::string_view text, const std::string& file, const ReadOptions& options) = nullptr;
  /// nullptr: read only.
  std::string (*write)(const HeaterLog& log) = nullptr;
  /// Another file that `read` takes with this one; empty when there is none.
  std::filesystem::path (*companion)(const std::filesystem::path& file) = nullptr;
};

/// All formats built in.
[[nodiscard]] std::span<const LogFormat* const> formats();

/// Throws Error{bad_input} with the ids that exist.
[[nodiscard]] const LogFormat& find_format(std::string_view id);

/// The format of a log by its first bytes; nullptr when no format knows it. Throws Error{io}.
[[nodiscard]] const LogFormat* sniff_log(const std::filesystem::path& file);

/// Every file that what is read from a log depends on: itself first, then what lies beside it. Throws Error{io}.
[[nodiscard]] std::vector<std::filesystem::path> files_behind(const std::filesystem::path& file);

/// With a temperature column in `options.columns` the text is read as a table, else by its content.
/// Throws Error{bad_input} for empty and broken files, Error{unsupported} for unknown ones.
[[nodiscard]] HeaterLog parse_log(std::string_view text, const std::string& file, const ReadOptions& options = {});

/// As parse_log; Error{io} when the file cannot be opened.
[[nodiscard]] HeaterLog read_log(const std::filesystem::path& file, const ReadOptions& options = {});

}  // namespace hotstage::heater
