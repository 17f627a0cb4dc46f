// SPDX-License-Identifier: GPL-3.0-or-later
// The tag tree of a DM4 file as bytes, with gaps where the image data will be streamed.

#pragma once

#include "hotstage/core/value.hpp"
#include "hotstage/io/bytes.hpp"
#include "hotstage/signal/formats/dm/tags.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace hotstage::signal::dm {

/// Image data left out of the bytes.
struct Gap {
  std::size_t at = 0;       ///< position in TagWriter::bytes() where they belong
  std::uint64_t bytes = 0;  ///< their length
};

/// Groups are opened and closed; lengths and counts are patched when they are known. Payloads are little-endian.
class TagWriter {
 public:
  TagWriter();

  void open(std::string_view name);
  void close();

  void i32(std::string_view name, std::int32_t value);
  void u32(std::string_view name, std::uint32_t value);
  void u64(std::string_view name, std::uint64_t value);
  void boolean(std::string_view name, bool value);
  void text(std::string_view name, std::string_view value);
  /// As float32, which is what instruments write, unless that would change the value.
  void calibration(std::string_view name, double value);
  /// Integers as int32 or int64, numbers as float64, lists of numbers as arrays, other lists as unnamed groups. null is
  /// left out.
  void value(std::string_view name, const Value& value);
  /// Reserves `bytes` of image data described by `type`, the information words of the tag.
  void image_data(std::string_view name, std::span<const std::uint64_t> type, std::uint64_t bytes);

  /// Closes the root. Nothing may be added afterwards.
  void finish();

  [[nodiscard]] std::span<const std::byte> bytes() const { return out_.bytes(); }

  [[nodiscard]] const std::vector<Gap>& gaps() const { return gaps_; }

 private:
  struct Open {
    std::size_t length_at = 0;  ///< where the total length will be patched
    std::uint64_t start = 0;    ///< position that the length counts from
    std::size_t count_at = 0;
    std::uint64_t count = 0;
  };

  [[nodiscard]] std::uint64_t position() const { return out_.size() + gap_bytes_; }

  void begin_group(std::size_t length_at);
  /// Header of a data tag whose payload has `bytes` bytes.
  void begin_data(std::string_view name, std::span<const std::uint64_t> type, std::uint64_t bytes);
  void name_tag(std::uint8_t kind, std::string_view name);
  template <class T>
  void number(std::string_view name, TagType type, T value);
  void list(std::string_view name, const Value::Array& items);
  template <class T>
  void number_list(std::string_view name, TagType type, const Value::Array& items);

  io::ByteWriter out_;
  std::vector<Open> open_;
  std::vector<Gap> gaps_;
  std::uint64_t gap_bytes_ = 0;
};

}  // namespace hotstage::signal::dm
