// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/io/document.hpp"
#include "hotstage/io/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <vector>

namespace hotstage::io {

namespace {

Location position(std::string_view text, std::size_t byte, const std::string& file) {
  const std::string_view before = text.substr(0, std::min(byte, text.size()));
  const auto line = static_cast<int>(std::ranges::count(before, '\n')) + 1;
  const std::size_t newline = before.rfind('\n');
  const std::size_t column = newline == std::string_view::npos ? before.size() : before.size() - newline - 1;
  return {.file = file, .line = line, .column = static_cast<int>(std::max<std::size_t>(column, 1))};
}

/// Builds the tree from nlohmann's events; no recursion, so the depth is ours to limit.
class Builder {
 public:
  explicit Builder(const std::string& file) : file_(file) {}

  bool null() { return add(Value()); }

  bool boolean(bool value) { return add(Value(value)); }

  bool number_integer(std::int64_t value) { return add(Value(value)); }

  bool number_unsigned(std::uint64_t value) {
    constexpr auto largest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    return add(value <= largest ? Value(static_cast<std::int64_t>(value)) : Value(static_cast<double>(value)));
  }

  bool number_float(double value, const std::string&) { return add(Value(value)); }

  bool string(std::string& value) { return add(Value(std::move(value))); }

  bool binary(nlohmann::json::binary_t&) { return false; }

  bool start_object(std::size_t) { return open(Value::object()); }

  bool start_array(std::size_t) { return open(Value::array()); }

  bool key(std::string& name) {
    keys_.back() = std::move(name);
    return true;
  }

  bool end_object() { return close(); }

  bool end_array() { return close(); }

  bool parse_error(std::size_t byte, const std::string&, const nlohmann::json::exception& error) {
    error_byte = byte;
    error_text = error.what();
    return false;
  }

  Value root;
  std::size_t error_byte = 0;
  std::string error_text;

 private:
  bool open(Value value) {
    if (stack_.size() >= static_cast<std::size_t>(max_document_depth)) {
      error_text = fmt::format("nested deeper than {} levels", max_document_depth);
      return false;
    }
    value.where.file = file_;
    stack_.push_back(std::move(value));
    keys_.emplace_back();
    return true;
  }

  bool close() {
    Value value = std::move(stack_.back());
    stack_.pop_back();
    keys_.pop_back();
    return add(std::move(value));
  }

  bool add(Value value) {
    value.where.file = file_;
    if (stack_.empty()) {
      root = std::move(value);
    } else if (stack_.back().is_array()) {
      stack_.back().push_back(std::move(value));
    } else {
      stack_.back()[keys_.back()] = std::move(value);
    }
    return true;
  }

  const std::string& file_;
  std::vector<Value> stack_;
  std::vector<std::string> keys_;
};

class Writer {
 public:
  explicit Writer(JsonStyle style) : pretty_(style == JsonStyle::pretty) {}

  std::string text;

  void value(const Value& node, int depth) {
    HOTSTAGE_EXPECTS(depth <= max_document_depth + 1);
    if (node.is_null()) {
      text += "null";
    } else if (node.is_bool()) {
      text += node.as_bool() ? "true" : "false";
    } else if (node.is_integer()) {
      fmt::format_to(std::back_inserter(text), "{}", node.as_integer());
    } else if (node.is_number()) {
      number(node.as_number());
    } else if (node.is_text()) {
      quoted(node.as_text());
    } else if (node.is_array()) {
      array(node.as_array(), depth);
    } else {
      object(node.as_object(), depth);
    }
  }

 private:
  void number(double value) {
    if (!std::isfinite(value)) {
      text += "null";
      return;
    }
    const std::string digits = shortest(value);
    text += digits;
    if (digits.find_first_of(".e") == std::string::npos) {
      text += ".0";  // stays a floating-point number when read back
    }
  }

  void quoted(std::string_view raw) {
    text += '"';
    while (!raw.empty()) {
      const std::size_t length = utf8_length(raw);
      const char c = raw.front();
      if (length == 0) {
        text += "\xEF\xBF\xBD";
      } else if (length > 1) {
        text += raw.substr(0, length);
      } else if (c == '"' || c == '\\') {
        text += '\\';
        text += c;
      } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
        control(c);
      } else {
        text += c;
      }
      raw.remove_prefix(std::max<std::size_t>(length, 1));
    }
    text += '"';
  }

  void control(char c) {
    switch (c) {
      case '\n':
        text += "\\n";
        break;
      case '\r':
        text += "\\r";
        break;
      case '\t':
        text += "\\t";
        break;
      default:
        fmt::format_to(std::back_inserter(text), "\\u{:04x}", static_cast<unsigned>(c));
    }
  }

  void newline(int depth) {
    if (pretty_) {
      text += '\n';
      text.append(2 * static_cast<std::size_t>(depth), ' ');
    }
  }

  void array(const Value::Array& list, int depth) {
    const bool nested = std::ranges::any_of(list, [](const Value& v) { return v.is_array() || v.is_object(); });
    text += '[';
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (i > 0) {
        text += pretty_ && !nested ? ", " : ",";
      }
      if (nested) {
        newline(depth + 1);
      }
      value(list[i], depth + 1);
    }
    if (nested) {
      newline(depth);
    }
    text += ']';
  }

  void object(const Value::Object& members, int depth) {
    text += '{';
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i > 0) {
        text += ',';
      }
      newline(depth + 1);
      quoted(members[i].key);
      text += pretty_ ? ": " : ":";
      value(members[i].value, depth + 1);
    }
    if (!members.empty()) {
      newline(depth);
    }
    text += '}';
  }

  bool pretty_;
};

}  // namespace

std::string shortest(double value) {
  if (!std::isfinite(value)) {
    return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
  }
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  return {digits.data(), end.ptr};
}

Value parse_json(std::string_view text, const std::string& file) {
  if (text.starts_with("\xEF\xBB\xBF")) {
    text.remove_prefix(3);
  }
  Builder builder(file);
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error …" → "syntax error …"
    std::string reason = builder.error_text;
    if (const std::size_t colon = reason.find(": "); reason.starts_with('[') && colon != std::string::npos) {
      reason.erase(0, colon + 2);
    }
    throw Error(Errc::bad_input, position(text, builder.error_byte, file), "not valid JSON: " + reason);
  }
  return std::move(builder.root);
}

std::string to_json(const Value& value, JsonStyle style) {
  Writer writer(style);
  writer.value(value, 0);
  if (style == JsonStyle::pretty) {
    writer.text += '\n';
  }
  return std::move(writer.text);
}

}  // namespace hotstage::io
