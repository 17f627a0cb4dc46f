// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/report/detail/json.hpp"

#include "hotstage/report/detail/rich_text.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

namespace hotstage::report::detail {

namespace {

void append_text(std::string& out, std::string_view text) {
  out += '"';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) >= 0x80) {
      const std::size_t length = utf8_length(text.substr(i));
      const std::string_view character = length > 0 ? text.substr(i, length) : "\uFFFD";
      out += character == "\u2028" ? "\\u2028" : character == "\u2029" ? "\\u2029" : character;
      i += length > 0 ? length - 1 : 0;
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == '<' || c == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_number(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";
  } else if (number == 0.0 && std::signbit(number)) {
    out += "-0.0";
  } else {
    fmt::format_to(std::back_inserter(out), "{}", number);
  }
}

void append(std::string& out, const Value& value) {
  if (value.is_null()) {
    out += "null";
  } else if (value.is_bool()) {
    out += value.as_bool() ? "true" : "false";
  } else if (value.is_integer()) {
    fmt::format_to(std::back_inserter(out), "{}", value.as_integer());
  } else if (value.is_number()) {
    append_number(out, value.as_number());
  } else if (value.is_text()) {
    append_text(out, value.as_text());
  } else if (value.is_array()) {
    char separator = '[';
    for (const Value& item : value.as_array()) {
      out += separator;
      append(out, item);
      separator = ',';
    }
    out += separator == '[' ? "[]" : "]";
  } else {
    char separator = '{';
    for (const Member& member : value.as_object()) {
      out += separator;
      append_text(out, member.key);
      out += ':';
      append(out, member.value);
      separator = ',';
    }
    out += separator == '{' ? "{}" : "}";
  }
}

}  // namespace

std::string json_text(const Value& value) {
  std::string out;
  append(out, value);
  return out;
}

}  // namespace hotstage::report::detail
