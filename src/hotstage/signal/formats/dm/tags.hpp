// SPDX-License-Identifier: GPL-3.0-or-later
// The tag tree of a DM3 or DM4 file as a document, with the places of the image data in it.

#pragma once

#include "hotstage/core/value.hpp"
#include "hotstage/io/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>

namespace hotstage::signal::dm {

/// Codes of the numbers a tag may hold.
enum class TagType : std::uint64_t {
  i16 = 2,
  i32 = 3,
  u16 = 4,
  u32 = 5,
  f32 = 6,
  f64 = 7,
  boolean = 8,
  character = 9,
  octet = 10,
  i64 = 11,
  u64 = 12,
  structure = 15,
  text = 18,
  array = 20,
};

/// Payload of ImageList.[i].ImageData.Data.
struct DataBlock {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

struct TagFile {
  int version = 0;  ///< 3 or 4
  io::ByteOrder order = io::ByteOrder::little;
  Value root;                               ///< without the image data; arrays that are too long to copy are null
  std::map<std::size_t, DataBlock> images;  ///< by position in ImageList
};

/// Numbers of one array tag that are copied into the tree; longer arrays stay null (image data never are copied).
inline constexpr std::size_t longest_copied_array = 65536;

/// Reads all tags. Throws Error{bad_input} with the offset for truncated or broken files, Error{unsupported} for other
/// versions.
[[nodiscard]] TagFile parse_tags(std::span<const std::byte> bytes, const std::string& file);

/// Latin-1 (names of tags) to UTF-8 and back; characters that Latin-1 lacks become '?'.
[[nodiscard]] std::string from_latin1(std::string_view text);
[[nodiscard]] std::string to_latin1(std::string_view text);
/// UTF-8 to UTF-16; broken sequences become U+FFFD.
[[nodiscard]] std::u16string to_utf16(std::string_view text);
/// Nothing when the units are no text: unpaired surrogates or control characters.
[[nodiscard]] std::optional<std::string> from_utf16(std::u16string_view units);

}  // namespace hotstage::signal::dm
