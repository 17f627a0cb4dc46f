// SPDX-License-Identifier: GPL-3.0-or-later
// Small PNG files for the tests of the reader and the seeds of its fuzz target.

#pragma once

#include "hotstage/io/bytes.hpp"

#include <zlib.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

namespace hotstage::signal::png::testing_files {

struct Picture {
  unsigned bits = 8;
  unsigned filter = 0;
  std::uint32_t claimed_width = 5;
  std::uint32_t claimed_height = 4;
  bool interlaced = false;
};

inline void append_chunk(io::ByteWriter& out, const std::string& kind, std::string_view data) {
  const std::string checked = kind + std::string(data);
  out.number(static_cast<std::uint32_t>(data.size()));
  out.append(checked);
  out.number(static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(checked.data()), checked.size())));
}

/// 4 × 5 grey pixels: number i is 7·i modulo 256, with 16 bits the same byte twice.
inline std::string make_picture(const Picture& p) {
  constexpr int rows = 4;
  constexpr int columns = 5;
  const int step = p.bits == 16 ? 2 : 1;
  const int bytes = columns * step;
  std::vector<int> above(static_cast<std::size_t>(bytes), 0);
  std::string plain;
  for (int y = 0; y < rows; ++y) {
    std::vector<int> row;
    for (int i = 0; i < bytes; ++i) {
      row.push_back((y * columns + i / step) * 7 % 256);
    }
    plain += static_cast<char>(p.filter);
    for (int i = 0; i < bytes; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const int a = i >= step ? row[at - static_cast<std::size_t>(step)] : 0;
      const int b = above[at];
      const int c = i >= step ? above[at - static_cast<std::size_t>(step)] : 0;
      const int d[3] = {std::abs(b - c), std::abs(a - c), std::abs(a + b - 2 * c)};
      const int best = d[0] <= d[1] && d[0] <= d[2] ? a : d[1] <= d[2] ? b : c;
      const int guess[5] = {0, a, b, (a + b) / 2, best};
      plain += static_cast<char>(row[at] - guess[p.filter]);
    }
    above = row;
  }
  std::string packed(compressBound(static_cast<uLong>(plain.size())), '\0');
  uLongf size = static_cast<uLongf>(packed.size());
  compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(plain.data()),
           static_cast<uLong>(plain.size()));
  packed.resize(size);
  io::ByteWriter header(io::ByteOrder::big);
  header.number(p.claimed_width);
  header.number(p.claimed_height);
  for (const unsigned value : {p.bits, 0U, 0U, 0U, p.interlaced ? 1U : 0U}) {
    header.number(static_cast<std::uint8_t>(value));
  }
  io::ByteWriter out(io::ByteOrder::big);
  out.append(std::string_view("\x89PNG\r\n\x1A\n", 8));
  append_chunk(out, "IHDR", {reinterpret_cast<const char*>(header.bytes().data()), header.size()});
  append_chunk(out, "tEXt", std::string_view("Title\0a test", 12));
  append_chunk(out, "IDAT", std::string_view(packed).substr(0, packed.size() / 2));
  append_chunk(out, "IDAT", std::string_view(packed).substr(packed.size() / 2));
  append_chunk(out, "IEND", "");
  return {reinterpret_cast<const char*>(out.bytes().data()), out.size()};
}

}  // namespace hotstage::signal::png::testing_files
