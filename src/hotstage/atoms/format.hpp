// SPDX-License-Identifier: GPL-3.0-or-later
// Structure files: recognised by content or name, read into frames, written from them. A new format is one folder and
// one word.

#pragma once

#include "hotstage/atoms/structure.hpp"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hotstage::atoms {

/// A per-atom property that Structure has no place for, kept as the file has it.
struct AtomColumn {
  std::string name;
  char type = 'R';                 ///< R real, I whole, L logical (0 or 1), S text
  std::size_t width = 1;           ///< values per atom
  std::vector<double> numbers;     ///< atoms × width, row by row; empty for S
  std::vector<std::string> texts;  ///< atoms × width; empty for the others

  friend bool operator==(const AtomColumn&, const AtomColumn&) = default;
};

/// One structure of a file with what was computed for it.
struct Frame {
  Structure structure;
  std::optional<double> energy_eV;
  std::vector<Vector> forces_eV_per_A;                     ///< one per atom, or empty
  std::vector<AtomColumn> columns;                         ///< anything else per atom
  std::vector<std::pair<std::string, std::string>> notes;  ///< anything else per frame, values as text
};

/// How sure a format is that a text is its own.
enum class Match { no, maybe, yes };

/// One file format. `sniff` sees the first bytes (up to 4 KiB) and the name of the file.
struct Format {
  std::string_view id;
  std::string_view title;
  std::vector<std::string_view> extensions;  ///< without the dot, lower case
  Match (*sniff)(std::string_view head, std::string_view name) = nullptr;
  /// Throws Error{bad_input} with the line.
  std::vector<Frame> (*read)(std::string_view text, const std::string& file) = nullptr;
  /// Throws Error{unsupported} for what the format cannot hold.
  std::string (*write)(std::span<const Frame> frames) = nullptr;
};

[[nodiscard]] std::span<const Format* const> formats();

/// By id, or by the extension or name of a file to be written. Throws Error{unsupported} listing the known ones.
[[nodiscard]] const Format& format_named(std::string_view id);
[[nodiscard]] const Format& format_for(const std::filesystem::path& file);

/// Every frame of a file. Throws Error{io}, Error{unsupported} when no format knows it, Error{bad_input} with the line.
[[nodiscard]] std::vector<Frame> load_frames(const std::filesystem::path& file);

/// The only structure of a file, or its last one (a relaxation or trajectory ends there).
[[nodiscard]] Structure load_structure(const std::filesystem::path& file);

/// Writes by extension or name ("POSCAR", "x.extxyz") through a temporary file.
void save_frames(std::span<const Frame> frames, const std::filesystem::path& file);
void save_structure(const Structure& structure, const std::filesystem::path& file);

/// The text of one structure, for outputs of steps.
[[nodiscard]] std::string to_extxyz(const Structure& structure);

}  // namespace hotstage::atoms
