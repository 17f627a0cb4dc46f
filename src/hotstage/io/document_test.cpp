// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/io/document.hpp"

#include "hotstage/io/files.hpp"
#include "hotstage/io/temporary_folder.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>

namespace hotstage::io {
namespace {

Location error_place(const std::string& text, Value (*parse)(std::string_view, const std::string&)) {
  try {
    (void)parse(text, "study.toml");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::bad_input);
    return error.where().value_or(Location{});
  }
  ADD_FAILURE() << "accepted: " << text;
  return {};
}

TEST(Toml, every_node_knows_its_line_and_column) {
  const Value root =
      parse_toml("title = \"a\"\n\n[step.ratio]\n  edges = [\"Ti L3\",\n           \"O K\"]\n", "study.toml");
  const Value* edges = root.find_path("step.ratio.edges");
  ASSERT_NE(edges, nullptr);
  EXPECT_EQ(edges->where.file, "study.toml");
  EXPECT_EQ(edges->where.line, 4);
  EXPECT_EQ(edges->where.column, 11);
  EXPECT_EQ(edges->as_array()[1].where.line, 5);
}

TEST(Toml, members_stand_as_in_the_file) {
  const Value root = parse_toml("zebra = 1\nalpha = 2\n[step.second]\nx = 1\n[step.first]\nx = 1\n[a]\n", "f");
  std::string order;
  for (const Member& member : root.as_object()) {
    order += member.key + " ";
  }
  EXPECT_EQ(order, "zebra alpha step a ");
  EXPECT_EQ(root.at("step").as_object()[0].key, "second");
  EXPECT_EQ(root.at("step").as_object()[1].key, "first");
}

TEST(Toml, kinds_are_kept_and_dates_become_text) {
  const Value root =
      parse_toml("i = 3\nd = 3.0\nb = true\ns = \"x\"\nday = 2023-05-01\nmoment = 2023-05-01T12:00:00Z\n", "f");
  EXPECT_TRUE(root.at("i").is_integer());
  EXPECT_FALSE(root.at("d").is_integer());
  EXPECT_TRUE(root.at("b").as_bool());
  EXPECT_EQ(root.at("day").as_text(), "2023-05-01");
  EXPECT_EQ(root.at("moment").as_text(), "2023-05-01T12:00:00Z");
}

TEST(Toml, a_mistake_is_reported_with_its_place) {
  EXPECT_EQ(error_place("a = 1\nb = = 2\n", &parse_toml).line, 2);
  EXPECT_EQ(error_place("a = 1\na = 2\n", &parse_toml).line, 2);
}

TEST(Json, a_mistake_is_reported_with_its_place) {
  const Location place = error_place("{\"a\": 1,\n \"b\": }", &parse_json);
  EXPECT_EQ(place.line, 2);
  EXPECT_EQ(place.column, 7);
  error_place("", &parse_json);
  error_place("{} trailing", &parse_json);
  error_place(std::string(100000, '['), &parse_json);
}

TEST(Toml, endless_nesting_is_refused) {
  std::string text = "a = ";
  text += std::string(5000, '[') + std::string(5000, ']');
  error_place(text, &parse_toml);
}

TEST(Json, numbers_keep_their_kind_and_their_last_digit) {
  const Value root = parse_json("[1, 1.0, 18446744073709551615, 0.1, 1e300]", "f");
  EXPECT_TRUE(root.as_array()[0].is_integer());
  EXPECT_FALSE(root.as_array()[1].is_integer());
  EXPECT_EQ(root.as_array()[2].as_number(), 18446744073709551615.0);
  EXPECT_EQ(to_json(root, JsonStyle::compact), "[1,1.0,18446744073709551616.0,0.1,1e+300]");
}

TEST(Json, what_json_cannot_say_becomes_null_or_a_replacement_character) {
  EXPECT_EQ(to_json(Value(std::nan("")), JsonStyle::compact), "null");
  EXPECT_EQ(to_json(Value(std::numeric_limits<double>::infinity()), JsonStyle::compact), "null");
  EXPECT_EQ(to_json(Value("a\xB5\"\n\x01"), JsonStyle::compact), "\"a\xEF\xBF\xBD\\\"\\n\\u0001\"");
}

TEST(Json, pretty_text_is_readable) {
  Value root = Value::object();
  root["a"] = Value(Value::Array{Value(1), Value(2)});
  root["b"] = Value::object();
  root["c"] = Value(Value::Array{Value::array()});
  EXPECT_EQ(to_json(root), "{\n  \"a\": [1, 2],\n  \"b\": {},\n  \"c\": [\n    []\n  ]\n}\n");
}

Value any_value(int depth) {
  switch (*rc::gen::inRange(0, depth > 0 ? 7 : 5)) {
    case 0:
      return {};
    case 1:
      return Value(*rc::gen::arbitrary<bool>());
    case 2:
      return Value(*rc::gen::arbitrary<std::int64_t>());
    case 3: {
      const double number = *rc::gen::arbitrary<double>();
      return Value(std::isfinite(number) ? number : 0.5);
    }
    case 4:
      return Value(*rc::gen::container<std::string>(rc::gen::inRange('\0', '\x7F')));
    case 5: {
      Value list = Value::array();
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
        list.push_back(any_value(depth - 1));
      }
      return list;
    }
    default: {
      Value object = Value::object();
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
        object[std::string(1, static_cast<char>('a' + i))] = any_value(depth - 1);
      }
      return object;
    }
  }
}

RC_GTEST_PROP(Json, any_tree_survives_writing_and_reading, ()) {
  const Value tree = any_value(3);
  RC_ASSERT(parse_json(to_json(tree, JsonStyle::compact), "f") == tree);
  RC_ASSERT(parse_json(to_json(tree, JsonStyle::pretty), "f") == tree);
}

RC_GTEST_PROP(Json, shortest_text_reads_back_to_the_same_double, (double value)) {
  RC_PRE(std::isfinite(value));
  RC_ASSERT(std::stod(shortest(value)) == value);
}

TEST(Document, the_extension_chooses_the_language) {
  const TemporaryFolder folder;
  write_text(folder / "a.toml", "x = 1");
  write_text(folder / "a.json", "{\"x\": 1}");
  EXPECT_EQ(read_document(folder / "a.toml"), read_document(folder / "a.json"));
  write_text(folder / "a.yaml", "x: 1");
  EXPECT_THROW((void)read_document(folder / "a.yaml"), Error);
}

}  // namespace
}  // namespace hotstage::io
