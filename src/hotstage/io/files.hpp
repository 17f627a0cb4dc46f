// SPDX-License-Identifier: GPL-3.0-or-later
// Files as a whole: read a text, write through a temporary name so that nobody ever sees half a file, look at the head.

#pragma once

#include "hotstage/core/error.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::io {

/// The Error for `errno` after an operation on `path`: no_space when the disk or quota is full, else io.
/// `doing` completes "cannot …", e.g. "open for reading".
[[nodiscard]] Error os_error(int number, const std::filesystem::path& path, std::string_view doing);

/// Throws Error{io} when `path` is missing, a folder, or not readable, saying which.
void require_readable_file(const std::filesystem::path& path);

/// Whole file. Throws Error{io}, or Error{no_space} when it is longer than `limit` bytes.
[[nodiscard]] std::string read_text(const std::filesystem::path& path, std::size_t limit = std::size_t{256} << 20);

/// Up to `count` bytes from the start. Throws Error{io}.
[[nodiscard]] std::vector<std::byte> read_head(const std::filesystem::path& path, std::size_t count);

/// Extension without the dot, in lower case.
[[nodiscard]] std::string extension(const std::filesystem::path& path);

/// A file written under a temporary name in the folder of its target. `commit` renames; without it the file disappears.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path target);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  /// Exists already, empty: open it by name.
  [[nodiscard]] const std::filesystem::path& temporary() const { return temporary_; }

  void commit();

 private:
  std::filesystem::path target_;
  std::filesystem::path temporary_;
};

/// Replaces or makes `path` with `text`. Throws Error{io} or Error{no_space}; the old file stays then.
void write_text(const std::filesystem::path& path, std::string_view text);

}  // namespace hotstage::io
