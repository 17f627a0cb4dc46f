// SPDX-License-Identifier: GPL-3.0-or-later
// Content-addressed store of finished work: a folder per key, written under a temporary name and renamed, never
// changed.

#pragma once

#include "hotstage/core/value.hpp"

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace hotstage::jobs {

/// What a piece of work depends on: what does it, with which options, on which inputs (content hashes).
struct KeyParts {
  std::string id;   ///< step id
  int version = 1;  ///< raised when the same inputs would give other outputs
  Value options;    ///< fully resolved
  Value inputs;     ///< name → content hash
};

/// SHA-256 over the canonical JSON text of the parts: 64 hexadecimal digits.
[[nodiscard]] std::string make_key(const KeyParts& parts);

class Store {
 public:
  /// Uses `root`, made when absent. Left-over temporary folders of dead runs are removed.
  explicit Store(std::filesystem::path root);

  [[nodiscard]] bool has(std::string_view key) const;
  [[nodiscard]] std::filesystem::path folder(std::string_view key) const;

  /// Calls `fill(temporary_folder)` and publishes the folder under `key` by one rename. When `fill` throws nothing is
  /// left.
  void put(std::string_view key, const std::function<void(const std::filesystem::path&)>& fill) const;

  void remove(std::string_view key) const;

  /// Folder for the journal of work that is not finished; gone when the work is `put` or removed.
  [[nodiscard]] std::filesystem::path journal_folder(std::string_view key) const;
  void remove_journal(std::string_view key) const;

  /// SHA-256 of a file's content. Remembered by path, size and modification time, so that 50 GB are read once;
  /// not while the file is younger than seconds.
  [[nodiscard]] std::string file_hash(const std::filesystem::path& file) const;

  /// One hash for files that belong together, in their order: names (against the folder of the first) and contents.
  /// That of a single file is its own. `files` must not be empty.
  [[nodiscard]] std::string files_hash(std::span<const std::filesystem::path> files) const;

 private:
  std::filesystem::path root_;
};

}  // namespace hotstage::jobs
