// SPDX-License-Identifier: GPL-3.0-or-later
// An open TIFF with libtiff's messages as Errors, and what a page says about itself.

#pragma once

#include "hotstage/core/run.hpp"
#include "hotstage/signal/signal.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

struct tiff;

namespace hotstage::signal::tiff {

/// Layout of one page.
struct Page {
  std::uint64_t offset = 0;  ///< of its directory in the file
  std::size_t width = 0;
  std::size_t height = 0;
  DType type = DType::u8;
  bool thumbnail = false;

  [[nodiscard]] bool same_layout(const Page& other) const {
    return width == other.width && height == other.height && type == other.type;
  }
};

/// Thread-safe: one lock per file.
class Handle {
 public:
  /// Opens for reading. Throws Error{io|bad_input}.
  explicit Handle(const std::filesystem::path& file);
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle();

  /// All pages, in file order. Throws Error{bad_input|unsupported} with the page number.
  [[nodiscard]] std::vector<Page> pages(Run& run);

  /// Rows of `page` packed without gaps, native byte order.
  void read(const Page& page, std::span<std::byte> out);

  /// Goes to a page and gives its tags as a tree: "ImageDescription", "XResolution", "65009", ….
  [[nodiscard]] Value tags(const Page& page);

  [[nodiscard]] std::uintmax_t file_bytes() const { return bytes_; }

  /// First image byte of a page stored as one uncompressed piece; nothing otherwise.
  [[nodiscard]] std::optional<std::uint64_t> contiguous_start(const Page& page);
  /// True when the file's numbers have the other byte order than this machine.
  [[nodiscard]] bool is_swapped() const;

  [[nodiscard]] const std::filesystem::path& file() const { return file_; }

 private:
  [[nodiscard]] Page current_page(std::size_t number);
  void go_to(const Page& page);
  void read_strips(const Page& page, std::span<std::byte> out);
  void read_tiles(const Page& page, std::span<std::byte> out);
  [[noreturn]] void fail(const std::string& what);

  std::filesystem::path file_;
  std::string message_;  ///< last error of libtiff
  ::tiff* tiff_ = nullptr;
  std::mutex mutex_;
  std::uintmax_t bytes_ = 0;
};

}  // namespace hotstage::signal::tiff
