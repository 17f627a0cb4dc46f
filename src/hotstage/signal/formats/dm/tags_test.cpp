// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/formats/dm/tags.hpp"

#include "hotstage/signal/formats/dm/tag_writer.hpp"
#include "hotstage/signal/formats/dm/test_files.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <tuple>

namespace hotstage::signal::dm {
namespace {

using testing_files::Builder;

TagFile parse(const std::string& bytes) {
  return parse_tags(std::as_bytes(std::span(bytes)), "test.dm4");
}

std::string failure(const std::string& bytes) {
  try {
    (void)parse(bytes);
  } catch (const Error& error) {
    return error.message();
  }
  return "no error";
}

class Versions : public testing::TestWithParam<std::tuple<int, io::ByteOrder>> {
 protected:
  [[nodiscard]] Builder builder() const { return {std::get<0>(GetParam()), std::get<1>(GetParam())}; }
};

TEST_P(Versions, read_every_kind_of_number) {
  const Builder b = builder();
  const Value root =
      parse(b.file({b.number("i16", 2, std::int16_t{-7}), b.number("i32", 3, std::int32_t{-70000}),
                    b.number("u16", 4, std::uint16_t{65535}), b.number("u32", 5, std::uint32_t{4294967295U}),
                    b.number("f32", 6, 0.5F), b.number("f64", 7, -0.1), b.number("bool", 8, std::uint8_t{1}),
                    b.number("char", 9, std::int8_t{-9}), b.number("octet", 10, std::uint8_t{200}),
                    b.number("i64", 11, std::int64_t{-5000000000}),
                    b.number("u64", 12, std::numeric_limits<std::uint64_t>::max())}))
          .root;
  EXPECT_EQ(root.at("i16").as_integer(), -7);
  EXPECT_EQ(root.at("i32").as_integer(), -70000);
  EXPECT_EQ(root.at("u16").as_integer(), 65535);
  EXPECT_EQ(root.at("u32").as_integer(), 4294967295);
  EXPECT_EQ(root.at("f32").as_number(), 0.5);
  EXPECT_EQ(root.at("f64").as_number(), -0.1);
  EXPECT_TRUE(root.at("bool").as_bool());
  EXPECT_EQ(root.at("char").as_integer(), -9);
  EXPECT_EQ(root.at("octet").as_integer(), 200);
  EXPECT_EQ(root.at("i64").as_integer(), -5000000000);
  EXPECT_EQ(root.at("u64").as_number(), 18446744073709551616.0);
}

TEST_P(Versions, read_structures_arrays_texts_and_groups) {
  const Builder b = builder();
  const std::string structure =
      b.data("rect", {15, 0, 2, 0, 2, 0, 6}, b.payload<std::int16_t>({3}) + b.payload<float>({1.5F}));
  const std::string table = b.data("table", {20, 15, 0, 2, 0, 2, 0, 2, 2}, b.payload<std::int16_t>({1, 2, 3, 4}));
  const std::string counts = b.data("counts", {20, 4, 3}, b.payload<std::uint16_t>({5, 6, 7}));
  const Value root =
      parse(b.file({structure, table, counts, b.data("floats", {20, 6, 2}, b.payload<float>({0.5F, 2.0F})),
                    b.text("text", u"5 \u00B5m \u2028 \U0001D11E"), b.group("empty", {}),
                    b.group("list", {b.number("", 5, 8U), b.number("", 5, 9U)}),
                    b.group("Current (\xB5"
                            "A)",
                            {b.number("deep", 8, std::uint8_t{0})})}))
          .root;
  EXPECT_EQ(root.at("rect"), Value(Value::Array{3, 1.5}));
  EXPECT_EQ(root.at("table"), Value(Value::Array{Value(Value::Array{1, 2}), Value(Value::Array{3, 4})}));
  EXPECT_EQ(root.at("counts"), Value(Value::Array{5, 6, 7}));
  EXPECT_EQ(root.at("floats"), Value(Value::Array{0.5, 2.0}));
  EXPECT_EQ(root.at("text").as_text(), "5 µm \u2028 \U0001D11E");
  EXPECT_TRUE(root.at("empty").is_object());
  EXPECT_EQ(root.find_path("list.1")->as_integer(), 9);
  EXPECT_FALSE(root.find_path("Current (µA).deep")->as_bool());
}

TEST_P(Versions, locate_image_data_without_copying_them) {
  const Builder b = builder();
  const std::string data = b.data("Data", {20, 4, 6}, b.payload<std::uint16_t>({1, 2, 3, 4, 5, 6}));
  const std::string bytes = b.file({b.group("ImageList", {b.group("", {b.group("ImageData", {data})})})});
  const TagFile file = parse(bytes);
  ASSERT_EQ(file.images.size(), 1U);
  EXPECT_EQ(file.images.at(0).bytes, 12U);
  EXPECT_EQ(bytes.substr(file.images.at(0).offset, 12), b.payload<std::uint16_t>({1, 2, 3, 4, 5, 6}));
  EXPECT_TRUE(file.root.find_path("ImageList.0.ImageData.Data")->is_null());
}

INSTANTIATE_TEST_SUITE_P(dm, Versions,
                         testing::Combine(testing::Values(3, 4),
                                          testing::Values(io::ByteOrder::little, io::ByteOrder::big)),
                         [](const auto& version) {
                           return "v" + std::to_string(std::get<0>(version.param)) +
                                  (std::get<1>(version.param) == io::ByteOrder::little ? "_little" : "_big");
                         });

TEST(Tags, leave_out_arrays_that_are_too_long_to_copy) {
  const Builder b;
  const std::vector<float> values(longest_copied_array + 1, 1.0F);
  const Value root =
      parse(b.file({b.data("long", {20, 6, values.size()}, b.payload(values)), b.number("after", 5, 1U)})).root;
  EXPECT_TRUE(root.at("long").is_null());
  EXPECT_EQ(root.at("after").as_integer(), 1);
}

TEST(Tags, say_where_a_truncated_file_ends) {
  const Builder b;
  const std::string whole = b.file({b.data("counts", {20, 6, 100}, b.payload(std::vector<float>(100, 1.0F)))});
  const std::string cut = whole.substr(0, whole.size() - 108);
  EXPECT_EQ(failure(cut),
            fmt::format("file ends at byte {}, 100 more were promised: the file is truncated", cut.size()));
}

TEST(Tags, refuse_sizes_that_no_file_has) {
  const Builder b;
  const std::uint64_t huge = std::numeric_limits<std::uint64_t>::max() / 2;
  EXPECT_NE(failure(b.file({b.data("x", {20, 7, huge}, "")})).find("truncated"), std::string::npos);
  EXPECT_EQ(failure(b.file({b.data("x", {20, 15, 0, 0, huge}, "")})), "an array tag of elements without size");
  EXPECT_EQ(failure(b.file({b.data("x", {15, 0, huge}, "")})),
            fmt::format("a structure tag that promises {} fields", huge));
  EXPECT_EQ(failure(b.file({b.data("x", {99}, "")})), "the unknown tag type 99");
  EXPECT_EQ(failure(b.file({b.data("x", {20, 6}, "")})), "an array tag without a length");
  EXPECT_EQ(failure(b.file({b.data("x", {15, 0, 1, 0}, "")})), "a tag type that ends early or is nested too deep");
}

TEST(Tags, refuse_groups_nested_without_end) {
  const Builder b;
  std::string nested = b.group("g", {});
  for (int i = 0; i < 100; ++i) {
    nested = b.group("g", {nested});
  }
  EXPECT_EQ(failure(b.file({nested})), "tag groups are nested deeper than 64");
}

TEST(Tags, refuse_other_versions_by_name) {
  EXPECT_EQ(failure(Builder::big(std::uint32_t{333319}) + std::string(40, '\0')),
            "not a DM3 or DM4 file: its version is 333319");
  EXPECT_NE(failure("").find("truncated"), std::string::npos);
}

/// A document as an instrument's tags may be: objects, lists, numbers, texts; no null, and no empty list (a group
/// without members reads as an object).
Value any_document(int depth) {
  switch (*rc::gen::inRange(0, depth > 0 ? 6 : 4)) {
    case 0:
      return Value(*rc::gen::arbitrary<bool>());
    case 1:
      return Value(*rc::gen::arbitrary<std::int64_t>());
    case 2:
      return Value(*rc::gen::arbitrary<double>());
    case 3:
      return Value(*rc::gen::container<std::string>(rc::gen::inRange(' ', '~')));
    case 4: {
      Value list = Value::array();
      for (int left = *rc::gen::inRange(1, 4); left > 0; --left) {
        list.push_back(any_document(depth - 1));
      }
      return list;
    }
    default: {
      Value object = Value::object();
      for (int left = *rc::gen::inRange(0, 4); left > 0; --left) {
        object[fmt::format("Tag {} (µA)", left)] = any_document(depth - 1);
      }
      return object;
    }
  }
}

RC_GTEST_PROP(TagWriter, is_read_back_exactly, ()) {
  constexpr int depth = 4;
  const Value value = any_document(depth);
  TagWriter out;
  out.value("tags", value);
  out.finish();
  RC_ASSERT(parse_tags(out.bytes(), "written").root.at("tags") == value);
}

TEST(Text, survives_the_way_through_utf16_and_latin1) {
  const std::string text = "µ λ 𝄞 e⁻";
  EXPECT_EQ(from_utf16(to_utf16(text)), text);
  EXPECT_EQ(from_latin1(to_latin1("Å µm")), "Å µm");
  EXPECT_EQ(to_latin1("λ"), "?");
  EXPECT_EQ(from_utf16(to_utf16("\xff")), "\uFFFD");
  EXPECT_FALSE(from_utf16(u"\x0001"));
  EXPECT_FALSE(from_utf16(std::u16string{static_cast<char16_t>(0xD800)}));
}

}  // namespace
}  // namespace hotstage::signal::dm
