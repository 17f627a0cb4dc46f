// SPDX-License-Identifier: GPL-3.0-or-later
// A small colour picture to draw on: lines, boxes, and text in a 5 × 7 font of its own.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace hotstage::study::detail {

using Rgb = std::array<std::uint8_t, 3>;

class Picture {
 public:
  /// Black.
  Picture(std::size_t rows, std::size_t columns);

  [[nodiscard]] std::size_t rows() const { return rows_; }

  [[nodiscard]] std::size_t columns() const { return columns_; }

  /// rows × columns × 3 bytes.
  [[nodiscard]] const std::vector<std::uint8_t>& bytes() const { return bytes_; }

  [[nodiscard]] Rgb at(std::size_t row, std::size_t column) const;

  /// Pixels outside are left out.
  void set(long row, long column, Rgb colour);

  /// Straight, `width` px thick; coordinates are pixel centres.
  void line(std::array<double, 2> from, std::array<double, 2> to, int width, Rgb colour);

  void box(long row, long column, long rows, long columns, Rgb colour);

  /// Upper left corner at row, column; letters of 5 × 7 px times `scale`, one column between. Knows digits, the letters
  /// of units and of messages here; others are blanks. UTF-8.
  void text(long row, long column, std::string_view text, int scale, Rgb colour);

  [[nodiscard]] static long text_width(std::string_view text, int scale);

 private:
  std::size_t rows_;
  std::size_t columns_;
  std::vector<std::uint8_t> bytes_;
};

}  // namespace hotstage::study::detail
