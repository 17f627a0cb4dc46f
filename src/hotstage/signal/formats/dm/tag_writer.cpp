// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/formats/dm/tag_writer.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <string>

namespace hotstage::signal::dm {

namespace {

constexpr std::uint8_t group_tag = 20;
constexpr std::uint8_t data_tag = 21;
constexpr std::uint32_t version = 4;
constexpr std::uint32_t little_endian = 1;
constexpr std::size_t longest_name = std::numeric_limits<std::uint16_t>::max();

constexpr std::uint64_t code(TagType type) {
  return static_cast<std::uint64_t>(type);
}

bool fits_i32(std::int64_t value) {
  return value >= std::numeric_limits<std::int32_t>::min() && value <= std::numeric_limits<std::int32_t>::max();
}

}  // namespace

TagWriter::TagWriter() {
  out_.number(version, io::ByteOrder::big);
  const std::size_t length_at = out_.size();
  out_.number(std::uint64_t{0}, io::ByteOrder::big);
  out_.number(little_endian, io::ByteOrder::big);
  begin_group(length_at);
}

void TagWriter::begin_group(std::size_t length_at) {
  Open group{.length_at = length_at, .start = position()};
  out_.number(std::uint8_t{1});  // sorted
  out_.number(std::uint8_t{0});  // open in the tag browser
  group.count_at = out_.size();
  out_.number(std::uint64_t{0}, io::ByteOrder::big);
  open_.push_back(group);
}

void TagWriter::name_tag(std::uint8_t kind, std::string_view name) {
  HOTSTAGE_EXPECTS(!open_.empty());
  ++open_.back().count;
  const std::string latin1 = to_latin1(name).substr(0, longest_name);
  out_.number(kind);
  out_.number(static_cast<std::uint16_t>(latin1.size()), io::ByteOrder::big);
  out_.append(latin1);
}

void TagWriter::open(std::string_view name) {
  name_tag(group_tag, name);
  const std::size_t length_at = out_.size();
  out_.number(std::uint64_t{0}, io::ByteOrder::big);
  begin_group(length_at);
}

void TagWriter::close() {
  HOTSTAGE_EXPECTS(!open_.empty());
  const Open group = open_.back();
  open_.pop_back();
  out_.patch(group.count_at, group.count, io::ByteOrder::big);
  out_.patch(group.length_at, position() - group.start, io::ByteOrder::big);
}

void TagWriter::finish() {
  close();
  HOTSTAGE_EXPECTS(open_.empty());
  out_.number(std::uint64_t{0});  // end of the file's tags
}

void TagWriter::begin_data(std::string_view name, std::span<const std::uint64_t> type, std::uint64_t bytes) {
  name_tag(data_tag, name);
  constexpr std::uint64_t mark_and_count = 12;
  out_.number(mark_and_count + 8 * type.size() + bytes, io::ByteOrder::big);
  out_.append("%%%%");
  out_.number(std::uint64_t{type.size()}, io::ByteOrder::big);
  for (const std::uint64_t word : type) {
    out_.number(word, io::ByteOrder::big);
  }
}

template <class T>
void TagWriter::number(std::string_view name, TagType type, T value) {
  const std::array words{code(type)};
  begin_data(name, words, sizeof(T));
  out_.number(value);
}

void TagWriter::i32(std::string_view name, std::int32_t value) {
  number(name, TagType::i32, value);
}

void TagWriter::u32(std::string_view name, std::uint32_t value) {
  number(name, TagType::u32, value);
}

void TagWriter::u64(std::string_view name, std::uint64_t value) {
  number(name, TagType::u64, value);
}

void TagWriter::boolean(std::string_view name, bool value) {
  number(name, TagType::boolean, static_cast<std::uint8_t>(value ? 1 : 0));
}

void TagWriter::text(std::string_view name, std::string_view value) {
  const std::u16string units = to_utf16(value);
  const std::array words{code(TagType::array), code(TagType::u16), std::uint64_t{units.size()}};
  begin_data(name, words, 2 * units.size());
  for (const char16_t unit : units) {
    out_.number(static_cast<std::uint16_t>(unit));
  }
}

void TagWriter::calibration(std::string_view name, double value) {
  const auto narrow = static_cast<float>(value);
  if (static_cast<double>(narrow) == value) {
    number(name, TagType::f32, narrow);
  } else {
    number(name, TagType::f64, value);
  }
}

void TagWriter::image_data(std::string_view name, std::span<const std::uint64_t> type, std::uint64_t bytes) {
  begin_data(name, type, bytes);
  gaps_.push_back({.at = out_.size(), .bytes = bytes});
  gap_bytes_ += bytes;
}

template <class T>
void TagWriter::number_list(std::string_view name, TagType type, const Value::Array& items) {
  const std::array words{code(TagType::array), code(type), std::uint64_t{items.size()}};
  begin_data(name, words, sizeof(T) * items.size());
  for (const Value& item : items) {
    if constexpr (std::is_integral_v<T>) {
      out_.number(static_cast<T>(item.as_integer()));
    } else {
      out_.number(static_cast<T>(item.as_number()));
    }
  }
}

void TagWriter::list(std::string_view name, const Value::Array& items) {
  const auto is_integer = [](const Value& item) { return item.is_integer(); };
  if (std::all_of(items.begin(), items.end(), is_integer)) {
    const bool narrow =
        std::all_of(items.begin(), items.end(), [](const Value& item) { return fits_i32(item.as_integer()); });
    narrow ? number_list<std::int32_t>(name, TagType::i32, items)
           : number_list<std::int64_t>(name, TagType::i64, items);
  } else if (std::all_of(items.begin(), items.end(),
                         [&](const Value& item) { return item.is_number() && !is_integer(item); })) {
    number_list<double>(name, TagType::f64, items);
  } else {
    open(name);
    for (const Value& item : items) {
      value({}, item);
    }
    close();
  }
}

void TagWriter::value(std::string_view name, const Value& value) {
  if (value.is_bool()) {
    boolean(name, value.as_bool());
  } else if (value.is_integer()) {
    const std::int64_t integer = value.as_integer();
    fits_i32(integer) ? i32(name, static_cast<std::int32_t>(integer)) : number(name, TagType::i64, integer);
  } else if (value.is_number()) {
    number(name, TagType::f64, value.as_number());
  } else if (value.is_text()) {
    text(name, value.as_text());
  } else if (value.is_array()) {
    list(name, value.as_array());
  } else if (value.is_object()) {
    open(name);
    for (const Member& member : value.as_object()) {
      this->value(member.key, member.value);
    }
    close();
  }
}

}  // namespace hotstage::signal::dm
