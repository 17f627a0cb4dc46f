// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/formats/dm/cube.hpp"

#include "hotstage/signal/formats/dm/transpose.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace hotstage::signal::dm {

namespace {

/// Bytes of one channel's run of items that make a read worth while: a page of the file.
constexpr std::size_t page_bytes = 4096;

/// Bytes whose order is reversed together: the parts of a complex number on their own.
std::size_t part_width(DType type) {
  switch (type) {
    case DType::c64:
      return sizeof(float);
    case DType::c128:
      return sizeof(double);
    default:
      return size_of(type);
  }
}

template <class T>
void reverse_each(std::span<std::byte> bytes) {
  for (std::size_t i = 0; i + sizeof(T) <= bytes.size(); i += sizeof(T)) {
    T value;
    std::memcpy(&value, bytes.data() + i, sizeof(T));
    value = io::reversed(value);
    std::memcpy(bytes.data() + i, &value, sizeof(T));
  }
}

void reverse_bytes(std::span<std::byte> bytes, std::size_t width) {
  switch (width) {
    case 2:
      return reverse_each<std::uint16_t>(bytes);
    case 4:
      return reverse_each<std::uint32_t>(bytes);
    case 8:
      return reverse_each<std::uint64_t>(bytes);
    default:
      return;
  }
}

class CubeSource final : public Source {
 public:
  CubeSource(std::shared_ptr<const io::MappedFile> file, const CubeLayout& layout)
      : file_(std::move(file)),
        layout_(layout),
        width_(size_of(layout.dtype)),
        data_(file_->bytes().data() + layout.offset) {}

  [[nodiscard]] DType dtype() const override { return layout_.dtype; }

  [[nodiscard]] std::size_t items() const override { return layout_.outer * layout_.inner; }

  [[nodiscard]] std::size_t channels() const override { return layout_.channels; }

  [[nodiscard]] std::size_t preferred_items() const override {
    return layout_.inner == 1 ? 1 : std::min(layout_.inner, page_bytes / width_);
  }

  void read(const Region& region, std::span<std::byte> out) const override {
    HOTSTAGE_EXPECTS(region.first_item <= items() && region.items <= items() - region.first_item);
    HOTSTAGE_EXPECTS(region.first_channel <= channels() && region.channels <= channels() - region.first_channel);
    HOTSTAGE_EXPECTS(out.size() == region.items * region.channels * width_);
    if (layout_.inner == 1) {
      copy_rows(region, out);
    } else {
      gather(region, out);
    }
  }

 private:
  void copy_rows(const Region& region, std::span<std::byte> out) const {
    const std::size_t row = region.channels * width_;
    const std::byte* from = data_ + (region.first_item * layout_.channels + region.first_channel) * width_;
    if (region.channels == layout_.channels) {
      std::memcpy(out.data(), from, out.size());
    } else {
      for (std::size_t i = 0; i < region.items; ++i) {
        std::memcpy(out.data() + i * row, from + i * layout_.channels * width_, row);
      }
    }
    to_native(out);
  }

  void gather(const Region& region, std::span<std::byte> out) const {
    const std::size_t row = region.channels * width_;
    std::size_t done = 0;
    while (done < region.items && row > 0) {
      const std::size_t outer = (region.first_item + done) / layout_.inner;
      const std::size_t inner = (region.first_item + done) % layout_.inner;
      const std::size_t count = std::min(region.items - done, layout_.inner - inner);
      const std::size_t plane = outer * layout_.channels + region.first_channel;
      const std::span<std::byte> target = out.subspan(done * row, count * row);
      transpose(data_ + (plane * layout_.inner + inner) * width_, target.data(),
                {.rows = region.channels,
                 .columns = count,
                 .source_stride = layout_.inner * width_,
                 .target_stride = row,
                 .width = width_});
      to_native(target);
      done += count;
    }
  }

  /// Little-endian numbers, and colours as red, green, blue, alpha (Gatan stores blue first).
  void to_native(std::span<std::byte> bytes) const {
    if (layout_.order == io::ByteOrder::big) {
      reverse_bytes(bytes, part_width(layout_.dtype));
    }
    if (layout_.dtype == DType::rgba8) {
      for (std::size_t i = 0; i + 4 <= bytes.size(); i += 4) {
        std::swap(bytes[i], bytes[i + 2]);
      }
    }
  }

  std::shared_ptr<const io::MappedFile> file_;
  CubeLayout layout_;
  std::size_t width_;
  const std::byte* data_;
};

}  // namespace

std::shared_ptr<const Source> cube_source(std::shared_ptr<const io::MappedFile> file, const CubeLayout& layout) {
  return std::make_shared<CubeSource>(std::move(file), layout);
}

}  // namespace hotstage::signal::dm
