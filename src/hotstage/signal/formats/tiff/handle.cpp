// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/formats/tiff/handle.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/io/text.hpp"

#include <fmt/format.h>
#include <tiffio.h>

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace hotstage::signal::tiff {

namespace {

/// LZW packs at most about 2700:1, deflate 1032:1; a page that claims more than this for the whole file is a lie.
constexpr std::uintmax_t most_packed = 4000;
constexpr std::size_t most_pages = 1000000;
constexpr std::size_t largest_page = std::size_t{1} << 33;
/// Longer byte arrays (thumbnails of other programs, ImageJ overlays) are noted in the tags, not kept.
constexpr std::uint32_t most_tag_bytes = 4096;

__attribute__((format(printf, 4, 0))) int keep_message(::tiff*, void* user, const char* module, const char* format,
                                                       va_list arguments) {
  std::array<char, 512> text{};
  std::vsnprintf(text.data(), text.size(), format, arguments);
  auto& message = *static_cast<std::string*>(user);
  message = module == nullptr || std::string_view(module).find('/') != std::string_view::npos
                ? text.data()
                : fmt::format("{}: {}", module, text.data());
  return 1;
}

int drop_message(::tiff*, void*, const char*, const char*, va_list) {
  return 1;
}

template <class T>
std::optional<T> field(::tiff* handle, std::uint32_t tag) {
  T value{};
  if (TIFFGetFieldDefaulted(handle, tag, &value) != 1) {
    return std::nullopt;
  }
  return value;
}

std::optional<DType> element_type(unsigned bits, unsigned format, unsigned samples) {
  if (samples != 1) {
    return samples == 4 && bits == 8 ? std::optional(DType::rgba8) : std::nullopt;
  }
  static constexpr std::array unsigned_types{DType::u8, DType::u16, DType::u32, DType::u64};
  static constexpr std::array signed_types{DType::i8, DType::i16, DType::i32, DType::i64};
  if (bits != 8 && bits != 16 && bits != 32 && bits != 64) {
    return std::nullopt;
  }
  const std::size_t index = bits == 8 ? 0 : bits == 16 ? 1 : bits == 32 ? 2 : 3;
  switch (format) {
    case SAMPLEFORMAT_UINT:
    case SAMPLEFORMAT_VOID:
      return unsigned_types[index];
    case SAMPLEFORMAT_INT:
      return signed_types[index];
    case SAMPLEFORMAT_IEEEFP:
      return bits == 32 ? std::optional(DType::f32) : bits == 64 ? std::optional(DType::f64) : std::nullopt;
    case SAMPLEFORMAT_COMPLEXIEEEFP:
      return bits == 64 ? std::optional(DType::c64) : std::nullopt;
    default:
      return std::nullopt;
  }
}

/// Copies RGB (three bytes) pixels to RGBA with full opacity.
void widen_colours(std::span<const std::byte> rgb, std::span<std::byte> rgba) {
  for (std::size_t i = 0; 4 * i + 3 < rgba.size(); ++i) {
    std::memcpy(rgba.data() + 4 * i, rgb.data() + 3 * i, 3);
    rgba[4 * i + 3] = std::byte{0xFF};
  }
}

}  // namespace

Handle::Handle(const std::filesystem::path& file) : file_(file) {
  io::require_readable_file(file);
  bytes_ = std::filesystem::file_size(file);
  TIFFOpenOptions* options = TIFFOpenOptionsAlloc();
  TIFFOpenOptionsSetErrorHandlerExtR(options, &keep_message, &message_);
  TIFFOpenOptionsSetWarningHandlerExtR(options, &drop_message, nullptr);
  TIFFOpenOptionsSetMaxSingleMemAlloc(options, static_cast<tmsize_t>(largest_page));
  // "m": no memory map, so that a file that shrinks while we read is an error and not a signal.
  tiff_ = TIFFOpenExt(file.c_str(), "rm", options);
  TIFFOpenOptionsFree(options);
  if (tiff_ == nullptr) {
    fail("cannot open it as TIFF");
  }
}

Handle::~Handle() {
  if (tiff_ != nullptr) {
    TIFFClose(tiff_);
  }
}

void Handle::fail(const std::string& what) {
  throw Error(Errc::bad_input, Location{.file = file_.string()},
              message_.empty() ? what : fmt::format("{} ({})", what, message_), "The file is damaged or not complete");
}

Page Handle::current_page(std::size_t number) {
  Page page;
  page.offset = TIFFCurrentDirOffset(tiff_);
  page.width = field<std::uint32_t>(tiff_, TIFFTAG_IMAGEWIDTH).value_or(0);
  page.height = field<std::uint32_t>(tiff_, TIFFTAG_IMAGELENGTH).value_or(0);
  page.thumbnail = (field<std::uint32_t>(tiff_, TIFFTAG_SUBFILETYPE).value_or(0) & FILETYPE_REDUCEDIMAGE) != 0;
  const unsigned bits = field<std::uint16_t>(tiff_, TIFFTAG_BITSPERSAMPLE).value_or(0);
  const unsigned samples = field<std::uint16_t>(tiff_, TIFFTAG_SAMPLESPERPIXEL).value_or(0);
  const unsigned format = field<std::uint16_t>(tiff_, TIFFTAG_SAMPLEFORMAT).value_or(SAMPLEFORMAT_UINT);
  const unsigned planar = field<std::uint16_t>(tiff_, TIFFTAG_PLANARCONFIG).value_or(PLANARCONFIG_CONTIG);
  const unsigned photometric = field<std::uint16_t>(tiff_, TIFFTAG_PHOTOMETRIC).value_or(PHOTOMETRIC_MINISBLACK);
  const Location where{.file = file_.string()};
  const auto compression = field<std::uint16_t>(tiff_, TIFFTAG_COMPRESSION).value_or(COMPRESSION_NONE);
  if (TIFFIsCODECConfigured(compression) == 0) {
    throw Error(Errc::unsupported, where,
                fmt::format("page {}: packed by method {}, which is not installed", number, compression));
  }
  auto type = element_type(bits, format, samples == 3 ? 4 : samples);
  const bool colours = type == DType::rgba8;
  if (!type || photometric == PHOTOMETRIC_PALETTE || photometric == PHOTOMETRIC_YCBCR ||
      (colours && planar != PLANARCONFIG_CONTIG)) {
    throw Error(Errc::unsupported, where,
                fmt::format("page {}: {} sample(s) of {} bits per pixel (format {}, colours {}) are not supported",
                            number, samples, bits, format, photometric),
                "Save it as 8, 16 or 32 bit grey, or as RGB");
  }
  page.type = *type;
  const std::uintmax_t pixels = static_cast<std::uintmax_t>(page.width) * page.height;
  if (pixels == 0) {
    throw Error(Errc::bad_input, where, fmt::format("page {} has no pixels", number));
  }
  if (pixels > largest_page / 16 || pixels * size_of(page.type) > (bytes_ + 64) * most_packed) {
    throw Error(
        Errc::bad_input, where,
        fmt::format("page {} claims {} × {} pixels in a file of {} bytes", number, page.width, page.height, bytes_),
        "The file is damaged");
  }
  return page;
}

std::vector<Page> Handle::pages(Run& run) {
  const std::lock_guard lock(mutex_);
  std::vector<Page> out;
  if (TIFFSetDirectory(tiff_, 0) != 1) {
    fail("the first page cannot be read");
  }
  for (;;) {
    run.check_stop();
    out.push_back(current_page(out.size()));
    if (TIFFLastDirectory(tiff_) != 0) {
      return out;
    }
    if (out.size() >= most_pages || TIFFReadDirectory(tiff_) != 1) {
      fail(fmt::format("page {} cannot be read", out.size()));
    }
  }
}

void Handle::go_to(const Page& page) {
  message_.clear();
  if (TIFFCurrentDirOffset(tiff_) != page.offset && TIFFSetSubDirectory(tiff_, page.offset) != 1) {
    fail(fmt::format("the page at byte {} cannot be read", page.offset));
  }
}

void Handle::read(const Page& page, std::span<std::byte> out) {
  const std::lock_guard lock(mutex_);
  go_to(page);
  const bool rgb = page.type == DType::rgba8 && field<std::uint16_t>(tiff_, TIFFTAG_SAMPLESPERPIXEL) == 3;
  std::vector<std::byte> packed(rgb ? page.width * page.height * 3 : 0);
  const std::span<std::byte> target = rgb ? std::span(packed) : out;
  if (TIFFIsTiled(tiff_) != 0) {
    read_tiles(page, target);
  } else {
    read_strips(page, target);
  }
  if (rgb) {
    widen_colours(packed, out);
  }
}

void Handle::read_strips(const Page& page, std::span<std::byte> out) {
  const std::size_t row = out.size() / page.height;
  const std::size_t rows =
      std::clamp<std::size_t>(field<std::uint32_t>(tiff_, TIFFTAG_ROWSPERSTRIP).value_or(1), 1, page.height);
  for (std::size_t first = 0, strip = 0; first < page.height; first += rows, ++strip) {
    const std::size_t bytes = std::min(rows, page.height - first) * row;
    const tmsize_t got = TIFFReadEncodedStrip(tiff_, static_cast<std::uint32_t>(strip), out.data() + first * row,
                                              static_cast<tmsize_t>(bytes));
    if (got != static_cast<tmsize_t>(bytes)) {
      fail(fmt::format("rows {} to {} cannot be read", first, first + bytes / row));
    }
  }
}

void Handle::read_tiles(const Page& page, std::span<std::byte> out) {
  const std::size_t row = out.size() / page.height;
  const std::size_t pixel = row / page.width;
  const std::size_t width = field<std::uint32_t>(tiff_, TIFFTAG_TILEWIDTH).value_or(0);
  const std::size_t height = field<std::uint32_t>(tiff_, TIFFTAG_TILELENGTH).value_or(0);
  const auto tile_bytes = static_cast<std::uintmax_t>(TIFFTileSize64(tiff_));
  if (width == 0 || height == 0 || tile_bytes != static_cast<std::uintmax_t>(width) * height * pixel ||
      tile_bytes > (bytes_ + 64) * most_packed || tile_bytes > largest_page) {
    fail(fmt::format("tiles of {} × {} pixels make no sense here", width, height));
  }
  std::vector<std::byte> tile(tile_bytes);
  for (std::size_t y = 0; y < page.height; y += height) {
    for (std::size_t x = 0; x < page.width; x += width) {
      const std::uint32_t number =
          TIFFComputeTile(tiff_, static_cast<std::uint32_t>(x), static_cast<std::uint32_t>(y), 0, 0);
      if (TIFFReadEncodedTile(tiff_, number, tile.data(), static_cast<tmsize_t>(tile_bytes)) !=
          static_cast<tmsize_t>(tile_bytes)) {
        fail(fmt::format("the tile at ({}, {}) cannot be read", x, y));
      }
      const std::size_t columns = std::min(width, page.width - x);
      for (std::size_t j = 0; j < std::min(height, page.height - y); ++j) {
        std::memcpy(out.data() + (y + j) * row + x * pixel, tile.data() + j * width * pixel, columns * pixel);
      }
    }
  }
}

std::optional<std::uint64_t> Handle::contiguous_start(const Page& page) {
  const std::lock_guard lock(mutex_);
  go_to(page);
  const bool plain = TIFFIsTiled(tiff_) == 0 && field<std::uint16_t>(tiff_, TIFFTAG_COMPRESSION) == COMPRESSION_NONE;
  if (!plain || (page.type == DType::rgba8 && field<std::uint16_t>(tiff_, TIFFTAG_SAMPLESPERPIXEL) != 4)) {
    return std::nullopt;
  }
  return TIFFGetStrileOffset(tiff_, 0);
}

bool Handle::is_swapped() const {
  return TIFFIsByteSwapped(tiff_) != 0;
}

Value Handle::tags(const Page& page) {
  const std::lock_guard lock(mutex_);
  go_to(page);
  Value out = Value::object();
  const std::array<std::pair<std::uint32_t, const char*>, 7> texts{{{TIFFTAG_IMAGEDESCRIPTION, "ImageDescription"},
                                                                    {TIFFTAG_SOFTWARE, "Software"},
                                                                    {TIFFTAG_DATETIME, "DateTime"},
                                                                    {TIFFTAG_ARTIST, "Artist"},
                                                                    {TIFFTAG_MAKE, "Make"},
                                                                    {TIFFTAG_MODEL, "Model"},
                                                                    {TIFFTAG_DOCUMENTNAME, "DocumentName"}}};
  for (const auto& [tag, name] : texts) {
    char* text = nullptr;
    if (TIFFGetField(tiff_, tag, &text) == 1 && text != nullptr) {
      out[name] = Value(io::to_utf8(text));
    }
  }
  for (const auto& [tag, name] :
       {std::pair{TIFFTAG_XRESOLUTION, "XResolution"}, std::pair{TIFFTAG_YRESOLUTION, "YResolution"}}) {
    float value = 0.0F;
    if (TIFFGetField(tiff_, static_cast<std::uint32_t>(tag), &value) == 1) {
      out[name] = Value(static_cast<double>(value));
    }
  }
  if (out.find("XResolution") != nullptr) {
    out["ResolutionUnit"] =
        Value(static_cast<int>(field<std::uint16_t>(tiff_, TIFFTAG_RESOLUTIONUNIT).value_or(RESUNIT_INCH)));
  }
  // Private tags have no fixed type: libtiff hands them out as (count, pointer).
  const int count = TIFFGetTagListCount(tiff_);
  for (int i = 0; i < count; ++i) {
    const std::uint32_t tag = TIFFGetTagListEntry(tiff_, i);
    const TIFFField* info = TIFFFindField(tiff_, tag, TIFF_ANY);
    if (info == nullptr || TIFFFieldPassCount(info) == 0 || TIFFFieldReadCount(info) != TIFF_VARIABLE2) {
      continue;
    }
    std::uint32_t length = 0;
    void* data = nullptr;
    if (TIFFGetField(tiff_, tag, &length, &data) != 1 || data == nullptr) {
      continue;
    }
    Value& value = out[fmt::format("{}", tag)];
    switch (TIFFFieldDataType(info)) {
      case TIFF_ASCII: {
        const std::string_view text(static_cast<const char*>(data), length);
        value = Value(io::to_utf8(text.substr(0, text.find('\0'))));
        break;
      }
      case TIFF_DOUBLE:
        value = Value(length > 0 ? *static_cast<const double*>(data) : 0.0);
        break;
      case TIFF_FLOAT:
        value = Value(length > 0 ? static_cast<double>(*static_cast<const float*>(data)) : 0.0);
        break;
      case TIFF_LONG:
        value = Value(static_cast<std::int64_t>(length > 0 ? *static_cast<const std::uint32_t*>(data) : 0));
        break;
      case TIFF_SLONG:
        value = Value(static_cast<std::int64_t>(length > 0 ? *static_cast<const std::int32_t*>(data) : 0));
        break;
      case TIFF_SHORT:
        value = Value(static_cast<std::int64_t>(length > 0 ? *static_cast<const std::uint16_t*>(data) : 0));
        break;
      default:
        value = length <= most_tag_bytes && TIFFFieldDataType(info) == TIFF_BYTE
                    ? Value(std::string(static_cast<const char*>(data), length))
                    : Value(fmt::format("({} elements, not shown)", length));
    }
  }
  return out;
}

}  // namespace hotstage::signal::tiff
