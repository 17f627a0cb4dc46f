// SPDX-License-Identifier: GPL-3.0-or-later
// Binary data: a bounds-checked cursor over bytes in either byte order, and its counterpart that appends.

#pragma once

#include "hotstage/core/error.hpp"

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace hotstage::io {

enum class ByteOrder { little, big };

/// Integers and floating-point numbers that files hold.
template <class T>
concept Number = std::is_arithmetic_v<T> && !std::same_as<T, bool> && sizeof(T) <= 8;

/// The number with its bytes reversed.
template <Number T>
[[nodiscard]] T reversed(T value) {
  if constexpr (sizeof(T) == 2) {
    return std::bit_cast<T>(__builtin_bswap16(std::bit_cast<std::uint16_t>(value)));
  } else if constexpr (sizeof(T) == 4) {
    return std::bit_cast<T>(__builtin_bswap32(std::bit_cast<std::uint32_t>(value)));
  } else if constexpr (sizeof(T) == 8) {
    return std::bit_cast<T>(__builtin_bswap64(std::bit_cast<std::uint64_t>(value)));
  } else {
    return value;
  }
}

/// Between the file's order and this machine's; the same both ways.
template <Number T>
[[nodiscard]] T ordered(T value, ByteOrder order) {
  const bool native = (order == ByteOrder::little) == (std::endian::native == std::endian::little);
  return native ? value : reversed(value);
}

/// Cursor over bytes that someone else owns. Every read is checked against the end.
///
/// Reading past the end throws Error{bad_input} with the file and the offset: the file is truncated.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> data, std::string file = {}, ByteOrder order = ByteOrder::little)
      : data_(data), file_(std::move(file)), order_(order) {}

  [[nodiscard]] std::size_t position() const { return position_; }

  [[nodiscard]] std::size_t size() const { return data_.size(); }

  [[nodiscard]] std::size_t remaining() const { return data_.size() - position_; }

  [[nodiscard]] ByteOrder order() const { return order_; }

  void set_order(ByteOrder order) { order_ = order; }

  /// Positions up to the very end are allowed. Throws Error{bad_input} beyond.
  void seek(std::uint64_t position);
  void skip(std::uint64_t count);

  /// Throws Error{bad_input} unless `count` more bytes follow.
  void require(std::uint64_t count) const {
    if (count > remaining()) {
      fail_truncated(count);
    }
  }

  /// The next number in the reader's own order, or in the given one.
  template <Number T>
  [[nodiscard]] T number() {
    return number<T>(order_);
  }

  template <Number T>
  [[nodiscard]] T number(ByteOrder order) {
    require(sizeof(T));
    T value;
    std::memcpy(&value, data_.data() + position_, sizeof(T));
    position_ += sizeof(T);
    return ordered(value, order);
  }

  [[nodiscard]] std::uint8_t u8() { return number<std::uint8_t>(); }

  [[nodiscard]] std::uint16_t u16() { return number<std::uint16_t>(); }

  [[nodiscard]] std::uint32_t u32() { return number<std::uint32_t>(); }

  [[nodiscard]] std::uint64_t u64() { return number<std::uint64_t>(); }

  [[nodiscard]] std::int8_t i8() { return number<std::int8_t>(); }

  [[nodiscard]] std::int16_t i16() { return number<std::int16_t>(); }

  [[nodiscard]] std::int32_t i32() { return number<std::int32_t>(); }

  [[nodiscard]] std::int64_t i64() { return number<std::int64_t>(); }

  [[nodiscard]] float f32() { return number<float>(); }

  [[nodiscard]] double f64() { return number<double>(); }

  /// The next `count` bytes, not copied.
  [[nodiscard]] std::span<const std::byte> bytes(std::uint64_t count);
  /// The next `count` bytes as text, as they are.
  [[nodiscard]] std::string text(std::uint64_t count);

  /// The file and the current offset, for errors.
  [[nodiscard]] Location here() const { return {.file = file_, .offset = position_}; }

 private:
  [[noreturn]] void fail_truncated(std::uint64_t count) const;

  std::span<const std::byte> data_;
  std::string file_;
  ByteOrder order_;
  std::size_t position_ = 0;
};

/// Bytes that grow at the end. A length that is only known later is patched in place.
class ByteWriter {
 public:
  explicit ByteWriter(ByteOrder order = ByteOrder::little) : order_(order) {}

  [[nodiscard]] std::size_t size() const { return data_.size(); }

  [[nodiscard]] std::span<const std::byte> bytes() const { return data_; }

  template <Number T>
  void number(T value) {
    number(value, order_);
  }

  template <Number T>
  void number(T value, ByteOrder order) {
    data_.resize(data_.size() + sizeof(T));
    store(data_.size() - sizeof(T), value, order);
  }

  void append(std::span<const std::byte> bytes) { data_.insert(data_.end(), bytes.begin(), bytes.end()); }

  void append(std::string_view text) { append(std::as_bytes(std::span(text))); }

  /// Overwrites a number written before; it must lie inside.
  template <Number T>
  void patch(std::size_t position, T value, ByteOrder order) {
    HOTSTAGE_EXPECTS(position <= data_.size() && data_.size() - position >= sizeof(T));
    store(position, value, order);
  }

 private:
  template <Number T>
  void store(std::size_t position, T value, ByteOrder order) {
    const T stored = ordered(value, order);
    std::memcpy(data_.data() + position, &stored, sizeof(T));
  }

  std::vector<std::byte> data_;
  ByteOrder order_;
};

}  // namespace hotstage::io
