// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/formats/dm/image.hpp"
#include "hotstage/signal/formats/dm/test_files.hpp"

#include <gtest/gtest.h>

#include <complex>
#include <numeric>

namespace hotstage::signal::dm {
namespace {

using testing_files::Builder;
using testing_files::read_bytes;
using testing_files::stored;

template <class T>
std::string data_tag(const Builder& b, std::uint64_t type, const std::vector<T>& values) {
  return b.data("Data", {20, type, values.size()}, b.payload(values));
}

std::string one_image(const Builder& b, const std::string& image) {
  return b.file({b.group("ImageList", {image})});
}

std::vector<std::uint16_t> counting(std::size_t n) {
  std::vector<std::uint16_t> out(n);
  std::iota(out.begin(), out.end(), std::uint16_t{0});
  return out;
}

std::vector<std::string> meta(const Builder& b, std::u16string_view kind, std::u16string_view signal = u"EELS") {
  return {b.group("Meta Data", {b.text("Format", kind), b.text("Signal", signal)})};
}

TEST(Dm, reads_an_image_of_either_version_and_byte_order) {
  for (const int version : {3, 4}) {
    for (const auto order : {io::ByteOrder::little, io::ByteOrder::big}) {
      const Builder b{version, order};
      const auto signals = read_bytes(one_image(b, b.image(10, {3, 2}, {u"nm", u"µm"}, data_tag(b, 4, counting(6)))));
      ASSERT_EQ(signals.size(), 1U);
      const Signal& image = signals[0];
      EXPECT_EQ(image.shape_text(), "2 × 3");
      EXPECT_EQ(image.axes[1], (Axis{"x", 3, -1.0, 0.5, "nm"}));
      EXPECT_EQ(image.axes[0], (Axis{"y", 2, -1.0, 0.5, "µm"}));
      EXPECT_EQ(image.source->dtype(), DType::u16);
      EXPECT_EQ(stored<std::uint16_t>(image), counting(6));
      EXPECT_EQ(image.metadata.title, "test");
    }
  }
}

TEST(Dm, turns_a_spectrum_image_stored_energy_slowest) {
  const Builder b;
  const auto signals = read_bytes(one_image(
      b, b.image(10, {3, 2, 4}, {u"nm", u"nm", u"eV"}, data_tag(b, 4, counting(24)), meta(b, u"Spectrum image"))));
  const Signal& cube = signals.at(0);
  EXPECT_EQ(cube.shape_text(), "2 × 3 | 4");
  EXPECT_EQ(cube.axes[0], (Axis{"Energy loss", 4, -1.0, 0.5, "eV"}));
  const auto values = stored<std::uint16_t>(cube);
  for (std::size_t item = 0; item < 6; ++item) {
    for (std::size_t channel = 0; channel < 4; ++channel) {
      EXPECT_EQ(values[item * 4 + channel], channel * 6 + item);
    }
  }
}

TEST(Dm, finds_the_energy_axis_wherever_it_is) {
  const Builder b;
  const auto shape = [&](const std::vector<std::uint32_t>& sizes, const std::vector<std::u16string>& units,
                         const std::vector<std::string>& tags) {
    std::size_t count = 1;
    for (const std::uint32_t size : sizes) {
      count *= size;
    }
    return read_bytes(one_image(b, b.image(10, sizes, units, data_tag(b, 4, counting(count)), tags))).at(0);
  };
  EXPECT_EQ(shape({5}, {u"eV"}, {}).shape_text(), "5");
  EXPECT_EQ(shape({5, 1}, {u"eV", u""}, {}).shape_text(), "5");
  EXPECT_EQ(shape({5, 3}, {u"eV", u"nm"}, {}).shape_text(), "3 | 5");
  EXPECT_EQ(shape({5, 3}, {u"nm", u"eV"}, {}).shape_text(), "5 | 3");
  EXPECT_EQ(shape({5, 3}, {u"", u""}, meta(b, u"Spectrum image")).shape_text(), "3 | 5");
  EXPECT_EQ(shape({5, 3}, {u"", u""}, {}).shape_text(), "3 × 5");
  EXPECT_EQ(shape({5, 3, 2}, {u"", u"", u""}, meta(b, u"Spectrum image")).shape_text(), "3 × 5 | 2");
  EXPECT_EQ(shape({5, 3, 2}, {u"nm", u"keV", u"s"}, meta(b, u"Spectrum image", u"X-ray")).shape_text(), "2 × 5 | 3");
  EXPECT_EQ(shape({5, 3, 2}, {u"nm", u"nm", u"s"}, {}).navigation[0].name, "time");
  EXPECT_EQ(shape({5, 3, 2}, {u"nm"}, {}).shape_text(),
            "2 | 3 × 5");  // stacks of scripts calibrate less than they hold
  EXPECT_EQ(shape({5, 3}, {u"", u""}, meta(b, u"Image")).shape_text(), "3 × 5");
}

TEST(Dm, gathers_spectra_whose_energy_is_in_the_middle) {
  const Builder b;
  const Signal cube =
      read_bytes(one_image(b, b.image(10, {5, 3, 2}, {u"nm", u"eV", u"nm"}, data_tag(b, 4, counting(30))))).at(0);
  std::vector<std::uint16_t> part(2 * 4);  // items 3 to 6 cross the border between the two slow planes
  cube.source->read({3, 4, 1, 2}, std::as_writable_bytes(std::span(part)));
  EXPECT_EQ(part, (std::vector<std::uint16_t>{8, 13, 9, 14, 20, 25, 21, 26}));
}

TEST(Dm, reads_scans_of_diffraction_patterns_in_both_orders) {
  const Builder b;
  const std::string data = data_tag(b, 4, counting(2 * 3 * 4 * 5));
  const auto tags = [&](std::uint8_t swapped) {
    return std::vector<std::string>{
        b.group("Meta Data", {b.text("Format", u"Diffraction image"), b.number("Data Order Swapped", 8, swapped)})};
  };
  const Signal fast = read_bytes(one_image(b, b.image(10, {2, 3, 4, 5}, {}, data, tags(1)))).at(0);
  EXPECT_EQ(fast.shape_text(), "5 × 4 | 3 × 2");
  EXPECT_EQ(stored<std::uint16_t>(fast), counting(120));
  const Signal slow = read_bytes(one_image(b, b.image(10, {2, 3, 4, 5}, {}, data, tags(0)))).at(0);
  EXPECT_EQ(slow.shape_text(), "3 × 2 | 5 × 4");
  EXPECT_EQ(stored<std::uint16_t>(slow)[1], 6);
}

TEST(Dm, reads_complex_and_colour_pixels) {
  const Builder big{4, io::ByteOrder::big};
  const std::string pair = big.data("Data", {20, 15, 0, 2, 0, 6, 0, 6, 1}, big.payload<float>({3.0F, 4.0F}));
  const Signal complex = read_bytes(one_image(big, big.image(3, {1, 1}, {}, pair))).at(0);
  EXPECT_EQ(stored<std::complex<float>>(complex)[0], std::complex<float>(3.0F, 4.0F));
  const Builder b;
  const std::string blue_first = b.data("Data", {20, 3, 1}, std::string("\x01\x02\x03\x04"));
  const Signal colour = read_bytes(one_image(b, b.image(23, {1, 1}, {}, blue_first))).at(0);
  EXPECT_EQ(stored<std::uint32_t>(colour)[0], 0x04010203U);
}

TEST(Dm, leaves_out_the_thumbnail_only) {
  const Builder b;
  const std::string small = b.image(23, {1, 1}, {}, b.data("Data", {20, 3, 1}, std::string(4, '\0')));
  const std::string large = b.image(10, {3, 2}, {}, data_tag(b, 4, counting(6)));
  const std::string images = b.group("ImageList", {small, large, large});
  const std::string thumbnails = b.group("Thumbnails", {b.group("", {b.number("ImageIndex", 5, 0U)})});
  const std::string sources = b.group(
      "ImageSourceList", {b.group("", {b.number("ImageRef", 5, 1U)}), b.group("", {b.number("ImageRef", 5, 2U)})});
  EXPECT_EQ(read_bytes(b.file({images, thumbnails})).size(), 2U);
  EXPECT_EQ(read_bytes(b.file({images, sources})).size(), 2U);
  EXPECT_EQ(read_bytes(b.file({images})).size(), 3U);
  EXPECT_EQ(read_bytes(b.file({b.group("ImageList", {small}), thumbnails})).size(), 1U);
}

TEST(Dm, reads_what_instruments_say_and_keeps_absent_what_they_do_not) {
  const Builder b;
  const auto conditions = b.group("Experimental Conditions", {b.number("Convergence semi-angle (mrad)", 7, 0.0),
                                                              b.number("Collection semi-angle (mrad)", 6, 12.5F)});
  const auto acquisition =
      b.group("Acquisition", {b.number("Exposure (s)", 7, 2.0), b.number("Number of frames", 3, 10)});
  const std::vector<std::string> tags{
      b.group("EELS", {conditions, acquisition}),
      b.group("Microscope Info", {b.number("Voltage", 7, 200000.0), b.number("Indicated Magnification", 7, 0.0)}),
      b.group("DataBar", {b.text("Acquisition Date", u"1/2/2023"), b.text("Acquisition Time", u"10:11 PM")}),
      meta(b, u"Spectrum")[0]};
  const Metadata data =
      read_bytes(one_image(b, b.image(10, {6}, {u"eV"}, data_tag(b, 4, counting(6)), tags))).at(0).metadata;
  EXPECT_EQ(data.signal_type, "EELS");
  EXPECT_EQ(data.beam_energy, 200.0 * units::keV);
  EXPECT_FALSE(data.convergence);
  EXPECT_EQ(data.collection, 12.5 * units::mrad);
  EXPECT_EQ(data.exposure, 2.0 * units::s);
  EXPECT_EQ(data.frames, 10.0);
  EXPECT_FALSE(data.magnification);
  EXPECT_EQ(data.acquired, "1/2/2023 10:11 PM");
}

TEST(Dm, keeps_stored_counts_when_the_file_calibrates_electrons) {
  const Builder b;
  const std::string calibrations = b.group(
      "Calibrations",
      {b.group("Brightness", {b.number("Origin", 6, 100.0F), b.number("Scale", 6, 0.25F), b.text("Units", u"e-")})});
  const std::string image =
      b.group("", {b.group("ImageData", {calibrations, data_tag(b, 4, counting(6)), b.number("DataType", 5, 10U),
                                         b.group("Dimensions", {b.number("", 5, 6U)})})});
  const Signal signal = read_bytes(one_image(b, image)).at(0);
  EXPECT_EQ(signal.intensity_scale, 1.0);
  EXPECT_EQ(signal.intensity_unit, "counts");
  EXPECT_EQ(signal.original.number_at("ImageData.Calibrations.Brightness.Scale"), 0.25);
}

std::string failure(const std::string& bytes) {
  try {
    (void)read_bytes(bytes);
  } catch (const Error& error) {
    EXPECT_TRUE(error.where() && !error.where()->file.empty()) << error.what();
    return error.message();
  }
  return "no error";
}

TEST(Dm, says_what_is_wrong_with_an_image) {
  const Builder b;
  const std::string data = data_tag(b, 4, counting(6));
  EXPECT_EQ(failure(b.file({})), "the file holds no images");
  EXPECT_EQ(failure(one_image(b, b.image(10, {3, 3}, {}, data))), "the image needs 18 bytes, its data are 12");
  EXPECT_EQ(failure(one_image(b, b.image(10, {0, 3}, {}, data))), "an image dimension that is not a positive number");
  EXPECT_EQ(failure(one_image(b, b.image(10, {4294967295U, 4294967295U, 4294967295U}, {}, data))),
            "image dimensions whose product is larger than any file");
  EXPECT_EQ(failure(one_image(b, b.image(27, {3, 2}, {}, data))),
            "the image holds packed complex numbers (half of a Fourier transform) (DM data type 27)");
  EXPECT_EQ(failure(one_image(b, b.image(10, {1, 1, 1, 1, 6}, {}, data))), "an image with 5 dimensions");
  EXPECT_EQ(failure(one_image(b, b.image(10, {3, 2}, {}, b.number("Other", 5, 1U)))), "an image without data");
}

TEST(Dm, leaves_out_an_image_it_cannot_read_beside_one_it_can) {
  const Builder b;
  const std::string good = b.image(10, {3, 2}, {}, data_tag(b, 4, counting(6)));
  const std::string packed = b.image(27, {3, 2}, {}, data_tag(b, 4, counting(6)));
  hotstage::Run run;
  const testing_files::TemporaryFile file(b.file({b.group("ImageList", {good, packed})}));
  EXPECT_EQ(format.read(file.path(), run).size(), 1U);
  ASSERT_EQ(run.warnings().size(), 1U);
  EXPECT_EQ(run.warnings()[0].kind, "dm.unsupported_image");
}

TEST(Dm, is_recognised_by_its_first_bytes) {
  const auto match = [](const std::string& bytes) { return format.sniff(std::as_bytes(std::span(bytes))); };
  const std::string four = Builder{4}.file({});
  EXPECT_EQ(match(four), Match::yes);
  EXPECT_EQ(match(Builder{3, io::ByteOrder::big}.file({})), Match::yes);
  EXPECT_EQ(match(Builder::big(std::uint32_t{0x00051607}) + four), Match::no);  // macOS "._" companion
  EXPECT_EQ(match("\x89HDF\r\n\x1a\n" + four), Match::no);                      // DM5 is HDF5
  EXPECT_EQ(match(std::string(4, '\0') + four), Match::no);
  EXPECT_EQ(match(four.substr(0, 12)), Match::no);
  EXPECT_EQ(match(""), Match::no);
}

}  // namespace
}  // namespace hotstage::signal::dm
