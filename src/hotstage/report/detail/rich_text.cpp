// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/report/detail/rich_text.hpp"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <cstdint>

namespace hotstage::report::detail {

namespace {

enum class Level { base, high, low };

struct Piece {
  Level level = Level::base;
  std::string_view text;
};

std::vector<Piece> pieces(std::string_view rich) {
  std::vector<Piece> out;
  std::size_t begin = 0;
  for (std::size_t i = 0; i + 1 < rich.size(); ++i) {
    const bool opens = (rich[i] == '^' || rich[i] == '_') && rich[i + 1] == '{';
    const std::size_t close = opens ? rich.find('}', i) : std::string_view::npos;
    if (close != std::string_view::npos) {
      if (i > begin) {
        out.push_back({Level::base, rich.substr(begin, i - begin)});
      }
      out.push_back({rich[i] == '^' ? Level::high : Level::low, rich.substr(i + 2, close - i - 2)});
      begin = close + 1;
      i = close;
    }
  }
  if (begin < rich.size()) {
    out.push_back({Level::base, rich.substr(begin)});
  }
  return out;
}

// Advance widths of Helvetica for ' ' … '~' in 1/1000 of the size (Adobe font metrics).
constexpr std::array<std::uint16_t, 95> helvetica{
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333,  278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667,  611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278,  556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500,  500, 334, 260, 334, 584};
constexpr double other_width = 600.0;       // Greek letters, signs, accents
constexpr double substitute_factor = 1.07;  // DejaVu Sans and Verdana are wider than Helvetica
constexpr double small_size = 0.72;         // of high and low parts, relative to the text

double plain_width(std::string_view text) {
  double width = 0.0;
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (code >= 32 && code < 127) {
      width += helvetica[code - 32U];
    } else if ((code & 0xC0U) != 0x80U) {  // first byte of a multi-byte character
      width += other_width;
    }
  }
  return width / 1000.0 * substitute_factor;
}

std::string raised(std::string_view digits, Level level) {
  static constexpr std::array<std::string_view, 10> high{"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  static constexpr std::array<std::string_view, 10> low{"₀", "₁", "₂", "₃", "₄", "₅", "₆", "₇", "₈", "₉"};
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const char c = digits[i];
    if (c >= '0' && c <= '9') {
      out += (level == Level::high ? high : low)[static_cast<std::size_t>(c - '0')];
    } else if (c == '-' || digits.substr(i, 3) == "−") {
      out += level == Level::high ? "⁻" : "₋";
      i += c == '-' ? 0 : 2;
    } else if (c == '+') {
      out += level == Level::high ? "⁺" : "₊";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::size_t utf8_length(std::string_view text) {
  const auto byte = [&text](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const unsigned lead = byte(0);
  const std::size_t length = lead < 0x80U   ? 1
                             : lead < 0xC2U ? 0
                             : lead < 0xE0U ? 2
                             : lead < 0xF0U ? 3
                             : lead < 0xF5U ? 4
                                            : 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) {
      return 0;
    }
  }
  const bool overlong = (lead == 0xE0U && byte(1) < 0xA0U) || (lead == 0xF0U && byte(1) < 0x90U);
  const bool surrogate = lead == 0xEDU && byte(1) > 0x9FU;
  const bool beyond = lead == 0xF4U && byte(1) > 0x8FU;
  return overlong || surrogate || beyond ? 0 : length;
}

std::string escape(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) >= 0x80) {
      const std::size_t length = utf8_length(text.substr(i));
      out += length > 0 ? text.substr(i, length) : "\uFFFD";
      i += length > 0 ? length - 1 : 0;
      continue;
    }
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? ' ' : c;
    }
  }
  return out;
}

std::string svg_text(std::string_view rich) {
  std::string out;
  double shift = 0.0;  // em of the surrounding text that the pen stands too high
  for (const Piece& piece : pieces(rich)) {
    const double wanted = piece.level == Level::high ? 0.38 : piece.level == Level::low ? -0.2 : 0.0;
    const bool base = piece.level == Level::base;
    const double size = base ? 1.0 : small_size;
    if (base && shift == 0.0) {
      out += escape(piece.text);
    } else {
      const bool spaced = piece.text.starts_with(' ');  // some renderers drop a space that a tspan begins with
      out +=
          fmt::format("<tspan dy=\"{:.2f}em\"{}{}>{}</tspan>", (shift - wanted) / size, spaced ? " dx=\"0.28em\"" : "",
                      base ? std::string() : fmt::format(" font-size=\"{:.0f}%\"", 100.0 * size),
                      escape(piece.text.substr(spaced ? 1 : 0)));
    }
    shift = wanted;
  }
  return out;
}

std::string html_text(std::string_view rich) {
  std::string out;
  for (const Piece& piece : pieces(rich)) {
    const std::string_view tag = piece.level == Level::high ? "sup" : "sub";
    out += piece.level == Level::base ? escape(piece.text) : fmt::format("<{0}>{1}</{0}>", tag, escape(piece.text));
  }
  return out;
}

std::string plain_text(std::string_view rich) {
  std::string out;
  for (const Piece& piece : pieces(rich)) {
    out += piece.level == Level::base ? std::string(piece.text) : raised(piece.text, piece.level);
  }
  return out;
}

std::string unit_text(std::string_view unit) {
  std::string out;
  for (std::size_t i = 0; i < unit.size(); ++i) {
    const bool word_start = i == 0 || std::isalpha(static_cast<unsigned char>(unit[i - 1])) == 0;
    if (unit[i] == '^' && i + 1 < unit.size() && unit[i + 1] != '{') {
      std::size_t end = i + 1;
      while (end < unit.size() && (std::isdigit(static_cast<unsigned char>(unit[end])) != 0 || unit[end] == '-')) {
        ++end;
      }
      std::string exponent(unit.substr(i + 1, end - i - 1));
      if (exponent.starts_with('-')) {
        exponent.replace(0, 1, "−");
      }
      out += "^{" + exponent + "}";
      i = end - 1;
    } else if (word_start && unit.substr(i, 4) == "degC") {
      out += "°C";
      i += 3;
    } else if (word_start && unit[i] == 'u' && i + 1 < unit.size() &&
               unit.substr(i + 1, 1).find_first_of("mslgAV") == 0) {
      out += "µ";
    } else {
      out += unit[i];
    }
  }
  return out;
}

std::string titled(std::string_view label, std::string_view unit, int exponent) {
  std::string inside;
  if (exponent != 0) {
    inside = fmt::format("10^{{{}{}}}", exponent < 0 ? "−" : "", exponent < 0 ? -exponent : exponent);
  }
  if (!unit.empty()) {
    inside += (inside.empty() ? "" : " ") + unit_text(unit);
  }
  return inside.empty() ? std::string(label) : fmt::format("{}{}({})", label, label.empty() ? "" : " ", inside);
}

double text_width(std::string_view rich, double size) {
  double width = 0.0;
  for (const Piece& piece : pieces(rich)) {
    width += plain_width(piece.text) * (piece.level == Level::base ? 1.0 : small_size);
  }
  return width * size;
}

std::string anchor_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (code < 128 && std::isalnum(code) != 0) {
      out += static_cast<char>(std::tolower(code));
    } else if (!out.empty() && out.back() != '-') {
      out += '-';
    }
  }
  while (out.ends_with('-')) {
    out.pop_back();
  }
  return out.empty() ? "x" : out;
}

}  // namespace hotstage::report::detail
