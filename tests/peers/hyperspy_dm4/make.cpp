// SPDX-License-Identifier: GPL-3.0-or-later
// Writes one DM4 file of every kind, and expected.json that says what a reader must find in them.

#include "hotstage/io/document.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/signal/format.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

namespace {

using namespace hotstage;
using signal::Axis;
using signal::DType;

/// The number at an item and channel: integers, different at every place of these small signals.
int value_at(std::size_t item, std::size_t channel) {
  return static_cast<int>((item * 41 + channel * 7) % 251) - 20;
}

template <class T>
std::vector<std::byte> numbers(std::size_t items, std::size_t channels) {
  std::vector<T> values;
  for (std::size_t item = 0; item < items; ++item) {
    for (std::size_t channel = 0; channel < channels; ++channel) {
      const int value = value_at(item, channel);
      values.push_back(static_cast<T>(std::numeric_limits<T>::is_signed ? value : value + 20));
    }
  }
  const auto bytes = std::as_bytes(std::span(values));
  return {bytes.begin(), bytes.end()};
}

std::vector<std::byte> numbers(DType type, std::size_t items, std::size_t channels) {
  switch (type) {
    case DType::u8:
      return numbers<std::uint8_t>(items, channels);
    case DType::u16:
      return numbers<std::uint16_t>(items, channels);
    case DType::i16:
      return numbers<std::int16_t>(items, channels);
    case DType::i32:
      return numbers<std::int32_t>(items, channels);
    case DType::f64:
      return numbers<double>(items, channels);
    default:
      return numbers<float>(items, channels);
  }
}

struct Case {
  std::string name;
  DType type = DType::f32;
  std::vector<Axis> navigation;
  std::vector<Axis> axes;
};

std::size_t size_of_axes(const std::vector<Axis>& axes) {
  std::size_t size = 1;
  for (const Axis& axis : axes) {
    size *= axis.size;
  }
  return size;
}

signal::Signal make_signal(const Case& c) {
  signal::Signal out;
  out.navigation = c.navigation;
  out.axes = c.axes;
  const std::size_t items = size_of_axes(c.navigation);
  const std::size_t channels = size_of_axes(c.axes);
  out.source = signal::memory_source(c.type, items, channels, numbers(c.type, items, channels));
  out.metadata.title = c.name;
  out.metadata.beam_energy = 300.0 * units::keV;
  if (c.axes.size() == 1) {
    out.metadata.signal_type = "EELS";
    out.metadata.convergence = 17.8 * units::mrad;
    out.metadata.collection = 33.5 * units::mrad;
    out.metadata.exposure = 0.25 * units::s;
    out.metadata.frames = 4.0;
  }
  return out;
}

Value expected_axis(const Axis& axis, bool navigate) {
  Value out = Value::object();
  out["size"] = axis.size;
  out["offset"] = axis.offset;
  out["scale"] = axis.scale;
  out["unit"] = axis.unit;
  out["navigate"] = navigate;
  return out;
}

Value expected(const Case& c, const signal::Signal& made) {
  Value out = Value::object();
  out["file"] = c.name + ".dm4";
  out["dtype"] = signal::name(c.type);
  out["minimum"] = c.type == DType::u8 || c.type == DType::u16 ? 0 : -20;
  out["axes"] = Value::array();
  for (const Axis& axis : made.navigation) {
    out["axes"].push_back(expected_axis(axis, true));
  }
  for (const Axis& axis : made.axes) {
    out["axes"].push_back(expected_axis(axis, false));
  }
  out["eels"] = made.metadata.signal_type == "EELS";
  return out;
}

int run(const std::filesystem::path& folder) {
  const Axis energy{"Energy loss", 23, 450.0, 0.3, "eV"};
  const Axis coarse{"Energy loss", 23, -35.5, 0.5, "eV"};
  const Axis y{"y", 5, 1.5, 0.5, "nm"};
  const Axis x{"x", 7, -2.0, 0.25, "nm"};
  const Axis layer{"z", 3, 0.0, 1.0, ""};
  const std::vector<Case> cases{{"image_u16", DType::u16, {}, {y, x}},
                                {"image_f32", DType::f32, {}, {y, x}},
                                {"stack_i32", DType::i32, {layer}, {y, x}},
                                {"stack_u8", DType::u8, {layer}, {y, x}},
                                {"spectrum_f32", DType::f32, {}, {energy}},
                                {"spectrum_f64", DType::f64, {}, {coarse}},
                                {"line_scan_u16", DType::u16, {x}, {coarse}},
                                {"line_scan_f32", DType::f32, {x}, {energy}},
                                {"spectrum_image_u16", DType::u16, {y, x}, {coarse}},
                                {"spectrum_image_i16", DType::i16, {y, x}, {energy}},
                                {"spectrum_image_f32", DType::f32, {y, x}, {energy}}};
  hotstage::Run context;
  Value list = Value::array();
  for (const Case& c : cases) {
    const signal::Signal made = make_signal(c);
    signal::save(std::span(&made, 1), folder / (c.name + ".dm4"), context);
    list.push_back(expected(c, made));
  }
  io::write_text(folder / "expected.json", io::to_json(list));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return argc == 2 ? run(argv[1]) : static_cast<int>(Errc::usage);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
