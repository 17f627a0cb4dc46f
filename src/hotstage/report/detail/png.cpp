// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/report/detail/png.hpp"

#include "hotstage/report/detail/palette.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string_view>

namespace hotstage::report::detail {

namespace {

using Bytes = std::vector<std::byte>;

void append_word(Bytes& out, std::uint32_t word) {
  for (const unsigned shift : {24U, 16U, 8U, 0U}) {
    out.push_back(static_cast<std::byte>(word >> shift & 255U));
  }
}

/// CRC-32 of PNG (ISO/IEC 15948 annex D), polynomial 0xEDB88320 reflected.
std::uint32_t crc32(std::span<const std::byte> bytes) {
  static const auto table = [] {
    std::array<std::uint32_t, 256> out{};
    for (std::uint32_t n = 0; n < 256; ++n) {
      std::uint32_t c = n;
      for (int k = 0; k < 8; ++k) {
        c = (c & 1U) != 0 ? 0xEDB88320U ^ c >> 1U : c >> 1U;
      }
      out[n] = c;
    }
    return out;
  }();
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const std::byte byte : bytes) {
    crc = table[(crc ^ static_cast<std::uint32_t>(byte)) & 255U] ^ crc >> 8U;
  }
  return crc ^ 0xFFFFFFFFU;
}

/// Adler-32 (RFC 1950).
std::uint32_t adler32(std::span<const std::byte> bytes) {
  std::uint32_t a = 1;
  std::uint32_t b = 0;
  for (const std::byte byte : bytes) {
    a = (a + static_cast<std::uint32_t>(byte)) % 65521U;
    b = (b + a) % 65521U;
  }
  return b << 16U | a;
}

void append_chunk(Bytes& out, std::string_view type, const Bytes& data) {
  append_word(out, static_cast<std::uint32_t>(data.size()));
  const std::size_t begin = out.size();
  for (const char c : type) {
    out.push_back(static_cast<std::byte>(c));
  }
  out.insert(out.end(), data.begin(), data.end());
  append_word(out, crc32(std::span(out).subspan(begin)));
}

/// A zlib stream of stored blocks (RFC 1951 §3.2.4).
Bytes stored(const Bytes& raw) {
  constexpr std::size_t largest_block = 65535;
  Bytes out{std::byte{0x78}, std::byte{0x01}};
  for (std::size_t first = 0; first < raw.size(); first += largest_block) {
    const std::size_t count = std::min(largest_block, raw.size() - first);
    const bool last = first + count == raw.size();
    const auto length = static_cast<std::uint16_t>(count);
    out.push_back(last ? std::byte{1} : std::byte{0});
    for (const unsigned half : {static_cast<unsigned>(length), ~static_cast<unsigned>(length)}) {
      out.push_back(static_cast<std::byte>(half & 255U));
      out.push_back(static_cast<std::byte>(half >> 8U & 255U));
    }
    out.insert(out.end(), raw.begin() + static_cast<std::ptrdiff_t>(first),
               raw.begin() + static_cast<std::ptrdiff_t>(first + count));
  }
  append_word(out, adler32(raw));
  return out;
}

}  // namespace

std::size_t colour_index(double value, const std::array<double, 2>& range) {
  if (!std::isfinite(value)) {
    return gap_index;
  }
  const double t = range[1] != range[0] ? (value - range[0]) / (range[1] - range[0]) : 0.5;
  return static_cast<std::size_t>(std::lround(std::clamp(t, 0.0, 1.0) * static_cast<double>(gap_index - 1)));
}

std::vector<std::byte> png(const Grid& grid, ColourMap map, const std::array<double, 2>& range) {
  HOTSTAGE_EXPECTS(grid.rows > 0 && grid.columns > 0 && grid.values.size() == grid.rows * grid.columns);
  Bytes out;
  for (const unsigned byte : {0x89U, 0x50U, 0x4EU, 0x47U, 0x0DU, 0x0AU, 0x1AU, 0x0AU}) {
    out.push_back(static_cast<std::byte>(byte));
  }
  Bytes header;
  append_word(header, static_cast<std::uint32_t>(grid.columns));
  append_word(header, static_cast<std::uint32_t>(grid.rows));
  for (const unsigned byte : {8U, 3U, 0U, 0U, 0U}) {  // 8 bits, palette, deflate, filters per row, not interlaced
    header.push_back(static_cast<std::byte>(byte));
  }
  append_chunk(out, "IHDR", header);
  Bytes colours;
  Bytes alpha(gap_index + 1, std::byte{255});
  alpha[gap_index] = std::byte{0};
  for (std::size_t i = 0; i <= gap_index; ++i) {
    const Rgb rgb = colour_at(map, static_cast<double>(i) / static_cast<double>(gap_index - 1));
    colours.insert(colours.end(), {std::byte{rgb.red}, std::byte{rgb.green}, std::byte{rgb.blue}});
  }
  append_chunk(out, "PLTE", colours);
  append_chunk(out, "tRNS", alpha);
  Bytes raw;
  raw.reserve(grid.rows * (grid.columns + 1));
  for (std::size_t row = 0; row < grid.rows; ++row) {
    raw.push_back(std::byte{0});  // no filter
    for (std::size_t column = 0; column < grid.columns; ++column) {
      raw.push_back(static_cast<std::byte>(colour_index(grid.values[row * grid.columns + column], range)));
    }
  }
  append_chunk(out, "IDAT", stored(raw));
  append_chunk(out, "IEND", {});
  return out;
}

}  // namespace hotstage::report::detail
