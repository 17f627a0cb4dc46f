// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/value.hpp"

#include <fmt/format.h>

#include <charconv>

namespace hotstage {

namespace {

[[noreturn]] void wrong_kind(const Value& value, std::string_view expected) {
  throw Error(Errc::bad_input, value.where, fmt::format("expected {}, found {}", expected, value.kind()));
}

}  // namespace

Value::Value() = default;
Value::Value(const Value& other) = default;
Value::Value(Value&& other) noexcept = default;
Value& Value::operator=(const Value& other) = default;
Value& Value::operator=(Value&& other) noexcept = default;
Value::~Value() = default;

Value::Value(bool value) : data_(value) {}

Value::Value(int value) : data_(static_cast<std::int64_t>(value)) {}

Value::Value(std::int64_t value) : data_(value) {}

Value::Value(std::size_t value) : data_(static_cast<std::int64_t>(value)) {}

Value::Value(double value) : data_(value) {}

Value::Value(const char* value) : data_(std::string(value)) {}

Value::Value(std::string_view value) : data_(std::string(value)) {}

Value::Value(std::string value) : data_(std::move(value)) {}

Value::Value(Array value) : data_(std::move(value)) {}

Value::Value(Object value) : data_(std::move(value)) {}

Value Value::array() {
  return Value(Array{});
}

Value Value::object() {
  return Value(Object{});
}

std::string_view Value::kind() const {
  static constexpr std::string_view kinds[] = {"nothing", "true/false", "an integer", "a number",
                                               "text",    "a list",     "a table"};
  return kinds[data_.index()];
}

bool Value::as_bool() const {
  if (const auto* value = std::get_if<bool>(&data_)) {
    return *value;
  }
  wrong_kind(*this, "true or false");
}

std::int64_t Value::as_integer() const {
  if (const auto* value = std::get_if<std::int64_t>(&data_)) {
    return *value;
  }
  wrong_kind(*this, "an integer");
}

double Value::as_number() const {
  if (const auto* value = std::get_if<double>(&data_)) {
    return *value;
  }
  if (const auto* value = std::get_if<std::int64_t>(&data_)) {
    return static_cast<double>(*value);
  }
  wrong_kind(*this, "a number");
}

const std::string& Value::as_text() const {
  if (const auto* value = std::get_if<std::string>(&data_)) {
    return *value;
  }
  wrong_kind(*this, "text");
}

const Value::Array& Value::as_array() const {
  if (const auto* value = std::get_if<Array>(&data_)) {
    return *value;
  }
  wrong_kind(*this, "a list");
}

std::vector<double> Value::as_numbers() const {
  std::vector<double> out;
  out.reserve(as_array().size());
  for (const Value& item : as_array()) {
    out.push_back(item.as_number());
  }
  return out;
}

const Value::Object& Value::as_object() const {
  if (const auto* value = std::get_if<Object>(&data_)) {
    return *value;
  }
  wrong_kind(*this, "a table");
}

Value::Array& Value::as_array() {
  if (auto* value = std::get_if<Array>(&data_)) {
    return *value;
  }
  wrong_kind(*this, "a list");
}

Value::Object& Value::as_object() {
  if (auto* value = std::get_if<Object>(&data_)) {
    return *value;
  }
  wrong_kind(*this, "a table");
}

const Value* Value::find(std::string_view key) const {
  const auto* members = std::get_if<Object>(&data_);
  if (members == nullptr) {
    return nullptr;
  }
  for (const Member& member : *members) {
    if (member.key == key) {
      return &member.value;
    }
  }
  return nullptr;
}

const Value* Value::find_path(std::string_view path) const {
  const Value* node = this;
  while (node != nullptr && !path.empty()) {
    const std::size_t dot = path.find('.');
    const std::string_view key = path.substr(0, dot);
    path = dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
    if (node->is_array()) {
      std::size_t index = 0;
      const auto [end, status] = std::from_chars(key.data(), key.data() + key.size(), index);
      const bool valid = status == std::errc{} && end == key.data() + key.size() && index < node->as_array().size();
      node = valid ? &node->as_array()[index] : nullptr;
    } else {
      node = node->find(key);
    }
  }
  return node;
}

const Value& Value::at(std::string_view key) const {
  if (const Value* value = find(key)) {
    return *value;
  }
  throw Error(Errc::bad_input, where, fmt::format("\"{}\" is missing", key));
}

Value& Value::operator[](std::string_view key) {
  if (is_null()) {
    data_ = Object{};
  }
  Object& members = as_object();
  for (Member& member : members) {
    if (member.key == key) {
      return member.value;
    }
  }
  members.push_back({std::string(key), Value{}});
  return members.back().value;
}

void Value::push_back(Value value) {
  if (is_null()) {
    data_ = Array{};
  }
  as_array().push_back(std::move(value));
}

std::optional<double> Value::number_at(std::string_view path) const {
  const Value* value = find_path(path);
  return value != nullptr && value->is_number() ? std::optional(value->as_number()) : std::nullopt;
}

std::optional<std::string> Value::text_at(std::string_view path) const {
  const Value* value = find_path(path);
  return value != nullptr && value->is_text() ? std::optional(value->as_text()) : std::nullopt;
}

bool operator==(const Value& a, const Value& b) {
  if (a.is_object() && b.is_object()) {
    const Value::Object& x = a.as_object();
    const Value::Object& y = b.as_object();
    if (x.size() != y.size()) {
      return false;
    }
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (x[i].key != y[i].key || !(x[i].value == y[i].value)) {
        return false;
      }
    }
    return true;
  }
  if (a.is_array() && b.is_array()) {
    return a.as_array() == b.as_array();
  }
  if (a.is_object() || b.is_object() || a.is_array() || b.is_array()) {
    return false;
  }
  if (a.is_number() && b.is_number()) {
    return a.as_number() == b.as_number();
  }
  if (a.is_text() && b.is_text()) {
    return a.as_text() == b.as_text();
  }
  if (a.is_bool() && b.is_bool()) {
    return a.as_bool() == b.as_bool();
  }
  return a.is_null() && b.is_null();
}

}  // namespace hotstage
