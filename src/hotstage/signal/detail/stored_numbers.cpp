// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/detail/stored_numbers.hpp"

#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::signal::detail {

namespace {

bool fits_float32(DType type) {
  return type == DType::u8 || type == DType::i8 || type == DType::u16 || type == DType::i16 || type == DType::f32;
}

bool is_real(DType type) {
  return type != DType::c64 && type != DType::c128 && type != DType::rgba8;
}

template <class T>
void read_calibrated(const Signal& signal, const Region& region, std::span<std::byte> out) {
  Buffer<T, 2> values({region.items, region.channels});
  signal::read(signal, region, values.view());
  const auto bytes = std::as_bytes(std::span(values.data(), values.size()));
  std::ranges::copy(bytes, out.begin());
}

}  // namespace

StoredNumbers::StoredNumbers(const Signal& signal)
    : signal_(signal),
      type_(signal.source->dtype()),
      plain_(signal.intensity_scale == 1.0 && signal.intensity_offset == 0.0) {
  if (!plain_) {
    if (!is_real(type_)) {
      throw Error(Errc::unsupported, Location{.file = signal.file},
                  fmt::format("{} data with an intensity calibration cannot be written", name(type_)));
    }
    type_ = fits_float32(type_) ? DType::f32 : DType::f64;
  }
}

void StoredNumbers::read(const Region& region, std::span<std::byte> out) const {
  HOTSTAGE_EXPECTS(out.size() == region.items * region.channels * size_of(type_));
  if (plain_) {
    signal_.source->read(region, out);
  } else if (type_ == DType::f32) {
    read_calibrated<float>(signal_, region, out);
  } else {
    read_calibrated<double>(signal_, region, out);
  }
}

void refuse(const Signal& signal, std::string_view format, std::string_view what, std::string_view hint) {
  throw Error(Errc::unsupported, Location{.file = signal.file}, fmt::format("{} cannot hold {}", format, what),
              std::string(hint));
}

Axis axis_through(std::span<const double> values, double rounding) {
  constexpr double hundredth_of_a_step = 0.01;
  Axis axis;
  axis.size = values.size();
  if (values.empty()) {
    return axis;
  }
  axis.offset = values.front();
  if (values.size() == 1) {
    return axis;
  }
  axis.scale = (values.back() - values.front()) / static_cast<double>(values.size() - 1);
  const double tolerance = std::max(hundredth_of_a_step * std::abs(axis.scale), rounding);
  bool uniform = axis.scale != 0.0;
  for (std::size_t i = 0; i < values.size() && uniform; ++i) {
    uniform = std::abs(values[i] - (axis.offset + static_cast<double>(i) * axis.scale)) <= tolerance;
  }
  if (!uniform) {
    axis.scale = 1.0;
    axis.offset = 0.0;
    axis.points.assign(values.begin(), values.end());
  }
  return axis;
}

}  // namespace hotstage::signal::detail
