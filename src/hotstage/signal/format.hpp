// SPDX-License-Identifier: GPL-3.0-or-later
// File formats: sniffed by content, read into signals, written from them. A new format is one folder and one word.

#pragma once

#include "hotstage/core/run.hpp"
#include "hotstage/io/hdf5.hpp"
#include "hotstage/signal/signal.hpp"

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::signal {

/// How sure a format is that a file is its own.
enum class Match { no, maybe, yes };

/// One file format. `sniff` looks at the first bytes (up to 4 KiB); the extension only breaks ties.
struct Format {
  std::string_view id;
  std::string_view title;
  std::vector<std::string_view> extensions;  ///< without the dot, lower case
  Match (*sniff)(std::span<const std::byte> head) = nullptr;
  /// Formats that are HDF5: is the file laid out as theirs? Asked after `sniff`, which sees a container only.
  bool (*owns)(const io::Hdf5File& file) = nullptr;
  std::vector<Signal> (*read)(const std::filesystem::path& file, Run& run) = nullptr;
  /// nullptr: read only. Writes to `file` itself: the caller passes a temporary name and renames.
  void (*write)(std::span<const Signal> signals, const std::filesystem::path& file, Run& run) = nullptr;
  /// Folders, patterns and files without a signature: is the path theirs by its name? Asked when no bytes speak for a
  /// format.
  bool (*claims)(const std::filesystem::path& path) = nullptr;
  /// Other files that `read` takes with this one: the members of a series, a document or sidecar beside it.
  std::vector<std::filesystem::path> (*companions)(const std::filesystem::path& path) = nullptr;
};

/// All formats built in.
[[nodiscard]] std::span<const Format* const> formats();

/// The format of a file by content. Throws Error{io} when it cannot be opened, Error{unsupported} naming the format
/// when it is recognised but not read here (Nion, blockfiles, …), Error{bad_input} for macOS "._" companions and empty
/// files.
[[nodiscard]] const Format& sniff(const std::filesystem::path& file);

/// Every file that what is read from `path` depends on, in a fixed order: the file itself (unless a folder or pattern)
/// and its companions. As `sniff` in what it throws; also Error{bad_input} for a folder without images.
[[nodiscard]] std::vector<std::filesystem::path> files_behind(const std::filesystem::path& path);

/// Every signal in a file, thumbnails left out.
[[nodiscard]] std::vector<Signal> load_all(const std::filesystem::path& file, Run& run);

/// The one signal of a file; when there are several, `which` chooses by number (0-based). Throws Error{bad_input}
/// listing them when the choice is open.
[[nodiscard]] Signal load(const std::filesystem::path& file, Run& run, std::optional<std::size_t> which = {});

/// Writes by extension through a temporary name. Throws Error{unsupported} for unknown or read-only formats.
void save(std::span<const Signal> signals, const std::filesystem::path& file, Run& run);

}  // namespace hotstage::signal
