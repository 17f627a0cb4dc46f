// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/picture.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace hotstage::study::detail {

namespace {

constexpr int letter_columns = 5;
constexpr int letter_rows = 7;

/// Seven rows of five bits, the left column in the highest.
using Letter = std::array<std::uint8_t, letter_rows>;

struct Shape {
  char32_t code;
  Letter rows;
};

constexpr std::array font{
    Shape{U'0', {0x0E, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0E}}, Shape{U'1', {0x04, 0x0C, 0x04, 0x04, 0x04, 0x04, 0x0E}},
    Shape{U'2', {0x0E, 0x11, 0x01, 0x02, 0x04, 0x08, 0x1F}}, Shape{U'3', {0x1F, 0x02, 0x04, 0x02, 0x01, 0x11, 0x0E}},
    Shape{U'4', {0x02, 0x06, 0x0A, 0x12, 0x1F, 0x02, 0x02}}, Shape{U'5', {0x1F, 0x10, 0x1E, 0x01, 0x01, 0x11, 0x0E}},
    Shape{U'6', {0x06, 0x08, 0x10, 0x1E, 0x11, 0x11, 0x0E}}, Shape{U'7', {0x1F, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08}},
    Shape{U'8', {0x0E, 0x11, 0x11, 0x0E, 0x11, 0x11, 0x0E}}, Shape{U'9', {0x0E, 0x11, 0x11, 0x0F, 0x01, 0x02, 0x0C}},
    Shape{U'.', {0x00, 0x00, 0x00, 0x00, 0x00, 0x0C, 0x0C}}, Shape{U'-', {0x00, 0x00, 0x00, 0x1F, 0x00, 0x00, 0x00}},
    Shape{U'+', {0x00, 0x04, 0x04, 0x1F, 0x04, 0x04, 0x00}}, Shape{U'°', {0x06, 0x09, 0x09, 0x06, 0x00, 0x00, 0x00}},
    Shape{U'C', {0x0E, 0x11, 0x10, 0x10, 0x10, 0x11, 0x0E}}, Shape{U's', {0x00, 0x00, 0x0E, 0x10, 0x0E, 0x01, 0x1E}},
    Shape{U'n', {0x00, 0x00, 0x16, 0x19, 0x11, 0x11, 0x11}}, Shape{U'm', {0x00, 0x00, 0x1A, 0x15, 0x15, 0x11, 0x11}},
    Shape{U'µ', {0x00, 0x00, 0x11, 0x11, 0x13, 0x1D, 0x10}}, Shape{U'p', {0x00, 0x00, 0x1E, 0x11, 0x1E, 0x10, 0x10}},
    Shape{U'A', {0x0E, 0x11, 0x11, 0x11, 0x1F, 0x11, 0x11}}, Shape{U'Å', {0x04, 0x0E, 0x11, 0x11, 0x1F, 0x11, 0x11}},
    Shape{U'e', {0x00, 0x00, 0x0E, 0x11, 0x1F, 0x10, 0x0E}}, Shape{U'x', {0x00, 0x00, 0x11, 0x0A, 0x04, 0x0A, 0x11}}};

/// Letters of UTF-8 text; a broken byte is a blank.
std::u32string letters_of(std::string_view text) {
  std::u32string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t length = lead < 0x80 ? 1 : (lead >> 5 == 6 ? 2 : (lead >> 4 == 14 ? 3 : 4));
    char32_t code = lead < 0x80 ? lead : (length == 2 ? lead & 0x1FU : 0U);
    if (length == 2 && i + 1 < text.size()) {
      code = code << 6 | (static_cast<unsigned char>(text[i + 1]) & 0x3FU);
    }
    out += code;
    i += length;
  }
  return out;
}

}  // namespace

Picture::Picture(std::size_t rows, std::size_t columns) : rows_(rows), columns_(columns), bytes_(rows * columns * 3) {}

Rgb Picture::at(std::size_t row, std::size_t column) const {
  const std::uint8_t* pixel = &bytes_[(row * columns_ + column) * 3];
  return {pixel[0], pixel[1], pixel[2]};
}

void Picture::set(long row, long column, Rgb colour) {
  if (row >= 0 && column >= 0 && row < static_cast<long>(rows_) && column < static_cast<long>(columns_)) {
    std::ranges::copy(colour,
                      &bytes_[(static_cast<std::size_t>(row) * columns_ + static_cast<std::size_t>(column)) * 3]);
  }
}

void Picture::line(std::array<double, 2> from, std::array<double, 2> to, int width, Rgb colour) {
  const double length = std::max(std::abs(to[0] - from[0]), std::abs(to[1] - from[1]));
  const int steps = static_cast<int>(std::ceil(std::clamp(length, 1.0, 1e5)));
  for (int i = 0; i <= steps; ++i) {
    const double share = static_cast<double>(i) / steps;
    const long row = std::lround(from[0] + share * (to[0] - from[0]) - 0.5 * (width - 1));
    const long column = std::lround(from[1] + share * (to[1] - from[1]) - 0.5 * (width - 1));
    box(row, column, width, width, colour);
  }
}

void Picture::box(long row, long column, long rows, long columns, Rgb colour) {
  for (long y = row; y < row + rows; ++y) {
    for (long x = column; x < column + columns; ++x) {
      set(y, x, colour);
    }
  }
}

void Picture::text(long row, long column, std::string_view text, int scale, Rgb colour) {
  for (const char32_t code : letters_of(text)) {
    const auto* const shape = std::ranges::find(font, code, &Shape::code);
    for (int y = 0; shape != font.end() && y < letter_rows; ++y) {
      for (int x = 0; x < letter_columns; ++x) {
        if ((shape->rows[static_cast<std::size_t>(y)] >> (letter_columns - 1 - x) & 1) != 0) {
          box(row + y * scale, column + x * scale, scale, scale, colour);
        }
      }
    }
    column += (letter_columns + 1) * scale;
  }
}

long Picture::text_width(std::string_view text, int scale) {
  const auto letters = static_cast<long>(letters_of(text).size());
  return letters == 0 ? 0 : (letters * (letter_columns + 1) - 1) * scale;
}

}  // namespace hotstage::study::detail
