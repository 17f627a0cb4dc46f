// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/signal.hpp"

#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdint>
#include <cstring>

namespace hotstage::signal {

namespace {

template <class T>
struct Tag {
  using type = T;
};

struct Rgba {
  std::uint8_t channels[4];
};

/// Calls `work(Tag<T>{})` for the C++ type behind `type`.
template <class F>
void dispatch(DType type, F&& work) {
  switch (type) {
    case DType::u8:
      return work(Tag<std::uint8_t>{});
    case DType::i8:
      return work(Tag<std::int8_t>{});
    case DType::u16:
      return work(Tag<std::uint16_t>{});
    case DType::i16:
      return work(Tag<std::int16_t>{});
    case DType::u32:
      return work(Tag<std::uint32_t>{});
    case DType::i32:
      return work(Tag<std::int32_t>{});
    case DType::u64:
      return work(Tag<std::uint64_t>{});
    case DType::i64:
      return work(Tag<std::int64_t>{});
    case DType::f32:
      return work(Tag<float>{});
    case DType::f64:
      return work(Tag<double>{});
    case DType::c64:
      return work(Tag<std::complex<float>>{});
    case DType::c128:
      return work(Tag<std::complex<double>>{});
    case DType::rgba8:
      return work(Tag<Rgba>{});
  }
}

template <class T>
double real_value(const T& value) {
  if constexpr (std::is_same_v<T, Rgba>) {
    return (value.channels[0] + value.channels[1] + value.channels[2]) / 3.0;
  } else if constexpr (std::is_same_v<T, std::complex<float>> || std::is_same_v<T, std::complex<double>>) {
    return static_cast<double>(std::abs(value));
  } else {
    return static_cast<double>(value);
  }
}

void check_region(const Signal& signal, const Region& region) {
  HOTSTAGE_EXPECTS(signal.source != nullptr);
  HOTSTAGE_EXPECTS(region.first_item + region.items <= signal.items());
  HOTSTAGE_EXPECTS(region.first_channel + region.channels <= signal.channels());
}

template <class Out>
void read_as(const Signal& signal, const Region& region, View<Out, 2> out) {
  check_region(signal, region);
  HOTSTAGE_EXPECTS(out.extent(0) == region.items && out.extent(1) == region.channels && out.strides()[1] == 1);
  const DType type = signal.source->dtype();
  const bool plain = signal.intensity_scale == 1.0 && signal.intensity_offset == 0.0;
  const bool dense = out.strides()[0] == static_cast<std::ptrdiff_t>(region.channels);
  const bool same_type =
      (type == DType::f32 && std::is_same_v<Out, float>) || (type == DType::f64 && std::is_same_v<Out, double>);
  if (same_type && plain && dense) {
    signal.source->read(region, std::as_writable_bytes(std::span(out.data(), out.size())));
    return;
  }
  // Converted in blocks that stay in the second-level cache, but never below the file's own chunking.
  const std::size_t item_bytes = std::max<std::size_t>(1, region.channels * size_of(type));
  const std::size_t block =
      std::clamp<std::size_t>((std::size_t{1} << 18) / item_bytes, signal.source->preferred_items(),
                              std::max(region.items, signal.source->preferred_items()));
  std::vector<std::byte> raw(std::min(block, region.items) * item_bytes);
  for (std::size_t first = 0; first < region.items; first += block) {
    const std::size_t count = std::min(block, region.items - first);
    const std::span<std::byte> bytes(raw.data(), count * item_bytes);
    signal.source->read({region.first_item + first, count, region.first_channel, region.channels}, bytes);
    dispatch(type, [&]<class T>(Tag<T>) {
      for (std::size_t i = 0; i < count; ++i) {
        Out* row = out.row(first + i).data();
        const std::byte* from = bytes.data() + i * item_bytes;
        for (std::size_t c = 0; c < region.channels; ++c) {
          T stored;
          std::memcpy(&stored, from + c * sizeof(T), sizeof(T));
          row[c] = static_cast<Out>(real_value(stored) * signal.intensity_scale + signal.intensity_offset);
        }
      }
    });
  }
}

class MemorySource final : public Source {
 public:
  MemorySource(DType type, std::size_t items, std::size_t channels, std::vector<std::byte> data)
      : type_(type), items_(items), channels_(channels), data_(std::move(data)) {
    HOTSTAGE_EXPECTS(data_.size() == items * channels * size_of(type));
  }

  [[nodiscard]] DType dtype() const override { return type_; }

  [[nodiscard]] std::size_t items() const override { return items_; }

  [[nodiscard]] std::size_t channels() const override { return channels_; }

  void read(const Region& region, std::span<std::byte> out) const override {
    const std::size_t width = size_of(type_);
    const std::size_t row = region.channels * width;
    for (std::size_t i = 0; i < region.items; ++i) {
      const std::size_t from = ((region.first_item + i) * channels_ + region.first_channel) * width;
      std::memcpy(out.data() + i * row, data_.data() + from, row);
    }
  }

 private:
  DType type_;
  std::size_t items_;
  std::size_t channels_;
  std::vector<std::byte> data_;
};

/// Float data kept in its Buffer: no second copy.
class FloatSource final : public Source {
 public:
  explicit FloatSource(Buffer<float, 2> data) : data_(std::move(data)) {}

  [[nodiscard]] DType dtype() const override { return DType::f32; }

  [[nodiscard]] std::size_t items() const override { return data_.extent(0); }

  [[nodiscard]] std::size_t channels() const override { return data_.extent(1); }

  void read(const Region& region, std::span<std::byte> out) const override {
    const std::size_t row = region.channels * sizeof(float);
    for (std::size_t i = 0; i < region.items; ++i) {
      std::memcpy(out.data() + i * row, data_.row(region.first_item + i).data() + region.first_channel, row);
    }
  }

 private:
  Buffer<float, 2> data_;
};

}  // namespace

std::size_t size_of(DType type) noexcept {
  std::size_t bytes = 0;
  dispatch(type, [&]<class T>(Tag<T>) { bytes = sizeof(T); });
  return bytes;
}

std::string_view name(DType type) noexcept {
  static constexpr std::string_view names[] = {"uint8",     "int8",       "uint16", "int16",   "uint32",
                                               "int32",     "uint64",     "int64",  "float32", "float64",
                                               "complex64", "complex128", "rgba8"};
  return names[static_cast<std::size_t>(type)];
}

double Axis::value(double index) const {
  if (points.empty()) {
    return offset + index * scale;
  }
  const double last = static_cast<double>(points.size() - 1);
  const double clamped = std::clamp(index, 0.0, last);
  const auto low = static_cast<std::size_t>(clamped);
  const std::size_t high = std::min(low + 1, points.size() - 1);
  return points[low] + (clamped - static_cast<double>(low)) * (points[high] - points[low]);
}

std::string Signal::shape_text() const {
  const auto list = [](const std::vector<Axis>& axes_of) {
    std::string out;
    for (const Axis& axis : axes_of) {
      out += fmt::format("{}{}", out.empty() ? "" : " × ", axis.size);
    }
    return out.empty() ? std::string("1") : out;
  };
  return navigation.empty() ? list(axes) : fmt::format("{} | {}", list(navigation), list(axes));
}

void read(const Signal& signal, const Region& region, View<float, 2> out) {
  read_as(signal, region, out);
}

void read(const Signal& signal, const Region& region, View<double, 2> out) {
  read_as(signal, region, out);
}

Buffer<float, 2> read_all(const Signal& signal, std::size_t limit) {
  const std::size_t bytes = signal.items() * signal.channels() * sizeof(float);
  if (bytes > limit) {
    throw Error(Errc::no_space, {.file = signal.file},
                fmt::format("{:.1f} GB do not fit the limit of {:.1f} GB", 1e-9 * static_cast<double>(bytes),
                            1e-9 * static_cast<double>(limit)),
                "Work on tiles, or raise --memory");
  }
  Buffer<float, 2> out({signal.items(), signal.channels()});
  read(signal, {0, signal.items(), 0, signal.channels()}, out.view());
  return out;
}

Axis energy_axis(const Signal& signal) {
  if (signal.axes.size() != 1) {
    throw Error(Errc::bad_input, {.file = signal.file},
                fmt::format("not a spectrum: the signal has the shape {}", signal.shape_text()),
                "An energy axis is needed as the only signal axis");
  }
  Axis axis = signal.axes.front();
  const auto unit = find_unit(axis.unit);
  if (!unit || unit->dimension != Energy::dimension) {
    throw Error(Errc::bad_input, {.file = signal.file},
                fmt::format("the axis \"{}\" has the unit \"{}\", not an energy", axis.name, axis.unit),
                "Give the file an axis in eV");
  }
  if (!axis.is_uniform()) {
    throw Error(Errc::bad_input, {.file = signal.file}, "the energy axis is not uniform",
                "Resample it first: hotstage convert --resample STEP");
  }
  axis.offset *= unit->factor;
  axis.scale *= unit->factor;
  axis.unit = "eV";
  if (!(axis.scale > 0.0) || !std::isfinite(axis.offset)) {
    throw Error(Errc::bad_input, {.file = signal.file}, fmt::format("the energy axis has the step {} eV", axis.scale),
                "It must be positive");
  }
  return axis;
}

std::shared_ptr<const Source> memory_source(Buffer<float, 2> data) {
  return std::make_shared<FloatSource>(std::move(data));
}

std::shared_ptr<const Source> memory_source(DType type, std::size_t items, std::size_t channels,
                                            std::vector<std::byte> data) {
  return std::make_shared<MemorySource>(type, items, channels, std::move(data));
}

std::size_t tile_items(std::size_t items, std::size_t bytes_per_item, std::size_t memory, int threads) {
  const std::size_t budget = memory / static_cast<std::size_t>(std::max(threads, 1));
  return std::clamp<std::size_t>(budget / std::max<std::size_t>(bytes_per_item, 1), 1, std::max<std::size_t>(items, 1));
}

}  // namespace hotstage::signal
