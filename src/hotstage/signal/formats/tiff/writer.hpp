// SPDX-License-Identifier: GPL-3.0-or-later
// Writes uncompressed stacks with all planes behind one another, as ImageJ does: readers that trust its description
// need that, and libtiff cannot (it puts every directory behind its page).

#pragma once

#include "hotstage/signal/formats/tiff/calibration.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>

namespace hotstage::signal::tiff {

struct StackLayout {
  std::size_t width = 0;
  std::size_t height = 0;
  DType type = DType::u8;
  std::size_t pages = 1;
};

/// Little-endian TIFF 6.0, or BigTIFF when offsets would not fit 32 bits.
class Writer {
 public:
  Writer(const std::filesystem::path& file, const StackLayout& layout);

  /// One page, rows packed.
  void append(std::span<const std::byte> rows);

  /// Directories and labels. Throws Error{io|no_space}, as `append`.
  void finish(const Labels& labels);

 private:
  void put(std::span<const std::byte> bytes);
  void put_number(std::uint64_t value, std::size_t bytes);

  std::filesystem::path path_;
  StackLayout layout_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
  bool big_;
  std::uint64_t position_ = 0;
  std::size_t appended_ = 0;
};

}  // namespace hotstage::signal::tiff
