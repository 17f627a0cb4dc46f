// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/formats/dm/test_files.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <cmath>
#include <limits>

namespace hotstage::signal::dm {
namespace {

using testing_files::write_and_read;

constexpr std::array every_type{DType::u8,  DType::i8,  DType::u16, DType::i16, DType::u32,  DType::i32,  DType::u64,
                                DType::i64, DType::f32, DType::f64, DType::c64, DType::c128, DType::rgba8};

std::size_t product(const std::vector<Axis>& axes) {
  std::size_t out = 1;
  for (const Axis& axis : axes) {
    out *= axis.size;
  }
  return out;
}

std::vector<std::byte> bytes_of(const Signal& signal) {
  std::vector<std::byte> out(signal.items() * signal.channels() * size_of(signal.source->dtype()));
  signal.source->read({0, signal.items(), 0, signal.channels()}, out);
  return out;
}

Signal make_signal(DType type, std::vector<Axis> navigation, std::vector<Axis> axes) {
  Signal out;
  out.navigation = std::move(navigation);
  out.axes = std::move(axes);
  const std::size_t items = product(out.navigation);
  const std::size_t channels = product(out.axes);
  std::vector<std::byte> data(items * channels * size_of(type));
  std::uint32_t state = 7;
  for (std::byte& byte : data) {
    state = state * 1664525U + 1013904223U;
    byte = static_cast<std::byte>(state >> 24);
  }
  out.source = memory_source(type, items, channels, std::move(data));
  return out;
}

/// An axis like those of instruments: float32 numbers, so that nothing is rounded.
Axis any_axis(std::string name, std::string unit) {
  Axis axis;
  axis.name = std::move(name);
  axis.unit = std::move(unit);
  axis.size = *rc::gen::inRange<std::size_t>(2, 14);
  axis.scale = *rc::gen::element(0.25, 0.5, 1.0, 3.0);
  axis.offset = axis.scale * *rc::gen::inRange(-2000, 2000);
  return axis;
}

struct Kind {
  std::vector<Axis> navigation;
  std::vector<Axis> axes;
};

Kind any_kind() {
  const Axis energy = any_axis("Energy loss", "eV");
  const Axis x = any_axis("x", "nm");
  const Axis y = any_axis("y", "nm");
  switch (*rc::gen::inRange(0, 6)) {
    case 0:
      return {{}, {energy}};
    case 1:
      return {{x}, {energy}};
    case 2:
      return {{y, x}, {energy}};
    case 3:
      return {{}, {y, x}};
    case 4:
      return {{any_axis("z", "")}, {y, x}};
    default:
      return {{y, x}, {any_axis("ky", "1/nm"), any_axis("kx", "1/nm")}};
  }
}

RC_GTEST_PROP(DmWriter, is_read_back_exactly_for_every_kind_and_type, ()) {
  const Kind kind = any_kind();
  const Signal signal = make_signal(*rc::gen::elementOf(every_type), kind.navigation, kind.axes);
  const auto memory = *rc::gen::element<std::size_t>(1, 100, 1000, 1 << 20);
  const auto back = write_and_read(std::span(&signal, 1), memory);
  RC_ASSERT(back.size() == 1U);
  RC_ASSERT(back[0].navigation == signal.navigation);
  RC_ASSERT(back[0].axes == signal.axes);
  RC_ASSERT(back[0].source->dtype() == signal.source->dtype());
  RC_ASSERT(bytes_of(back[0]) == bytes_of(signal));
}

RC_GTEST_PROP(DmWriter, keeps_any_axis_to_the_last_bit_or_the_next, (double offset, double scale)) {
  RC_PRE(std::isfinite(offset) && std::isfinite(scale) && std::isfinite(offset / scale) && std::abs(scale) > 1e-300);
  const Signal signal = make_signal(DType::u8, {}, {{"Energy loss", 3, offset, scale, "eV"}});
  const Axis axis = write_and_read(std::span(&signal, 1)).at(0).axes[0];
  RC_ASSERT(axis.scale == scale);
  RC_ASSERT(std::abs(axis.offset - offset) <= std::abs(offset) * 2 * std::numeric_limits<double>::epsilon() ||
            std::abs(offset) < 1e-290);
}

Metadata every_field() {
  Metadata out;
  out.title = "core loss µ";
  out.signal_type = "EELS";
  out.detector = "GIF";
  out.acquired = "2023-05-01 10:11";
  out.beam_energy = 300.0 * units::keV;
  out.convergence = 17.8 * units::mrad;
  out.collection = 33.0 * units::mrad;
  out.exposure = 0.25 * units::s;
  out.frames = 4.0;
  out.magnification = 1e6;
  return out;
}

void expect_equal(const Metadata& a, const Metadata& b) {
  EXPECT_EQ(a.title, b.title);
  EXPECT_EQ(a.signal_type, b.signal_type);
  EXPECT_EQ(a.detector, b.detector);
  EXPECT_EQ(a.beam_energy, b.beam_energy);
  EXPECT_EQ(a.convergence, b.convergence);
  EXPECT_EQ(a.collection, b.collection);
  EXPECT_EQ(a.exposure, b.exposure);
  EXPECT_EQ(a.frames, b.frames);
  EXPECT_EQ(a.magnification, b.magnification);
}

const Axis energy{"Energy loss", 5, 450.0, 0.25, "eV"};
const Axis x{"x", 3, 0.0, 0.5, "nm"};
const Axis y{"y", 2, 0.0, 0.5, "nm"};

TEST(DmWriter, puts_the_metadata_into_gatans_tags) {
  for (const Kind& kind : {Kind{{y, x}, {energy}}, Kind{{x}, {energy}}, Kind{{}, {energy}}, Kind{{}, {y, x}}}) {
    Signal signal = make_signal(DType::f32, kind.navigation, kind.axes);
    signal.metadata = every_field();
    const Signal back = write_and_read(std::span(&signal, 1)).at(0);
    expect_equal(back.metadata, signal.metadata);
    EXPECT_EQ(back.shape_text(), signal.shape_text());
    EXPECT_EQ(back.original.number_at("ImageTags.Microscope Info.Voltage"), 300000.0);
  }
}

TEST(DmWriter, leaves_absent_what_the_signal_does_not_say) {
  const Signal signal = make_signal(DType::f32, {}, {energy});
  const Metadata back = write_and_read(std::span(&signal, 1)).at(0).metadata;
  EXPECT_FALSE(back.beam_energy || back.convergence || back.collection || back.exposure || back.frames ||
               back.magnification);
  EXPECT_EQ(back.signal_type, "");
}

TEST(DmWriter, keeps_the_instruments_own_tags_and_brightness) {
  Signal signal = make_signal(DType::f32, {}, {energy});
  Value& tags = signal.original["ImageTags"];
  tags["EELS Spectrometer"]["Aperture label"] = Value("5 mm");
  tags["Session Info"]["Items"].push_back(Value(Value::Array{1, 2}));
  Value& brightness = signal.original["ImageData"]["Calibrations"]["Brightness"];
  brightness["Scale"] = Value(0.25);
  brightness["Units"] = Value("e-");
  const Signal back = write_and_read(std::span(&signal, 1)).at(0);
  EXPECT_EQ(back.original.text_at("ImageTags.EELS Spectrometer.Aperture label"), "5 mm");
  EXPECT_EQ(back.original.number_at("ImageTags.Session Info.Items.0.1"), 2.0);
  EXPECT_EQ(back.original.number_at("ImageData.Calibrations.Brightness.Scale"), 0.25);
  EXPECT_EQ(back.intensity_unit, "counts");
}

TEST(DmWriter, writes_the_same_tags_again) {
  Signal signal = make_signal(DType::u16, {y, x}, {energy});
  signal.metadata = every_field();
  const auto first = write_and_read(std::span(&signal, 1));
  const auto second = write_and_read(first);
  EXPECT_EQ(first.at(0).original, second.at(0).original);
}

TEST(DmWriter, writes_counts_when_the_signal_is_calibrated) {
  Signal signal = make_signal(DType::u16, {y, x}, {energy});
  signal.intensity_scale = 0.5;
  signal.intensity_offset = -3.0;
  signal.intensity_unit = "counts";
  const Signal back = write_and_read(std::span(&signal, 1)).at(0);
  EXPECT_EQ(back.source->dtype(), DType::f32);
  EXPECT_EQ(back.intensity_unit, "counts");
  const auto want = read_all(signal);
  const auto got = read_all(back);
  EXPECT_TRUE(std::equal(want.data(), want.data() + want.size(), got.data()));
}

TEST(DmWriter, keeps_several_signals_in_one_file) {
  const std::vector<Signal> signals{make_signal(DType::rgba8, {}, {y, x}), make_signal(DType::f32, {y, x}, {energy}),
                                    make_signal(DType::u16, {}, {energy})};
  const auto back = write_and_read(signals);
  ASSERT_EQ(back.size(), signals.size());
  for (std::size_t i = 0; i < signals.size(); ++i) {
    EXPECT_EQ(bytes_of(back[i]), bytes_of(signals[i])) << i;
    EXPECT_EQ(back[i].shape_text(), signals[i].shape_text());
  }
}

std::string refusal(const Signal& signal) {
  try {
    (void)write_and_read(std::span(&signal, 1));
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::unsupported);
    return error.message();
  }
  return "written";
}

TEST(DmWriter, refuses_what_the_format_cannot_say) {
  Signal bent = make_signal(DType::f32, {}, {energy});
  bent.axes[0].points = {1.0, 2.0, 4.0, 8.0, 16.0};
  EXPECT_EQ(refusal(bent), "DM4 has no non-uniform axes");
  Signal shifted = make_signal(DType::f32, {x}, {energy});
  shifted.item_offset = std::make_shared<const std::vector<double>>(3, 0.1);
  EXPECT_EQ(refusal(shifted), "DM4 has no energy offset per spectrum");
  EXPECT_EQ(refusal(make_signal(DType::f32, {x, y, x}, {energy})),
            "a signal of the shape 3 × 2 × 3 | 5 cannot be written as DM4");
  Signal scaled = make_signal(DType::c64, {}, {energy});
  scaled.intensity_scale = 2.0;
  EXPECT_EQ(refusal(scaled), "complex64 with an intensity calibration cannot be written as DM4");
}

TEST(DmWriter, says_when_the_disk_is_full) {
  if (!std::filesystem::exists("/dev/full")) {
    GTEST_SKIP() << "no /dev/full on this machine";
  }
  hotstage::Run run;
  const Signal signal = make_signal(DType::f32, {}, {energy});
  try {
    format.write(std::span(&signal, 1), "/dev/full", run);
    FAIL() << "written to a full disk";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::no_space);
  }
}

}  // namespace
}  // namespace hotstage::signal::dm
