// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/formats/dm/tags.hpp"

#include <fmt/format.h>

#include <limits>
#include <optional>
#include <utility>
#include <vector>

namespace hotstage::signal::dm {

namespace {

// Limits that no instrument reaches and no hostile file may pass. A tag costs about 200 bytes of memory here.
constexpr std::size_t most_tags = std::size_t{1} << 20;
constexpr std::size_t most_copied_numbers = std::size_t{1} << 20;
constexpr int deepest_group = 64;
constexpr int deepest_type = 8;
constexpr std::uint64_t longest_type = 4096;  // information words

constexpr std::uint8_t group_tag = 20;
constexpr std::uint8_t data_tag = 21;

/// Memory layout of a tag's payload, from its information words.
struct Layout {
  TagType type = TagType::i16;
  std::uint64_t bytes = 0;
  std::uint64_t count = 0;       ///< arrays and texts: elements
  std::vector<Layout> children;  ///< structure: fields; array: the one element
};

class Parser {
 public:
  Parser(std::span<const std::byte> bytes, const std::string& file) : in_(bytes, file, io::ByteOrder::big) {}

  TagFile parse();

 private:
  Value group(int depth);
  void group_member(Value::Object& members, std::uint64_t index, int depth);
  Value data(bool is_image_data);
  Layout layout(const std::vector<std::uint64_t>& words, std::size_t& at, int depth);
  Layout structure_layout(const std::vector<std::uint64_t>& words, std::size_t& at, int depth);
  Layout array_layout(const std::vector<std::uint64_t>& words, std::size_t& at, int depth);
  Value decode(const Layout& layout);
  Value decode_array(const Layout& layout);

  /// Lengths and counts: four bytes in version 3, eight in version 4, always big-endian.
  std::uint64_t word() { return out_.version == 3 ? in_.u32() : in_.u64(); }

  [[noreturn]] void fail(std::string message) const {
    throw Error(Errc::bad_input, in_.here(), std::move(message),
                "The file is damaged; copy it again from the instrument");
  }

  /// The position in ImageList when the open group is ImageList.[i].ImageData.
  [[nodiscard]] std::optional<std::size_t> open_image() const {
    if (path_.size() == 3 && path_[0].first == "ImageList" && path_[2].first == "ImageData") {
      return path_[1].second;
    }
    return {};
  }

  io::ByteReader in_;
  TagFile out_;
  std::vector<std::pair<std::string, std::uint64_t>> path_;  ///< names and positions of the open groups below the root
  std::size_t tags_ = 0;
  std::size_t numbers_ = 0;
};

TagFile Parser::parse() {
  const std::uint32_t version = in_.u32();
  if (version != 3 && version != 4) {
    throw Error(Errc::unsupported, in_.here(), fmt::format("not a DM3 or DM4 file: its version is {}", version));
  }
  out_.version = static_cast<int>(version);
  (void)word();  // length of the root group: some writers count the header, some do not
  const std::uint32_t little = in_.u32();
  if (little > 1) {
    fail(fmt::format("the byte order is {}, neither 0 (big) nor 1 (little)", little));
  }
  out_.order = little == 1 ? io::ByteOrder::little : io::ByteOrder::big;
  out_.root = group(0);
  return std::move(out_);
}

Value Parser::group(int depth) {
  if (depth > deepest_group) {
    fail(fmt::format("tag groups are nested deeper than {}", deepest_group));
  }
  in_.skip(2);  // "sorted" and "open" flags
  const std::uint64_t count = word();
  if (count > most_tags) {
    fail(fmt::format("a tag group with {} members", count));
  }
  Value::Object members;
  bool named = count == 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    group_member(members, i, depth);
    named = named || !members.back().key.empty();
  }
  if (!named) {
    Value::Array items;
    items.reserve(members.size());
    for (Member& member : members) {
      items.push_back(std::move(member.value));
    }
    return Value(std::move(items));
  }
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i].key.empty()) {
      members[i].key = std::to_string(i);
    }
  }
  return Value(std::move(members));
}

void Parser::group_member(Value::Object& members, std::uint64_t index, int depth) {
  if (++tags_ > most_tags) {
    fail(fmt::format("more than {} tags", most_tags));
  }
  const std::uint64_t start = in_.position();
  const std::uint8_t kind = in_.u8();
  std::string name = from_latin1(in_.text(in_.u16()));
  if (kind != group_tag && kind != data_tag) {
    fail(fmt::format("the tag \"{}\" has the unknown kind {}", name, kind));
  }
  if (out_.version == 4) {
    (void)in_.u64();  // length of the tag: not needed, and not every writer gets it right
  }
  Value value;
  if (kind == group_tag) {
    path_.emplace_back(name, index);
    value = group(depth + 1);
    path_.pop_back();
  } else {
    value = data(name == "Data" && open_image().has_value());
  }
  value.where.offset = start;
  members.push_back({std::move(name), std::move(value)});
}

Value Parser::data(bool is_image_data) {
  if (in_.text(4) != "%%%%") {
    fail("the mark %%%% before a tag's data is missing");
  }
  const std::uint64_t count = word();
  if (count == 0 || count > longest_type) {
    fail(fmt::format("a tag type of {} words", count));
  }
  std::vector<std::uint64_t> words(static_cast<std::size_t>(count));
  for (std::uint64_t& value : words) {
    value = word();
  }
  std::size_t at = 0;
  const Layout type = layout(words, at, 0);
  in_.require(type.bytes);
  if (is_image_data) {
    out_.images[*open_image()] = {.offset = in_.position(), .bytes = type.bytes};
    in_.skip(type.bytes);
    return {};
  }
  in_.set_order(out_.order);
  Value value = decode(type);
  in_.set_order(io::ByteOrder::big);
  return value;
}

std::uint64_t bytes_of(TagType type) {
  switch (type) {
    case TagType::boolean:
    case TagType::character:
    case TagType::octet:
      return 1;
    case TagType::i16:
    case TagType::u16:
      return 2;
    case TagType::i32:
    case TagType::u32:
    case TagType::f32:
      return 4;
    case TagType::i64:
    case TagType::u64:
    case TagType::f64:
      return 8;
    case TagType::structure:
    case TagType::text:
    case TagType::array:
      break;
  }
  return 0;
}

Layout Parser::layout(const std::vector<std::uint64_t>& words, std::size_t& at, int depth) {
  if (depth > deepest_type || at >= words.size()) {
    fail("a tag type that ends early or is nested too deep");
  }
  const std::uint64_t code = words[at++];
  switch (static_cast<TagType>(code)) {
    case TagType::structure:
      return structure_layout(words, at, depth);
    case TagType::array:
      return array_layout(words, at, depth);
    case TagType::text: {
      if (at >= words.size()) {
        fail("a text tag without a length");
      }
      const std::uint64_t length = words[at++];
      return {.type = TagType::text, .bytes = length, .count = length};
    }
    default: {
      const std::uint64_t bytes = bytes_of(static_cast<TagType>(code));
      if (bytes == 0) {
        fail(fmt::format("the unknown tag type {}", code));
      }
      return {.type = static_cast<TagType>(code), .bytes = bytes};
    }
  }
}

Layout Parser::structure_layout(const std::vector<std::uint64_t>& words, std::size_t& at, int depth) {
  if (words.size() - at < 2) {
    fail("a structure tag without fields");
  }
  const std::uint64_t fields = words[at + 1];  // words[at] is the length of the structure's name, always 0
  at += 2;
  if (fields > words.size() - at) {
    fail(fmt::format("a structure tag that promises {} fields", fields));
  }
  Layout out{.type = TagType::structure};
  for (std::uint64_t i = 0; i < fields; ++i) {
    ++at;  // length of the field's name, always 0
    out.children.push_back(layout(words, at, depth + 1));
    if (__builtin_add_overflow(out.bytes, out.children.back().bytes, &out.bytes)) {
      fail("a structure tag larger than any file");
    }
  }
  return out;
}

Layout Parser::array_layout(const std::vector<std::uint64_t>& words, std::size_t& at, int depth) {
  Layout out{.type = TagType::array};
  out.children.push_back(layout(words, at, depth + 1));
  if (at >= words.size()) {
    fail("an array tag without a length");
  }
  out.count = words[at++];
  const std::uint64_t element = out.children.front().bytes;
  if (element == 0 && out.count > 0) {
    fail("an array tag of elements without size");
  }
  if (__builtin_mul_overflow(element, out.count, &out.bytes)) {
    out.bytes = std::numeric_limits<std::uint64_t>::max();  // require() reports what was promised
  }
  return out;
}

Value Parser::decode(const Layout& layout) {
  switch (layout.type) {
    case TagType::i16:
      return Value(int{in_.i16()});
    case TagType::i32:
      return Value(int{in_.i32()});
    case TagType::u16:
      return Value(int{in_.u16()});
    case TagType::u32:
      return Value(std::int64_t{in_.u32()});
    case TagType::f32:
      return Value(static_cast<double>(in_.f32()));
    case TagType::f64:
      return Value(in_.f64());
    case TagType::boolean:
      return Value(in_.u8() != 0);
    case TagType::character:
      return Value(int{in_.i8()});
    case TagType::octet:
      return Value(int{in_.u8()});
    case TagType::i64:
      return Value(in_.i64());
    case TagType::u64: {
      const std::uint64_t value = in_.u64();
      const bool fits = value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
      return fits ? Value(static_cast<std::int64_t>(value)) : Value(static_cast<double>(value));
    }
    case TagType::text:
      return Value(from_latin1(in_.text(layout.bytes)));
    case TagType::structure: {
      Value::Array fields;
      for (const Layout& field : layout.children) {
        fields.push_back(decode(field));
      }
      return Value(std::move(fields));
    }
    case TagType::array:
      return decode_array(layout);
  }
  return {};
}

Value Parser::decode_array(const Layout& layout) {
  const Layout& element = layout.children.front();
  const std::uint64_t per_element = element.children.empty() ? 1 : element.children.size();
  const bool copied =
      layout.count <= longest_copied_array && numbers_ + layout.count * per_element <= most_copied_numbers;
  if (!copied) {
    in_.skip(layout.bytes);
    return {};
  }
  numbers_ += static_cast<std::size_t>(layout.count * per_element);
  if (element.type == TagType::u16) {
    const std::size_t start = in_.position();
    std::u16string units;
    units.reserve(static_cast<std::size_t>(layout.count));
    for (std::uint64_t i = 0; i < layout.count; ++i) {
      units.push_back(static_cast<char16_t>(in_.u16()));
    }
    if (auto text = from_utf16(units)) {
      return Value(std::move(*text));
    }
    in_.seek(start);
  }
  Value::Array items;
  items.reserve(static_cast<std::size_t>(layout.count));
  for (std::uint64_t i = 0; i < layout.count; ++i) {
    items.push_back(decode(element));
  }
  return Value(std::move(items));
}

}  // namespace

TagFile parse_tags(std::span<const std::byte> bytes, const std::string& file) {
  return Parser(bytes, file).parse();
}

}  // namespace hotstage::signal::dm
