// SPDX-License-Identifier: GPL-3.0-or-later
// A file's bytes as read-only memory, shared by everything that reads from it.

#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

namespace hotstage::io {

/// How the bytes will be visited: a hint to the operating system.
enum class Access { normal, sequential, random };

/// Read-only memory map of a whole file. Thread-safe; lives as long as the last shared pointer.
///
/// The size is fixed when the file is opened. As with every mapping, another program that shortens the file afterwards
/// ends this one with SIGBUS: instruments and Hotstage write under a temporary name and rename, which is safe.
class MappedFile {
 public:
  /// Throws Error{io} when the file is missing, cannot be read, or is a folder or a device.
  [[nodiscard]] static std::shared_ptr<const MappedFile> open(const std::filesystem::path& file,
                                                              Access access = Access::normal);

  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  [[nodiscard]] std::span<const std::byte> bytes() const { return {data_, size_}; }

  [[nodiscard]] std::size_t size() const { return size_; }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  void advise(Access access) const;

 private:
  MappedFile(std::filesystem::path path, const std::byte* data, std::size_t size)
      : path_(std::move(path)), data_(data), size_(size) {}

  std::filesystem::path path_;
  const std::byte* data_;
  std::size_t size_;
};

}  // namespace hotstage::io
