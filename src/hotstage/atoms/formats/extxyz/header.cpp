// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/atoms/formats/extxyz/header.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace hotstage::atoms::extxyz {

namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

/// The character that ends a value which starts with `open`; a blank for bare values.
char closing(char open) {
  switch (open) {
    case '"':
    case '\'':
      return open;
    case '{':
      return '}';
    case '[':
      return ']';
    default:
      return ' ';
  }
}

/// Everything up to the bracket that closes the one at `place`, inner brackets kept. Moves `place` behind it.
std::string read_enclosed(std::string_view line, std::size_t& place, const detail::Lines& lines) {
  const char open = line[place];
  const char close = closing(open);
  std::string out;
  int depth = 1;
  for (++place; place < line.size(); ++place) {
    const char c = line[place];
    if (c == '\\' && close == '"' && place + 1 < line.size()) {
      out += line[++place];
      continue;
    }
    depth += c == close ? -1 : (c == open ? 1 : 0);
    if (depth == 0) {
      ++place;
      return out;
    }
    out += c;
  }
  lines.fail(fmt::format("a value that starts with {} has no end", open),
             "Close the quotes in the second line of the frame");
}

std::string read_bare(std::string_view line, std::size_t& place, std::string_view stop) {
  const std::size_t end = std::min(line.find_first_of(stop, place), line.size());
  std::string out(line.substr(place, end - place));
  place = end;
  return out;
}

std::string read_value(std::string_view line, std::size_t& place, const detail::Lines& lines) {
  if (place >= line.size() || closing(line[place]) == ' ') {
    return read_bare(line, place, " \t");
  }
  return read_enclosed(line, place, lines);
}

std::string read_key(std::string_view line, std::size_t& place, const detail::Lines& lines) {
  const bool quoted = line[place] == '"' || line[place] == '\'';
  return quoted ? read_enclosed(line, place, lines) : read_bare(line, place, " \t=");
}

bool needs_quotes(const std::string& text) {
  return text.empty() || text.find_first_of(" \t\r\n=\"'{}[]\\,") != std::string::npos;
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    out += c == '\n' || c == '\r' ? ' ' : c;
  }
  return out + '"';
}

}  // namespace

Notes read_notes(std::string_view line, const detail::Lines& lines) {
  Notes out;
  if (line.find('=') == std::string_view::npos) {
    if (!line.empty()) {
      out.emplace_back("comment", std::string(line));
    }
    return out;
  }
  std::size_t place = 0;
  while (true) {
    while (place < line.size() && is_blank(line[place])) {
      ++place;
    }
    if (place >= line.size()) {
      return out;
    }
    std::string key = read_key(line, place, lines);
    std::string value = "T";
    if (place < line.size() && line[place] == '=') {
      ++place;
      value = read_value(line, place, lines);
    }
    const auto known = std::ranges::find(out, key, [](const auto& note) { return note.first; });
    if (known == out.end()) {
      out.emplace_back(std::move(key), std::move(value));
    } else {
      known->second = std::move(value);  // the last one counts, as in ASE
    }
  }
}

std::string written(const std::string& key, const std::string& value) {
  return fmt::format("{}={}", needs_quotes(key) ? quoted(key) : key, needs_quotes(value) ? quoted(value) : value);
}

std::vector<Property> read_properties(std::string_view text, const detail::Lines& lines) {
  constexpr std::size_t widest = 1000;
  std::vector<std::string_view> parts;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(':', start), text.size());
    parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  if (parts.size() % 3 != 0) {
    lines.fail(fmt::format("Properties names {} things instead of name:type:width triples", parts.size()),
               "It should read like species:S:1:pos:R:3");
  }
  std::vector<Property> out;
  for (std::size_t i = 0; i < parts.size(); i += 3) {
    const std::string_view type = parts[i + 1];
    const std::size_t width = lines.count(parts[i + 2]);
    if (type.size() != 1 || std::string_view("RILS").find(type) == std::string_view::npos || width < 1 ||
        width > widest) {
      lines.fail(fmt::format("Properties has a column \"{}\" of type \"{}\" and width {}", parts[i], type, width),
                 "Types are R, I, L and S, widths from 1 to 1000");
    }
    out.push_back({std::string(parts[i]), type.front(), width});
  }
  return out;
}

}  // namespace hotstage::atoms::extxyz
