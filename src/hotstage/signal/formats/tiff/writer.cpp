// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/formats/tiff/writer.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/io/files.hpp"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

namespace hotstage::signal::tiff {

namespace {

/// Field types of TIFF 6.0 (section 2) and BigTIFF.
enum class FieldType : std::uint16_t { ascii = 2, short_ = 3, long_ = 4, rational = 5, double_ = 12, long8 = 16 };

struct Entry {
  std::uint16_t tag = 0;
  FieldType type = FieldType::short_;
  std::uint64_t count = 1;
  std::vector<std::byte> data;
};

template <class T>
void append_bytes(std::vector<std::byte>& out, const T& value) {
  const auto bytes = std::as_bytes(std::span(&value, 1));
  out.insert(out.end(), bytes.begin(), bytes.end());
}

Entry shorts(std::uint16_t tag, std::span<const std::uint16_t> values) {
  Entry entry{.tag = tag, .type = FieldType::short_, .count = values.size()};
  for (const std::uint16_t value : values) {
    append_bytes(entry.data, value);
  }
  return entry;
}

Entry one_short(std::uint16_t tag, std::uint16_t value) {
  return shorts(tag, {&value, 1});
}

Entry one_long(std::uint16_t tag, std::size_t value) {
  Entry entry{.tag = tag, .type = FieldType::long_};
  append_bytes(entry.data, static_cast<std::uint32_t>(value));
  return entry;
}

Entry one_offset(std::uint16_t tag, std::uint64_t value, bool big) {
  if (!big) {
    return one_long(tag, value);
  }
  Entry entry{.tag = tag, .type = FieldType::long8};
  append_bytes(entry.data, value);
  return entry;
}

Entry one_double(std::uint16_t tag, double value) {
  Entry entry{.tag = tag, .type = FieldType::double_};
  append_bytes(entry.data, value);
  return entry;
}

Entry text(std::uint16_t tag, const std::string& value) {
  Entry entry{.tag = tag, .type = FieldType::ascii, .count = value.size() + 1};
  for (const char c : value) {
    append_bytes(entry.data, c);
  }
  entry.data.push_back(std::byte{0});
  return entry;
}

/// numerator / denominator to nine digits.
Entry rational(std::uint16_t tag, double value) {
  constexpr double largest = 4e9;
  double denominator = 1.0;
  while (value * denominator * 10.0 < largest && denominator < 1e9 &&
         value * denominator != std::round(value * denominator)) {
    denominator *= 10.0;
  }
  Entry entry{.tag = tag, .type = FieldType::rational};
  append_bytes(entry.data, static_cast<std::uint32_t>(std::clamp(std::round(value * denominator), 1.0, largest)));
  append_bytes(entry.data, static_cast<std::uint32_t>(denominator));
  return entry;
}

std::uint16_t sample_format(DType type) {
  switch (type) {
    case DType::i8:
    case DType::i16:
    case DType::i32:
    case DType::i64:
      return 2;
    case DType::f32:
    case DType::f64:
      return 3;
    case DType::c64:
    case DType::c128:
      return 6;
    default:
      return 1;
  }
}

/// DigitalMicrograph writes units in Latin-1.
std::string latin1_unit(std::string unit) {
  if (unit.starts_with("µ") || unit.starts_with("μ")) {
    unit.replace(0, 2, "\xB5");
  }
  return unit;
}

/// Units 65003–65005, origins 65006–65008 in units, scales 65009–65011: DigitalMicrograph's, and what HyperSpy reads
/// best.
void add_digital_micrograph(std::vector<Entry>& entries, const std::vector<Axis>& axes) {
  const bool calibrated = !axes.empty() && std::ranges::all_of(axes, &Axis::is_uniform) && !axes.front().unit.empty();
  if (!calibrated) {
    return;
  }
  const std::size_t count = std::min<std::size_t>(axes.size(), 3);
  for (std::size_t i = 0; i < count; ++i) {
    entries.push_back(text(static_cast<std::uint16_t>(65003 + i), latin1_unit(axes[i].unit)));
    entries.push_back(one_double(static_cast<std::uint16_t>(65006 + i), axes[i].offset));
    entries.push_back(one_double(static_cast<std::uint16_t>(65009 + i), axes[i].scale));
  }
}

std::vector<Entry> page_entries(const StackLayout& layout, std::uint64_t offset, bool big) {
  const bool colours = layout.type == DType::rgba8;
  const std::size_t samples = colours ? 4 : 1;
  const std::vector<std::uint16_t> bits(samples, static_cast<std::uint16_t>(colours ? 8 : 8 * size_of(layout.type)));
  const std::vector<std::uint16_t> formats(samples, sample_format(layout.type));
  const std::uint64_t bytes = layout.width * layout.height * size_of(layout.type);
  std::vector<Entry> out;
  out.push_back(one_long(256, layout.width));
  out.push_back(one_long(257, layout.height));
  out.push_back(shorts(258, bits));
  out.push_back(one_short(259, 1));                                            // not compressed
  out.push_back(one_short(262, static_cast<std::uint16_t>(colours ? 2 : 1)));  // RGB, or black is zero
  out.push_back(one_offset(273, offset, big));
  out.push_back(one_short(277, static_cast<std::uint16_t>(samples)));
  out.push_back(one_long(278, layout.height));
  out.push_back(one_offset(279, bytes, big));
  out.push_back(one_short(284, 1));
  out.push_back(shorts(339, formats));
  if (colours) {
    out.push_back(one_short(338, 2));  // the fourth sample is opacity
  }
  return out;
}

void add_labels(std::vector<Entry>& entries, const Labels& labels) {
  entries.push_back(text(270, labels.description));
  if (labels.x_per_unit > 0.0 && labels.y_per_unit > 0.0) {
    entries.push_back(rational(282, labels.x_per_unit));
    entries.push_back(rational(283, labels.y_per_unit));
    entries.push_back(one_short(296, 1));
  }
  add_digital_micrograph(entries, labels.axes);
}

/// Offsets in a classic TIFF have 32 bits; a directory takes well below 1 KiB, the labels below 1 MiB.
bool needs_big(const StackLayout& layout) {
  const std::uint64_t page = layout.width * layout.height * size_of(layout.type) + 1024;
  constexpr std::uint64_t limit = 0xFFFFFFFF - (std::uint64_t{1} << 20U);
  return page > limit / layout.pages;
}

}  // namespace

Writer::Writer(const std::filesystem::path& file, const StackLayout& layout)
    : path_(file), layout_(layout), file_(std::fopen(file.c_str(), "wb"), &std::fclose), big_(needs_big(layout)) {
  if (!file_) {
    throw io::os_error(errno, path_, "write");
  }
  put(std::as_bytes(std::span("II", 2)));
  put_number(big_ ? 43 : 42, 2);
  if (big_) {
    put_number(8, 2);
    put_number(0, 2);
  }
  put_number(0, big_ ? 8 : 4);  // place of the first directory, known at the end
}

void Writer::put(std::span<const std::byte> bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) {
    throw io::os_error(errno, path_, "write");
  }
  position_ += bytes.size();
}

void Writer::put_number(std::uint64_t value, std::size_t bytes) {
  put(std::as_bytes(std::span(&value, 1)).first(bytes));
}

void Writer::append(std::span<const std::byte> rows) {
  HOTSTAGE_EXPECTS(appended_ < layout_.pages && rows.size() == layout_.width * layout_.height * size_of(layout_.type));
  put(rows);
  ++appended_;
}

void Writer::finish(const Labels& labels) {
  HOTSTAGE_EXPECTS(appended_ == layout_.pages);
  const std::size_t width = big_ ? 8 : 4;
  const std::uint64_t first_page = big_ ? 16 : 8;
  const std::uint64_t page_bytes = layout_.width * layout_.height * size_of(layout_.type);
  std::uint64_t link = big_ ? 8 : 4;  // where the place of the next directory is written
  for (std::size_t i = 0; i < layout_.pages; ++i) {
    std::vector<Entry> entries = page_entries(layout_, first_page + i * page_bytes, big_);
    if (i == 0) {
      add_labels(entries, labels);
    }
    std::ranges::sort(entries, {}, &Entry::tag);
    std::vector<std::uint64_t> places;
    for (const Entry& entry : entries) {
      put_number(0, position_ % 2);  // values start at even places
      places.push_back(position_);
      if (entry.data.size() > width) {
        put(entry.data);
      }
    }
    put_number(0, position_ % 2);
    const std::uint64_t directory = position_;
    put_number(entries.size(), big_ ? 8 : 2);
    for (std::size_t k = 0; k < entries.size(); ++k) {
      Entry& entry = entries[k];
      put_number(entry.tag, 2);
      put_number(static_cast<std::uint16_t>(entry.type), 2);
      put_number(entry.count, width);
      if (entry.data.size() > width) {
        put_number(places[k], width);
      } else {
        entry.data.resize(width);
        put(entry.data);
      }
    }
    const std::uint64_t next_link = position_;
    put_number(0, width);
    const std::uint64_t end = position_;
    if (::fseeko(file_.get(), static_cast<off_t>(link), SEEK_SET) != 0) {
      throw io::os_error(errno, path_, "write");
    }
    put_number(directory, width);
    if (::fseeko(file_.get(), static_cast<off_t>(end), SEEK_SET) != 0) {
      throw io::os_error(errno, path_, "write");
    }
    position_ = end;
    link = next_link;
  }
  if (std::fclose(file_.release()) != 0) {
    throw io::os_error(errno, path_, "write");
  }
}

}  // namespace hotstage::signal::tiff
