// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/fields.hpp"

#include <gtest/gtest.h>

namespace hotstage {
namespace {

enum class Method { poisson, two_area };

constexpr auto enum_names(Method) {
  return std::array{EnumName<Method>{Method::poisson, "poisson"}, EnumName<Method>{Method::two_area, "two_area"}};
}

struct Inner {
  double weight = 2.0;

  template <class V>
  void fields(V& v) {
    v("weight", weight, {.help = "weight", .min = 0.0});
  }
};

struct Sample {
  Energy width = 50.0 * units::eV;
  std::array<Energy, 2> window{400.0 * units::eV, 450.0 * units::eV};
  Method method = Method::poisson;
  std::optional<Angle> beta;
  std::vector<std::string> edges;
  Temperature hold = Temperature::celsius(650);
  Inner inner;
  bool save = false;

  template <class V>
  void fields(V& v) {
    v("width", width, {.help = "window width", .unit = "eV", .min = 0.0});
    v("window", window, {.help = "fit window", .unit = "eV"});
    v("method", method, {.help = "fit method"});
    v("beta", beta, {.help = "collection semi-angle", .unit = "mrad", .min = 0.0});
    v("edges", edges, {.help = "edges", .required = true});
    v("hold", hold, {.help = "hold temperature", .unit = "degC"});
    v("inner", inner, {.help = "nested"});
    v("save", save, {.help = "keep cubes"});
  }
};

Value minimal() {
  Value table = Value::object();
  table["edges"].push_back("Ti L3");
  return table;
}

std::string message(const Value& table) {
  try {
    (void)from_table<Sample>(table);
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

TEST(Fields, values_with_units_are_read) {
  Value table = minimal();
  table["width"] = "0.03 keV";
  table["beta"] = "33 mrad";
  table["method"] = "two_area";
  table["window"].push_back("380 eV");
  table["window"].push_back("430 eV");
  table["hold"] = "500 degC";
  table["inner"]["weight"] = 3;
  const auto sample = from_table<Sample>(table);
  EXPECT_DOUBLE_EQ(sample.width.in(units::eV), 30.0);
  EXPECT_DOUBLE_EQ(sample.beta.value().in(units::mrad), 33.0);
  EXPECT_EQ(sample.method, Method::two_area);
  EXPECT_DOUBLE_EQ(sample.window[1].in(units::eV), 430.0);
  EXPECT_DOUBLE_EQ(sample.hold.in_degC(), 500.0);
  EXPECT_DOUBLE_EQ(sample.inner.weight, 3.0);
}

TEST(Fields, unknown_key_gives_place_and_nearest_name) {
  Value table = minimal();
  table["widht"] = "30 eV";
  table["widht"].where = {.file = "study.toml", .line = 7, .column = 3};
  const std::string text = message(table);
  EXPECT_NE(text.find("study.toml:7:3"), std::string::npos) << text;
  EXPECT_NE(text.find("Did you mean \"width\"?"), std::string::npos) << text;
}

TEST(Fields, a_bare_number_for_a_quantity_is_an_error) {
  Value table = minimal();
  table["width"] = 30;
  EXPECT_NE(message(table).find("width: expected text with a number and a unit"), std::string::npos) << message(table);
}

TEST(Fields, limits_dimensions_and_choices_are_checked) {
  Value table = minimal();
  table["width"] = "-1 eV";
  EXPECT_NE(message(table).find("below the smallest allowed value 0 eV"), std::string::npos) << message(table);
  table["width"] = "1 nm";
  EXPECT_NE(message(table).find("has the dimension nm"), std::string::npos) << message(table);
  table["width"] = "30";
  EXPECT_NE(message(table).find("30 has no unit. Write \"30 eV\""), std::string::npos) << message(table);
  table["width"] = "1 eV";
  table["method"] = "poison";
  EXPECT_NE(message(table).find("Did you mean \"poisson\"?"), std::string::npos) << message(table);
}

TEST(Fields, missing_required_key_says_what_to_add) {
  EXPECT_NE(message(Value::object()).find("Add edges = [text, …]"), std::string::npos) << message(Value::object());
}

TEST(Fields, canonical_form_reads_back_to_itself) {
  auto sample = from_table<Sample>(minimal());
  const Value first = canonical(describe(sample));
  auto again = from_table<Sample>(first);
  EXPECT_EQ(first, canonical(describe(again)));
}

TEST(Fields, schema_lists_choices_and_defaults) {
  Sample sample;
  const Value json = schema(describe(sample));
  EXPECT_EQ(json.text_at("properties.width.default"), "50 eV");
  EXPECT_EQ(json.text_at("properties.method.enum.1"), "two_area");
}

}  // namespace
}  // namespace hotstage
