// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/detail/frames.hpp"

#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

namespace hotstage::signal::detail {

namespace {

constexpr std::size_t most_elements = std::size_t{1} << 48;  // keeps every product with an element size in range

/// IEEE 754 binary16.
float from_half(std::uint16_t bits) {
  const int exponent = (bits >> 10U) & 0x1FU;
  const auto mantissa = static_cast<float>(bits & 0x3FFU);
  const float sign = (bits & 0x8000U) != 0 ? -1.0F : 1.0F;
  if (exponent == 31) {
    return mantissa == 0.0F ? sign * INFINITY : NAN;
  }
  return sign * (exponent == 0 ? std::ldexp(mantissa, -24) : std::ldexp(1024.0F + mantissa, exponent - 25));
}

template <io::Number T>
T load(const std::byte* from, io::ByteOrder order) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return io::ordered(value, order);
}

template <io::Number T>
void order_each(std::span<std::byte> bytes, io::ByteOrder order) {
  for (std::size_t i = 0; i + sizeof(T) <= bytes.size(); i += sizeof(T)) {
    const T value = load<T>(bytes.data() + i, order);
    std::memcpy(bytes.data() + i, &value, sizeof(T));
  }
}

/// The parts of a complex number are turned on their own.
void to_native(std::span<std::byte> bytes, DType type, io::ByteOrder order) {
  const bool is_complex = type == DType::c64 || type == DType::c128;
  const std::size_t width = type == DType::rgba8 ? 1 : is_complex ? size_of(type) / 2 : size_of(type);
  if (order == io::ByteOrder::little || width == 1) {
    return;
  }
  if (width == 2) {
    order_each<std::uint16_t>(bytes, order);
  } else if (width == 4) {
    order_each<std::uint32_t>(bytes, order);
  } else {
    order_each<std::uint64_t>(bytes, order);
  }
}

class FrameSource final : public Source {
 public:
  FrameSource(std::shared_ptr<const io::MappedFile> file, FrameLayout layout)
      : file_(std::move(file)), layout_(std::move(layout)), stored_(layout_.stored_width()) {}

  [[nodiscard]] DType dtype() const override { return layout_.dtype; }

  [[nodiscard]] std::size_t items() const override { return layout_.offsets.size(); }

  [[nodiscard]] std::size_t channels() const override { return layout_.rows * layout_.columns; }

  void read(const Region& region, std::span<std::byte> out) const override {
    const std::size_t width = size_of(layout_.dtype);
    HOTSTAGE_EXPECTS(region.first_item <= items() && region.items <= items() - region.first_item);
    HOTSTAGE_EXPECTS(region.first_channel <= channels() && region.channels <= channels() - region.first_channel);
    HOTSTAGE_EXPECTS(out.size() == region.items * region.channels * width);
    for (std::size_t i = 0; i < region.items; ++i) {
      const std::byte* frame = file_->bytes().data() + layout_.offsets[region.first_item + i];
      std::span<std::byte> target = out.subspan(i * region.channels * width, region.channels * width);
      std::size_t first = region.first_channel;
      while (!target.empty()) {
        // Whole frames at once unless the rows are turned upside down.
        const std::size_t in_row = first % layout_.columns;
        const std::size_t left = layout_.bottom_up ? layout_.columns - in_row : channels() - first;
        const std::size_t count = std::min(left, target.size() / width);
        copy(frame + place(first) * stored_, target.first(count * width));
        target = target.subspan(count * width);
        first += count;
      }
    }
  }

 private:
  /// Where the number of a channel lies within the frame.
  [[nodiscard]] std::size_t place(std::size_t channel) const {
    if (!layout_.bottom_up) {
      return channel;
    }
    const std::size_t row = layout_.rows - 1 - channel / layout_.columns;
    return row * layout_.columns + channel % layout_.columns;
  }

  void copy(const std::byte* from, std::span<std::byte> out) const {
    if (layout_.packing == Packing::plain) {
      std::memcpy(out.data(), from, out.size());
      to_native(out, layout_.dtype, layout_.order);
      return;
    }
    const std::size_t numbers = out.size() / sizeof(float);
    for (std::size_t i = 0; i < numbers; ++i) {
      const float value = layout_.packing == Packing::half
                              ? from_half(load<std::uint16_t>(from + 2 * i, layout_.order))
                              : static_cast<float>(load<std::int16_t>(from + 2 * i, layout_.order));
      std::memcpy(out.data() + i * sizeof(float), &value, sizeof(float));
    }
  }

  std::shared_ptr<const io::MappedFile> file_;
  FrameLayout layout_;
  std::size_t stored_;
};

}  // namespace

std::size_t FrameLayout::stored_width() const {
  return packing == Packing::half ? 2 : packing == Packing::short_pair ? 4 : size_of(dtype);
}

std::shared_ptr<const Source> frame_source(std::shared_ptr<const io::MappedFile> file, FrameLayout layout) {
  const std::string name = file->path().string();
  if (layout.rows == 0 || layout.columns == 0 || layout.offsets.empty()) {
    throw Error(Errc::bad_input, Location{.file = name},
                fmt::format("{} frames of {} × {} pixels", layout.offsets.size(), layout.rows, layout.columns),
                "The file is damaged or was never filled");
  }
  std::size_t elements = 0;
  const bool overflow = __builtin_mul_overflow(layout.rows, layout.columns, &elements) || elements > most_elements;
  const std::uint64_t bytes = overflow ? 0 : elements * layout.stored_width();
  for (std::size_t i = 0; i < layout.offsets.size(); ++i) {
    if (overflow || layout.offsets[i] > file->size() || bytes > file->size() - layout.offsets[i]) {
      throw Error(Errc::bad_input, Location{.file = name, .offset = layout.offsets[i]},
                  fmt::format("frame {} of {} needs {} × {} pixels of {} bytes, the file ends at byte {}", i,
                              layout.offsets.size(), layout.rows, layout.columns, layout.stored_width(), file->size()),
                  "The file was cut off: copy it again, or the acquisition was stopped");
    }
  }
  return std::make_shared<FrameSource>(std::move(file), std::move(layout));
}

}  // namespace hotstage::signal::detail
