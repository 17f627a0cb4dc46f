// SPDX-License-Identifier: GPL-3.0-or-later
// Cycler formats: sniffed by content, read into the neutral table. A new format is one folder and one word.

#pragma once

#include "hotstage/echem/cycler_data.hpp"

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace hotstage::echem {

/// How sure a format is that a file is its own.
enum class Match { no, maybe, yes };

/// One file format. `sniff` looks at the first bytes (up to 4 KiB); `read` gets the whole text as UTF-8.
struct Format {
  std::string_view id;
  std::string_view title;
  Match (*sniff)(std::string_view head) = nullptr;
  CyclerData (*read)(std::string_view text, const std::string& file) = nullptr;
  /// nullptr: read only.
  std::string (*write)(const CyclerData& data) = nullptr;
};

/// All formats built in.
[[nodiscard]] std::span<const Format* const> formats();

/// By its id. Throws Error{bad_input} with the ids that exist.
[[nodiscard]] const Format& find_format(std::string_view id);

/// Text of a cycler file. Throws Error{bad_input} for empty and broken files, Error{unsupported} for unknown ones.
[[nodiscard]] CyclerData parse_cycler(std::string_view text, const std::string& file);

/// As parse_cycler; Error{io} when the file cannot be opened.
[[nodiscard]] CyclerData read_cycler(const std::filesystem::path& file);

}  // namespace hotstage::echem
