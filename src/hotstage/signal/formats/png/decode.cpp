// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/formats/png/decode.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/io/bytes.hpp"
#include "hotstage/io/text.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace hotstage::signal::png {

namespace {

constexpr std::size_t signature_bytes = 8;
/// Deflate packs at most 1032:1; a picture that claims more than this for its file is a lie.
constexpr std::size_t most_packed = 1100;
constexpr std::size_t widest = 1U << 24;

struct Chunk {
  std::string kind;
  std::span<const std::byte> data;
  std::size_t offset = 0;
};

/// Calls visit(chunk) until it returns false or the file ends with IEND.
template <class F>
void each_chunk(std::span<const std::byte> file, const std::string& name, F&& visit) {
  io::ByteReader in(file, name, io::ByteOrder::big);
  in.seek(signature_bytes);
  for (;;) {
    const std::size_t at = in.position();
    const std::uint32_t length = in.u32();
    const std::span<const std::byte> checked = in.bytes(4ULL + length);
    const std::uint32_t expected = in.u32();
    const auto sum = crc32_z(0, reinterpret_cast<const Bytef*>(checked.data()), checked.size());
    const std::string kind(reinterpret_cast<const char*>(checked.data()), 4);
    if (sum != expected) {
      throw Error(Errc::bad_input, Location{.file = name, .offset = at},
                  fmt::format("the checksum of the chunk {} is wrong", io::to_utf8(kind)), "The file is damaged");
    }
    if (kind == "IEND" || !visit(Chunk{kind, checked.subspan(4), at})) {
      return;
    }
  }
}

void read_size(const Chunk& chunk, const std::string& name, Header& out) {
  io::ByteReader in(chunk.data, name, io::ByteOrder::big);
  const Location where{.file = name, .offset = chunk.offset};
  out.width = in.u32();
  out.height = in.u32();
  out.bits = in.u8();
  out.colour = in.u8();
  in.skip(2);
  out.interlaced = in.u8() != 0;
  const bool grey = out.colour == 0 || out.colour == 3;
  const bool bits = out.bits == 8 || (out.bits == 16 && out.colour != 3) ||
                    (grey && (out.bits == 1 || out.bits == 2 || out.bits == 4));
  const bool colour = grey || out.colour == 2 || out.colour == 4 || out.colour == 6;
  if (out.width == 0 || out.height == 0 || out.width > widest || out.height > widest || !bits || !colour) {
    throw Error(Errc::bad_input, where,
                fmt::format("{} × {} pixels of {} bits, colours {}", out.height, out.width, out.bits, out.colour),
                "The file is damaged");
  }
  if (out.interlaced || (out.bits == 16 && (out.colour == 2 || out.colour == 6))) {
    throw Error(Errc::unsupported, where, out.interlaced ? "an interlaced PNG" : "a PNG with colours of 16 bits",
                "Save it without interlacing, in 8 or 16 bit grey");
  }
  out.type = out.colour == 0 || out.colour == 4 ? (out.bits == 16 ? DType::u16 : DType::u8) : DType::rgba8;
}

void read_text(const Chunk& chunk, Header& out) {
  const std::string_view text(reinterpret_cast<const char*>(chunk.data.data()), chunk.data.size());
  const std::size_t zero = text.find('\0');
  if (zero != std::string_view::npos && zero > 0) {
    out.texts[io::to_utf8(text.substr(0, zero))] = Value(io::to_utf8(text.substr(zero + 1)));
  }
}

void read_resolution(const Chunk& chunk, const std::string& name, Header& out) {
  io::ByteReader in(chunk.data, name, io::ByteOrder::big);
  const double x = in.u32();
  const double y = in.u32();
  if (in.u8() == 1 && x > 0.0 && y > 0.0) {
    out.x_per_m = x;
    out.y_per_m = y;
  }
}

/// Inflates the IDAT chunks one behind the other.
class Inflater {
 public:
  Inflater(std::span<const std::byte> file, const std::string& name) : name_(name) {
    each_chunk(file, name, [&](const Chunk& chunk) {
      if (chunk.kind == "IDAT") {
        parts_.push_back(chunk);
      }
      return true;
    });
    if (inflateInit(&stream_) != Z_OK) {
      throw Error(Errc::no_space, Location{.file = name}, "no memory to unpack a PNG");
    }
  }

  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  ~Inflater() { inflateEnd(&stream_); }

  void read(std::span<std::byte> out) {
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    while (stream_.avail_out > 0) {
      if (stream_.avail_in == 0 && next_ < parts_.size()) {
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(parts_[next_].data.data()));
        stream_.avail_in = static_cast<uInt>(parts_[next_].data.size());
        ++next_;
      }
      const int status = inflate(&stream_, Z_NO_FLUSH);
      const bool ended = status == Z_STREAM_END || (status == Z_BUF_ERROR && next_ == parts_.size());
      if ((status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) || (ended && stream_.avail_out > 0)) {
        const std::size_t at = next_ > 0 ? parts_[next_ - 1].offset : signature_bytes;
        throw Error(Errc::bad_input, Location{.file = name_, .offset = at}, "the packed pixels are broken or end early",
                    "The file is damaged or not complete");
      }
    }
  }

 private:
  std::string name_;
  std::vector<Chunk> parts_;
  std::size_t next_ = 0;
  z_stream stream_{};
};

int paeth(int left, int above, int corner) {
  const int guess = left + above - corner;
  const int by_left = std::abs(guess - left);
  const int by_above = std::abs(guess - above);
  const int by_corner = std::abs(guess - corner);
  return by_left <= by_above && by_left <= by_corner ? left : by_above <= by_corner ? above : corner;
}

/// Takes the prediction of the filter off, in place; false for an unknown filter. `above` is the row before.
bool unfilter(unsigned filter, std::size_t step, std::span<std::uint8_t> row, std::span<const std::uint8_t> above) {
  if (filter > 4) {
    return false;
  }
  for (std::size_t i = 0; i < row.size(); ++i) {
    const int left = i >= step ? row[i - step] : 0;
    const int corner = i >= step ? above[i - step] : 0;
    const int guess = filter == 1   ? left
                      : filter == 2 ? above[i]
                      : filter == 3 ? (left + above[i]) / 2
                      : filter == 4 ? paeth(left, above[i], corner)
                                    : 0;
    row[i] = static_cast<std::uint8_t>(row[i] + guess);
  }
  return true;
}

using Palette = std::array<std::array<std::uint8_t, 4>, 256>;

Palette read_palette(std::span<const std::byte> file, const std::string& name) {
  Palette out{};
  each_chunk(file, name, [&](const Chunk& chunk) {
    const bool colours = chunk.kind == "PLTE";
    for (std::size_t i = 0; i < chunk.data.size(); ++i) {
      const auto value = std::to_integer<std::uint8_t>(chunk.data[i]);
      if (colours && i / 3 < out.size()) {
        out[i / 3][i % 3] = value;
        out[i / 3][3] = 0xFF;
      } else if (chunk.kind == "tRNS" && i < out.size()) {
        out[i][3] = value;
      }
    }
    return true;
  });
  return out;
}

/// One row of the file into pixels.
void spread(const Header& header, const Palette& palette, std::span<const std::uint8_t> row, std::byte* out) {
  const auto put = [&](std::size_t at, unsigned value) { out[at] = static_cast<std::byte>(value); };
  for (std::size_t x = 0; x < header.width; ++x) {
    if (header.bits < 8) {
      const std::size_t bit = x * header.bits;
      const unsigned shift = 8U - header.bits - static_cast<unsigned>(bit % 8);
      const unsigned value = (static_cast<unsigned>(row[bit / 8]) >> shift) & ((1U << header.bits) - 1U);
      if (header.colour == 3) {
        std::memcpy(out + 4 * x, palette[value].data(), 4);
      } else {
        put(x, value);
      }
    } else if (header.bits == 16) {
      const std::size_t at = x * 2 * header.samples();
      put(2 * x, row[at + 1]);  // big-endian in the file
      put(2 * x + 1, row[at]);
    } else if (header.colour == 0 || header.colour == 4) {
      put(x, row[x * header.samples()]);
    } else if (header.colour == 3) {
      std::memcpy(out + 4 * x, palette[row[x]].data(), 4);
    } else {
      std::memcpy(out + 4 * x, row.data() + x * header.samples(), header.samples());
      if (header.samples() == 3) {
        put(4 * x + 3, 0xFF);
      }
    }
  }
}

}  // namespace

Header read_header(std::span<const std::byte> file, const std::string& name) {
  Header out;
  bool first = true;
  std::size_t packed = 0;
  each_chunk(file, name, [&](const Chunk& chunk) {
    if (first != (chunk.kind == "IHDR")) {
      throw Error(Errc::bad_input, Location{.file = name, .offset = chunk.offset}, "a PNG begins with one chunk IHDR",
                  "The file is damaged");
    }
    first = false;
    if (chunk.kind == "IHDR") {
      read_size(chunk, name, out);
    } else if (chunk.kind == "IDAT") {
      packed += chunk.data.size();
    } else if (chunk.kind == "tEXt") {
      read_text(chunk, out);
    } else if (chunk.kind == "pHYs") {
      read_resolution(chunk, name, out);
    }
    return true;
  });
  if (first || out.row_bytes() > (packed + 64) * most_packed / out.height) {
    throw Error(Errc::bad_input, Location{.file = name, .offset = signature_bytes},
                fmt::format("{} × {} pixels in {} packed bytes", out.height, out.width, packed),
                "The file is damaged or not complete");
  }
  return out;
}

std::vector<std::byte> decode(std::span<const std::byte> file, const Header& header, const std::string& name) {
  const Palette palette = header.colour == 3 ? read_palette(file, name) : Palette{};
  Inflater packed(file, name);
  const std::size_t bytes = header.row_bytes();
  const std::size_t step = std::max<std::size_t>(1, header.bits * header.samples() / 8);
  const std::size_t target = header.width * size_of(header.type);
  std::vector<std::uint8_t> row(bytes + 1);
  std::vector<std::uint8_t> above(bytes);
  std::vector<std::byte> out(target * header.height);
  for (std::size_t y = 0; y < header.height; ++y) {
    packed.read(std::as_writable_bytes(std::span(row)));
    if (!unfilter(row[0], step, std::span(row).subspan(1), above)) {
      throw Error(Errc::bad_input, Location{.file = name, .offset = signature_bytes},
                  fmt::format("row {} has the unknown filter {}", y, row[0]), "The file is damaged");
    }
    std::copy(row.begin() + 1, row.end(), above.begin());
    spread(header, palette, above, out.data() + y * target);
  }
  return out;
}

}  // namespace hotstage::signal::png
