// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/detail/xml.hpp"

#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace hotstage::signal::detail {

namespace {

constexpr int most_depth = 64;
constexpr std::string_view blanks = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(blanks);
  return first == std::string_view::npos ? std::string_view()
                                         : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6U));
    out += static_cast<char>(0x80 | (code & 0x3FU));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12U));
    out += static_cast<char>(0x80 | ((code >> 6U) & 0x3FU));
    out += static_cast<char>(0x80 | (code & 0x3FU));
  } else {
    out += static_cast<char>(0xF0 | (code >> 18U));
    out += static_cast<char>(0x80 | ((code >> 12U) & 0x3FU));
    out += static_cast<char>(0x80 | ((code >> 6U) & 0x3FU));
    out += static_cast<char>(0x80 | (code & 0x3FU));
  }
}

/// "#181" or "#xB5" as a code point; 0 when it is none.
std::uint32_t code_point(std::string_view name) {
  const bool hex = name.size() > 2 && (name[1] == 'x' || name[1] == 'X');
  std::uint32_t code = 0;
  for (const char c : name.substr(hex ? 2 : 1)) {
    const std::size_t digit = std::string_view("0123456789abcdefABCDEF").find(c);
    const std::size_t value = digit == std::string_view::npos ? 99 : digit < 16 ? digit : digit - 6;
    if (value >= (hex ? 16U : 10U) || code > 0x10FFFF) {
      return 0;
    }
    code = code * (hex ? 16 : 10) + static_cast<std::uint32_t>(value);
  }
  return code > 0x10FFFF || (code >= 0xD800 && code < 0xE000) ? 0 : code;
}

std::string unescaped(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, char>, 5> names{
      {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}}};
  constexpr std::size_t longest = 10;
  std::string out;
  while (!text.empty()) {
    const std::size_t mark = std::min(text.find('&'), text.size());
    out += text.substr(0, mark);
    text.remove_prefix(mark);
    if (text.empty()) {
      break;
    }
    const std::size_t end = text.substr(0, longest + 2).find(';');
    const std::string_view name = end == std::string_view::npos ? std::string_view() : text.substr(1, end - 1);
    const auto* known = std::ranges::find(names, name, &std::pair<std::string_view, char>::first);
    const std::uint32_t code = name.starts_with('#') ? code_point(name) : 0;
    if (known != names.end()) {
      out += known->second;
    } else if (code != 0) {
      append_utf8(out, code);
    } else {
      out += '&';
      text.remove_prefix(1);
      continue;
    }
    text.remove_prefix(end + 1);
  }
  return out;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  XmlNode root() {
    skip_misc();
    XmlNode out = element(0);
    return out;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(Errc::bad_input, fmt::format("the XML is broken at its character {}: {}", at_, what),
                "The file is damaged or not complete");
  }

  [[nodiscard]] bool next_is(std::string_view mark) const { return text_.substr(at_).starts_with(mark); }

  void skip_past(std::string_view mark) {
    const std::size_t found = text_.find(mark, at_);
    if (found == std::string_view::npos) {
      fail(fmt::format("\"{}\" is missing", mark));
    }
    at_ = found + mark.size();
  }

  void skip_blanks() { at_ = std::min(text_.find_first_not_of(blanks, at_), text_.size()); }

  void skip_misc() {
    for (;;) {
      skip_blanks();
      if (next_is("<!--")) {
        skip_past("-->");
      } else if (next_is("<?")) {
        skip_past("?>");
      } else if (next_is("<!")) {
        skip_past(">");
      } else {
        return;
      }
    }
  }

  std::string name() {
    const std::size_t end = std::min(text_.find_first_of(" \t\r\n=/><", at_), text_.size());
    if (end == at_) {
      fail("a name is missing");
    }
    const std::string_view full = text_.substr(at_, end - at_);
    at_ = end;
    return std::string(full.substr(full.find(':') == std::string_view::npos ? 0 : full.find(':') + 1));
  }

  void attributes(XmlNode& node) {
    for (;;) {
      skip_blanks();
      if (at_ >= text_.size()) {
        fail("it ends within an element");
      }
      if (next_is(">") || next_is("/>")) {
        return;
      }
      std::string key = name();
      skip_blanks();
      if (!next_is("=")) {
        fail(fmt::format("the attribute {} has no value", key));
      }
      ++at_;
      skip_blanks();
      if (!next_is("\"") && !next_is("'")) {
        fail(fmt::format("the value of {} is not quoted", key));
      }
      const char quote = text_[at_];
      const std::size_t end = text_.find(quote, at_ + 1);
      if (end == std::string_view::npos) {
        fail(fmt::format("the value of {} does not end", key));
      }
      node.attributes.emplace_back(std::move(key), unescaped(text_.substr(at_ + 1, end - at_ - 1)));
      at_ = end + 1;
    }
  }

  XmlNode element(int depth) {
    if (depth > most_depth) {
      fail("too many elements inside one another");
    }
    if (!next_is("<")) {
      fail("an element is missing");
    }
    ++at_;
    XmlNode node{.name = name(), .attributes = {}, .text = {}, .children = {}};
    attributes(node);
    if (next_is("/>")) {
      at_ += 2;
      return node;
    }
    ++at_;
    std::string text;
    for (;;) {
      const std::size_t mark = text_.find('<', at_);
      if (mark == std::string_view::npos) {
        fail(fmt::format("the element {} does not end", node.name));
      }
      text += unescaped(text_.substr(at_, mark - at_));
      at_ = mark;
      if (next_is("</")) {
        skip_past(">");
        node.text = trimmed(text);
        return node;
      }
      if (next_is("<![CDATA[")) {
        const std::size_t from = at_ + 9;
        skip_past("]]>");
        text += text_.substr(from, at_ - 3 - from);
      } else if (next_is("<!") || next_is("<?")) {
        skip_past(next_is("<!--") ? "-->" : ">");
      } else {
        node.children.push_back(element(depth + 1));
      }
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

const XmlNode* XmlNode::find(std::string_view child) const {
  const auto found = std::ranges::find(children, child, &XmlNode::name);
  return found == children.end() ? nullptr : &*found;
}

std::optional<std::string> XmlNode::text_at(std::string_view path) const {
  const XmlNode* node = this;
  while (node != nullptr && !path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    node = node->find(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return node == nullptr ? std::nullopt : std::optional(node->text);
}

std::optional<std::string> XmlNode::attribute(std::string_view key) const {
  const auto found = std::ranges::find(attributes, key, &std::pair<std::string, std::string>::first);
  return found == attributes.end() ? std::nullopt : std::optional(found->second);
}

XmlNode parse_xml(std::string_view text) {
  return Parser(text).root();
}

Value to_value(const XmlNode& node) {
  if (node.children.empty() && node.attributes.empty()) {
    return Value(node.text);
  }
  Value out = Value::object();
  for (const auto& [key, value] : node.attributes) {
    out["@" + key] = Value(value);
  }
  if (!node.text.empty()) {
    out["text"] = Value(node.text);
  }
  for (const XmlNode& child : node.children) {
    Value value = to_value(child);
    const Value* before = out.find(child.name);
    if (before == nullptr) {
      out[child.name] = std::move(value);
    } else if (before->is_array()) {
      out[child.name].push_back(std::move(value));
    } else {
      Value list = Value::array();
      list.push_back(*before);
      list.push_back(std::move(value));
      out[child.name] = std::move(list);
    }
  }
  return out;
}

}  // namespace hotstage::signal::detail
