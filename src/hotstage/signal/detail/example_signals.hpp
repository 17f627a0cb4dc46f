// SPDX-License-Identifier: GPL-3.0-or-later
// Small signals of every shape and type, for the laws that all formats obey; sizes differ along every axis.

#pragma once

#include "hotstage/signal/signal.hpp"

#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace hotstage::signal::detail {

struct Example {
  std::string name;
  Signal signal;
};

inline std::vector<std::byte> example_bytes(DType type, std::size_t count) {
  std::vector<std::byte> bytes(count * size_of(type));
  const auto fill = [&]<class T>(T) {
    for (std::size_t i = 0; i < bytes.size() / sizeof(T); ++i) {
      const T value = static_cast<T>((i * 37 + 11) % 127);
      std::memcpy(bytes.data() + i * sizeof(T), &value, sizeof(T));
    }
  };
  switch (type) {
    case DType::f32:
    case DType::c64:
      fill(1.0F);
      break;
    case DType::f64:
    case DType::c128:
      fill(1.0);
      break;
    case DType::u16:
    case DType::i16:
      fill(std::uint16_t{1});
      break;
    case DType::u32:
    case DType::i32:
      fill(std::uint32_t{1});
      break;
    case DType::u64:
    case DType::i64:
      fill(std::uint64_t{1});
      break;
    default:
      fill(std::uint8_t{1});
  }
  return bytes;
}

inline Signal example_signal(DType type, std::vector<Axis> navigation, std::vector<Axis> axes) {
  Signal signal;
  std::size_t items = 1;
  std::size_t channels = 1;
  for (const Axis& axis : navigation) {
    items *= axis.size;
  }
  for (const Axis& axis : axes) {
    channels *= axis.size;
  }
  signal.navigation = std::move(navigation);
  signal.axes = std::move(axes);
  signal.source = memory_source(type, items, channels, example_bytes(type, items * channels));
  signal.original = Value::object();
  return signal;
}

inline std::vector<Example> example_signals() {
  const Axis energy{.name = "Energy loss", .size = 13, .offset = 400.5, .scale = 0.25, .unit = "eV"};
  const Axis x{.name = "x", .size = 5, .offset = 2.0, .scale = 0.125, .unit = "nm"};
  const Axis y{.name = "y", .size = 3, .offset = -1.5, .scale = 0.25, .unit = "nm"};
  const Axis time{.name = "time", .size = 4, .offset = 0.0, .scale = 0.5, .unit = "s"};
  const Axis uneven{.name = "Energy loss", .size = 4, .unit = "eV", .points = {1.0, 2.0, 4.0, 8.5}};
  std::vector<Example> out;
  for (const DType type : {DType::u8, DType::u16, DType::i16, DType::u32, DType::i32, DType::f32, DType::f64}) {
    out.push_back({"image " + std::string(name(type)), example_signal(type, {}, {y, x})});
  }
  for (const DType type : {DType::i8, DType::u64, DType::i64, DType::c64, DType::c128, DType::rgba8}) {
    out.push_back({"rare image " + std::string(name(type)), example_signal(type, {}, {y, x})});
  }
  out.push_back({"spectrum float32", example_signal(DType::f32, {}, {energy})});
  out.push_back({"spectrum int32", example_signal(DType::i32, {}, {energy})});
  out.push_back({"uneven spectrum", example_signal(DType::f32, {}, {uneven})});
  out.push_back({"line of spectra", example_signal(DType::f32, {x}, {energy})});
  out.push_back({"spectrum image uint16", example_signal(DType::u16, {y, x}, {energy})});
  out.push_back({"spectrum image float32", example_signal(DType::f32, {y, x}, {energy})});
  out.push_back({"stack uint16", example_signal(DType::u16, {time}, {y, x})});
  out.push_back({"stack float32", example_signal(DType::f32, {time}, {y, x})});
  out.push_back({"series of spectrum images", example_signal(DType::f32, {time, y, x}, {energy})});
  out.push_back({"diffraction scan", example_signal(DType::u8, {y, x},
                                                    {{.name = "ky", .size = 4, .scale = 0.5, .unit = "1/nm"},
                                                     {.name = "kx", .size = 6, .scale = 0.5, .unit = "1/nm"}})});
  out.push_back({"calibrated counts", example_signal(DType::u16, {}, {energy})});
  out.back().signal.intensity_scale = 0.5;
  out.back().signal.intensity_offset = -3.0;
  out.push_back({"spectrum with metadata", example_signal(DType::f32, {}, {energy})});
  out.back().signal.metadata = {.title = "O K, Co L",
                                .signal_type = "EELS",
                                .beam_energy = 300.0 * units::keV,
                                .convergence = 17.8 * units::mrad,
                                .collection = 33.19 * units::mrad,
                                .exposure = 0.1 * units::s};
  out.back().signal.intensity_unit = "Counts";
  out.push_back({"offset per item", example_signal(DType::f32, {time}, {energy})});
  out.back().signal.item_offset = std::make_shared<const std::vector<double>>(std::vector<double>{0.0, 0.1, -0.2, 0.3});
  return out;
}

}  // namespace hotstage::signal::detail
