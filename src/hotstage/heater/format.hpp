// SPDX-License-Identifier: GPL-3.0-or-later
// Logs of heating holders: sniffed by content, read into a HeaterLog, written from it. A new format is one folder and
// one word.

#pragma once

#include "hotstage/core/error.hpp"
#include "hotstage/core/fields.hpp"
#include "hotstage/heater/heater_log.hpp"

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

struct ReadOptions {
  BackStep on_backstep = BackStep::refuse;
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
};

/// All formats built in.
[[nodiscard]] std::span<const LogFormat* const> formats();

/// Throws Error{bad_input} with the ids that exist.
[[nodiscard]] const LogFormat& find_format(std::string_view id);

/// Throws Error{bad_input} for empty and broken files, Error{unsupported} for unknown ones.
[[nodiscard]] HeaterLog parse_log(std::string_view text, const std::string& file, const ReadOptions& options = {});

/// As parse_log; Error{io} when the file cannot be opened.
[[nodiscard]] HeaterLog read_log(const std::filesystem::path& file, const ReadOptions& options = {});

}  // namespace hotstage::heater
