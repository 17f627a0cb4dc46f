// SPDX-License-Identifier: GPL-3.0-or-later
// A document tree (TOML, JSON, instrument tags) without a library's types: every node knows its place in the user's
// file.

#pragma once

#include "hotstage/core/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace hotstage {

class Value;
struct Member;

/// null, boolean, integer, number, text, array or object (members in file order).
class Value {
 public:
  using Array = std::vector<Value>;
  using Object = std::vector<Member>;

  // Defined out of line: a Member holds a Value, so the variant is incomplete until both are.
  Value();
  Value(const Value& other);
  Value(Value&& other) noexcept;
  Value& operator=(const Value& other);
  Value& operator=(Value&& other) noexcept;
  ~Value();
  Value(bool value);              // NOLINT(google-explicit-constructor)
  Value(int value);               // NOLINT(google-explicit-constructor)
  Value(std::int64_t value);      // NOLINT(google-explicit-constructor)
  Value(std::size_t value);       // NOLINT(google-explicit-constructor)
  Value(double value);            // NOLINT(google-explicit-constructor)
  Value(const char* value);       // NOLINT(google-explicit-constructor)
  Value(std::string_view value);  // NOLINT(google-explicit-constructor)
  Value(std::string value);       // NOLINT(google-explicit-constructor)
  Value(Array value);             // NOLINT(google-explicit-constructor)
  Value(Object value);            // NOLINT(google-explicit-constructor)

  [[nodiscard]] static Value array();

  [[nodiscard]] static Value object();

  [[nodiscard]] bool is_null() const { return std::holds_alternative<std::monostate>(data_); }

  [[nodiscard]] bool is_bool() const { return std::holds_alternative<bool>(data_); }

  [[nodiscard]] bool is_integer() const { return std::holds_alternative<std::int64_t>(data_); }

  [[nodiscard]] bool is_number() const { return is_integer() || std::holds_alternative<double>(data_); }

  [[nodiscard]] bool is_text() const { return std::holds_alternative<std::string>(data_); }

  [[nodiscard]] bool is_array() const { return std::holds_alternative<Array>(data_); }

  [[nodiscard]] bool is_object() const { return std::holds_alternative<Object>(data_); }

  /// "a number", "text", … for messages.
  [[nodiscard]] std::string_view kind() const;

  // The typed readers throw Error{bad_input} at the node's place when the kind does not fit.
  [[nodiscard]] bool as_bool() const;
  [[nodiscard]] std::int64_t as_integer() const;
  [[nodiscard]] double as_number() const;
  [[nodiscard]] const std::string& as_text() const;
  [[nodiscard]] const Array& as_array() const;
  /// An array of numbers only.
  [[nodiscard]] std::vector<double> as_numbers() const;
  [[nodiscard]] const Object& as_object() const;
  [[nodiscard]] Array& as_array();
  [[nodiscard]] Object& as_object();

  /// Member of an object, nullptr when absent or when this is not an object.
  [[nodiscard]] const Value* find(std::string_view key) const;
  /// Follows "Meta Data.Format": keys separated by dots, array elements by number.
  [[nodiscard]] const Value* find_path(std::string_view path) const;
  /// Member of an object; throws Error{bad_input} when absent.
  [[nodiscard]] const Value& at(std::string_view key) const;
  /// Member of an object, made when absent.
  Value& operator[](std::string_view key);
  void push_back(Value value);

  /// Convenience for optional members of the right kind; nothing if absent or of another kind.
  [[nodiscard]] std::optional<double> number_at(std::string_view path) const;
  [[nodiscard]] std::optional<std::string> text_at(std::string_view path) const;

  Location where;  ///< file, line and column this node was read from; empty for nodes made by code

  /// Compares contents, not places.
  friend bool operator==(const Value& a, const Value& b);

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, Array, Object> data_;
};

struct Member {
  std::string key;
  Value value;
};

}  // namespace hotstage
