// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/signal.hpp"

#include "hotstage/core/error.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <complex>
#include <cstdint>
#include <cstring>

namespace hotstage::signal {
namespace {

template <class T>
std::shared_ptr<const Source> source_of(DType type, std::size_t items, const std::vector<T>& values) {
  std::vector<std::byte> bytes(values.size() * sizeof(T));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return memory_source(type, items, values.size() / items, std::move(bytes));
}

Signal spectrum(std::shared_ptr<const Source> source) {
  Signal signal;
  signal.axes = {{.name = "Energy loss", .size = source->channels(), .offset = 400.0, .scale = 0.5, .unit = "eV"}};
  signal.source = std::move(source);
  return signal;
}

TEST(Signal, counts_are_stored_numbers_times_scale_plus_offset) {
  Signal signal = spectrum(source_of<std::uint16_t>(DType::u16, 1, {1, 2, 3}));
  signal.intensity_scale = 0.5;
  signal.intensity_offset = -1.0;
  const Buffer<float, 2> counts = read_all(signal);
  EXPECT_FLOAT_EQ(counts.row(0)[0], -0.5F);
  EXPECT_FLOAT_EQ(counts.row(0)[2], 0.5F);
}

TEST(Signal, complex_numbers_read_as_magnitudes_and_colours_as_means) {
  const Buffer<float, 2> magnitude = read_all(spectrum(source_of<std::complex<float>>(DType::c64, 1, {{3.0F, 4.0F}})));
  EXPECT_FLOAT_EQ(magnitude.row(0)[0], 5.0F);
  const Buffer<float, 2> mean = read_all(spectrum(source_of<std::uint32_t>(DType::rgba8, 1, {0xFF1E140AU})));
  EXPECT_FLOAT_EQ(mean.row(0)[0], 20.0F);
}

TEST(Signal, large_integers_keep_their_last_digit_in_double) {
  const Signal signal = spectrum(source_of<std::uint32_t>(DType::u32, 1, {4000000001U}));
  Buffer<double, 2> out({1, 1});
  read(signal, {0, 1, 0, 1}, out.view());
  EXPECT_EQ(out.row(0)[0], 4000000001.0);
}

TEST(Signal, more_than_the_limit_is_refused) {
  const Signal signal = spectrum(source_of<float>(DType::f32, 1, {1.0F, 2.0F}));
  try {
    (void)read_all(signal, 4);
    FAIL() << "8 bytes fitted into 4";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::no_space);
  }
}

TEST(Signal, shapes_print_navigation_before_the_bar) {
  Signal signal = spectrum(source_of<float>(DType::f32, 6, std::vector<float>(12)));
  EXPECT_EQ(signal.shape_text(), "2");
  signal.navigation = {{.name = "y", .size = 2}, {.name = "x", .size = 3}};
  EXPECT_EQ(signal.shape_text(), "2 × 3 | 2");
}

TEST(EnergyAxis, comes_in_electronvolts) {
  Signal signal = spectrum(source_of<float>(DType::f32, 1, {1.0F, 2.0F}));
  signal.axes[0].unit = "keV";
  const Axis axis = energy_axis(signal);
  EXPECT_DOUBLE_EQ(axis.offset, 400e3);
  EXPECT_DOUBLE_EQ(axis.scale, 500.0);
}

TEST(EnergyAxis, an_image_a_length_and_an_uneven_axis_are_refused) {
  const auto refuses = [](const Signal& signal) {
    try {
      (void)energy_axis(signal);
    } catch (const Error& error) {
      return error.code() == Errc::bad_input;
    }
    return false;
  };
  Signal signal = spectrum(source_of<float>(DType::f32, 1, {1.0F, 2.0F}));
  signal.axes[0].unit = "nm";
  EXPECT_TRUE(refuses(signal));
  signal.axes[0].unit = "eV";
  signal.axes[0].points = {1.0, 3.0};
  EXPECT_TRUE(refuses(signal));
  signal.axes = {{.name = "y", .size = 1}, {.name = "x", .size = 2}};
  EXPECT_TRUE(refuses(signal));
}

TEST(Axis, values_between_listed_points_are_interpolated) {
  const Axis axis{.size = 3, .points = {1.0, 2.0, 4.0}};
  EXPECT_DOUBLE_EQ(axis.value(0.5), 1.5);
  EXPECT_DOUBLE_EQ(axis.value(1.5), 3.0);
  EXPECT_DOUBLE_EQ(axis.value(9.0), 4.0);
}

RC_GTEST_PROP(Signal, any_region_is_the_same_as_cutting_it_out_of_the_whole, ()) {
  const auto items = *rc::gen::inRange<std::size_t>(1, 6);
  const auto channels = *rc::gen::inRange<std::size_t>(1, 9);
  std::vector<std::int16_t> values(items * channels);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<std::int16_t>(i * 7);
  }
  const Signal signal = spectrum(source_of(DType::i16, items, values));
  Region region;
  region.first_item = *rc::gen::inRange<std::size_t>(0, items);
  region.items = *rc::gen::inRange<std::size_t>(0, items - region.first_item + 1);
  region.first_channel = *rc::gen::inRange<std::size_t>(0, channels);
  region.channels = *rc::gen::inRange<std::size_t>(1, channels - region.first_channel + 1);
  Buffer<float, 2> out({region.items, region.channels});
  read(signal, region, out.view());
  for (std::size_t i = 0; i < region.items; ++i) {
    for (std::size_t c = 0; c < region.channels; ++c) {
      RC_ASSERT(out.row(i)[c] ==
                static_cast<float>(values[(region.first_item + i) * channels + region.first_channel + c]));
    }
  }
}

}  // namespace
}  // namespace hotstage::signal
