// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/formats/dm/tags.hpp"

namespace hotstage::signal::dm {

namespace {

constexpr char32_t replacement = 0xFFFD;

void append_utf8(std::string& out, char32_t code) {
  const auto put = [&](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | (code >> 6));
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3F));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

/// The code point at `position`, which moves behind it.
char32_t next_utf8(std::string_view text, std::size_t& position) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(position++);
  if (first < 0x80) {
    return first;
  }
  const int extra = first >= 0xF0 && first < 0xF8 ? 3 : first >= 0xE0 ? 2 : first >= 0xC2 ? 1 : -1;
  if (extra < 0 || first >= 0xF8) {
    return replacement;
  }
  char32_t code = first & (0x3FU >> extra);
  for (int i = 0; i < extra; ++i) {
    if (position >= text.size() || (byte(position) & 0xC0) != 0x80) {
      return replacement;
    }
    code = (code << 6) | (byte(position++) & 0x3F);
  }
  constexpr char32_t smallest[] = {0, 0x80, 0x800, 0x10000};
  const bool valid = code >= smallest[extra] && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
  return valid ? code : replacement;
}

}  // namespace

std::string from_latin1(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    append_utf8(out, static_cast<unsigned char>(c));
  }
  return out;
}

std::string to_latin1(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const char32_t code = next_utf8(text, i);
    out.push_back(code < 0x100 ? static_cast<char>(code) : '?');
  }
  return out;
}

std::u16string to_utf16(std::string_view text) {
  std::u16string out;
  for (std::size_t i = 0; i < text.size();) {
    const char32_t code = next_utf8(text, i);
    if (code < 0x10000) {
      out.push_back(static_cast<char16_t>(code));
    } else {
      out.push_back(static_cast<char16_t>(0xD800 + ((code - 0x10000) >> 10)));
      out.push_back(static_cast<char16_t>(0xDC00 + ((code - 0x10000) & 0x3FF)));
    }
  }
  return out;
}

std::optional<std::string> from_utf16(std::u16string_view units) {
  while (!units.empty() && units.back() == 0) {  // fixed-width fields are padded with zeros
    units.remove_suffix(1);
  }
  std::string out;
  out.reserve(units.size());
  for (std::size_t i = 0; i < units.size(); ++i) {
    const char16_t unit = units[i];
    const bool control = unit < 0x20 && unit != u'\t' && unit != u'\n' && unit != u'\r';
    if (control || (unit >= 0xDC00 && unit <= 0xDFFF)) {
      return {};
    }
    if (unit >= 0xD800 && unit <= 0xDBFF) {
      if (i + 1 >= units.size() || units[i + 1] < 0xDC00 || units[i + 1] > 0xDFFF) {
        return {};
      }
      append_utf8(out, 0x10000 + ((char32_t{unit} - 0xD800) << 10) + (units[i + 1] - 0xDC00));
      ++i;
    } else {
      append_utf8(out, unit);
    }
  }
  return out;
}

}  // namespace hotstage::signal::dm
