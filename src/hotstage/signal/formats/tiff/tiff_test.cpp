// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/io/temporary_folder.hpp"
#include "hotstage/signal/detail/example_signals.hpp"
#include "hotstage/signal/format.hpp"
#include "hotstage/signal/formats/tiff/calibration.hpp"
#include "hotstage/signal/formats/tiff/writer.hpp"

#include <gtest/gtest.h>
#include <tiffio.h>

#include <numeric>

namespace hotstage::signal::tiff {
namespace {

using io::TemporaryFolder;

constexpr std::uint32_t width = 37;
constexpr std::uint32_t height = 21;

struct Kind {
  const char* name;
  std::uint16_t compression;
  bool tiled;
  const char* mode;
};

/// One page of numbers 0, 1, 2, … written by libtiff in the given way.
std::filesystem::path by_libtiff(const TemporaryFolder& folder, const Kind& kind) {
  const auto path = folder / (std::string(kind.name) + ".tif");
  ::TIFF* file = TIFFOpen(path.c_str(), kind.mode);
  TIFFSetField(file, TIFFTAG_IMAGEWIDTH, width);
  TIFFSetField(file, TIFFTAG_IMAGELENGTH, height);
  TIFFSetField(file, TIFFTAG_BITSPERSAMPLE, 16);
  TIFFSetField(file, TIFFTAG_SAMPLESPERPIXEL, 1);
  TIFFSetField(file, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
  TIFFSetField(file, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
  TIFFSetField(file, TIFFTAG_COMPRESSION, kind.compression);
  std::vector<std::uint16_t> numbers(width * height);
  std::iota(numbers.begin(), numbers.end(), std::uint16_t{0});
  if (kind.tiled) {
    TIFFSetField(file, TIFFTAG_TILEWIDTH, 16);
    TIFFSetField(file, TIFFTAG_TILELENGTH, 16);
    for (std::uint32_t y = 0; y < height; y += 16) {
      for (std::uint32_t x = 0; x < width; x += 16) {
        std::vector<std::uint16_t> tile(256);
        for (std::uint32_t j = 0; j < 16 && y + j < height; ++j) {
          for (std::uint32_t i = 0; i < 16 && x + i < width; ++i) {
            tile[j * 16 + i] = numbers[(y + j) * width + x + i];
          }
        }
        TIFFWriteTile(file, tile.data(), x, y, 0, 0);
      }
    }
  } else {
    TIFFSetField(file, TIFFTAG_ROWSPERSTRIP, 4);
    for (std::uint32_t y = 0; y < height; ++y) {
      TIFFWriteScanline(file, numbers.data() + y * width, y, 0);
    }
  }
  TIFFClose(file);
  return path;
}

TEST(Tiff, strips_tiles_compressions_and_byte_orders_give_the_same_numbers) {
  const TemporaryFolder folder;
  hotstage::Run run;
  for (const Kind& kind : {Kind{"plain", COMPRESSION_NONE, false, "wl"},
                           {"big_endian", COMPRESSION_NONE, false, "wb"},
                           {"lzw", COMPRESSION_LZW, false, "w"},
                           {"deflate", COMPRESSION_ADOBE_DEFLATE, false, "w"},
                           {"packbits", COMPRESSION_PACKBITS, false, "w"},
                           {"tiles", COMPRESSION_NONE, true, "w"},
                           {"packed_tiles", COMPRESSION_LZW, true, "wb"},
                           {"big", COMPRESSION_NONE, false, "w8"}}) {
    const Signal signal = load(by_libtiff(folder, kind), run);
    EXPECT_EQ(signal.shape_text(), "21 × 37") << kind.name;
    const Buffer<float, 2> image = read_all(signal);
    for (std::size_t i = 0; i < image.size(); ++i) {
      ASSERT_EQ(image.data()[i], static_cast<float>(i)) << kind.name;
    }
  }
}

TEST(Tiff, planes_stand_behind_one_another_as_imagej_expects) {
  const TemporaryFolder folder;
  hotstage::Run run;
  Signal stack = detail::example_signal(
      DType::u16, {{.name = "time", .size = 3, .scale = 0.5, .unit = "s"}},
      {{.name = "y", .size = 4, .scale = 0.5, .unit = "nm"}, {.name = "x", .size = 5, .scale = 0.25, .unit = "nm"}});
  save(std::span(&stack, 1), folder / "a.tif", run);
  const std::string bytes = io::read_text(folder / "a.tif");
  const auto planes = detail::example_bytes(DType::u16, 60);
  EXPECT_EQ(bytes.compare(8, planes.size(), reinterpret_cast<const char*>(planes.data()), planes.size()), 0);
  EXPECT_NE(bytes.find("images=3\nframes=3\nfinterval=0.5\n"), std::string::npos);
  EXPECT_NE(bytes.find("unit=nm\n"), std::string::npos);
}

Value tags_with(const std::string& description, double x, double y, int unit) {
  Value tags = Value::object();
  tags["ImageDescription"] = Value(description);
  tags["XResolution"] = Value(x);
  tags["YResolution"] = Value(y);
  tags["ResolutionUnit"] = Value(unit);
  return tags;
}

TEST(TiffCalibration, imagej_gives_pixel_size_spacing_and_interval) {
  const Calibration slices =
      read_calibration(tags_with("ImageJ=1.53\nimages=2\nslices=2\nunit=micron\nspacing=2.5\n", 4.0, 2.0, 1));
  EXPECT_EQ(slices.x.scale, 0.25);
  EXPECT_EQ(slices.y.scale, 0.5);
  EXPECT_EQ(slices.x.unit, "µm");
  EXPECT_EQ(slices.z.scale, 2.5);
  EXPECT_EQ(slices.z.unit, "µm");
  const Calibration frames =
      read_calibration(tags_with("ImageJ=1.53\nimages=2\nframes=2\nunit=\\u00B5m\nfinterval=0.2\n", 4.0, 4.0, 1));
  EXPECT_EQ(frames.z.name, "time");
  EXPECT_EQ(frames.z.scale, 0.2);
  EXPECT_EQ(frames.z.unit, "s");
  EXPECT_EQ(frames.x.unit, "µm");
}

TEST(TiffCalibration, a_printers_resolution_is_not_a_pixel_size) {
  EXPECT_EQ(read_calibration(tags_with("", 300.0, 300.0, 2)).x.unit, "");
  EXPECT_EQ(read_calibration(tags_with("", 118.0, 118.0, 3)).x.unit, "");
  const Calibration microscope = read_calibration(tags_with("", 1e8, 1e8, 3));
  EXPECT_DOUBLE_EQ(microscope.x.scale, 0.1);
  EXPECT_EQ(microscope.x.unit, "nm");
}

TEST(TiffCalibration, fei_gives_pixel_size_frame_time_and_voltage) {
  Value tags = tags_with("", 64.0, 64.0, 2);
  tags["34682"] = Value(
      "[User]\r\nDate=06/13/2016\r\nTime=05:06:40 PM\r\n[Beam]\r\nHV=5000\r\nBeam=EBeam\r\nScan=EScan\r\n"
      "[EScan]\r\nPixelWidth=3.5e-06\r\nPixelHeight=2.5e-06\r\nFrameTime=2.62\r\n[Detectors]\r\nName=ETD\r\n");
  const Calibration found = read_calibration(tags, 512, 471);
  EXPECT_DOUBLE_EQ(found.x.scale, 3500.0);
  EXPECT_DOUBLE_EQ(found.y.scale, 2500.0);
  EXPECT_EQ(found.x.unit, "nm");
  EXPECT_DOUBLE_EQ(found.metadata.beam_energy->in(units::keV), 5.0);
  EXPECT_DOUBLE_EQ(found.metadata.exposure->in(units::s), 2.62);
  EXPECT_EQ(found.metadata.detector, "ETD");
  EXPECT_EQ(found.metadata.acquired, "06/13/2016 05:06:40 PM");
}

TEST(TiffCalibration, fei_without_a_pixel_size_has_the_field_of_view) {
  Value tags = tags_with("", 64.0, 64.0, 2);
  tags["34682"] = Value("[Beam]\nBeam=IBeam\n[IBeam]\nHFW=0.001\nVFW=0.003\n");
  const Calibration found = read_calibration(tags, 500, 1000);
  EXPECT_DOUBLE_EQ(found.x.scale, 2000.0);
  EXPECT_DOUBLE_EQ(found.y.scale, 3000.0);
  tags["34682"] = Value("[Scan]\nPixelWidth=nan\nPixelHeight=-1\n[broken");
  EXPECT_EQ(read_calibration(tags, 500, 1000).x.unit, "");
}

constexpr const char* ome =
    R"(<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">)"
    R"(<AcquisitionDate>2020-01-02T03:04:05</AcquisitionDate><Pixels DimensionOrder="XYZCT" SizeX="5" SizeY="4" SizeZ="1")"
    R"( SizeC="1" SizeT="3" PhysicalSizeX="0.25" PhysicalSizeXUnit="nm" PhysicalSizeY="0.5" PhysicalSizeYUnit="nm">)"
    R"(<Plane TheT="0" DeltaT="0.0"/><Plane TheT="1" DeltaT="2.0"/><Plane TheT="2" DeltaT="7.5"/></Pixels></Image></OME>)";

TEST(TiffCalibration, ome_gives_pixel_sizes_and_the_times_of_its_planes) {
  const Calibration found = read_calibration(tags_with(ome, 72.0, 72.0, 2));
  EXPECT_EQ(found.x.scale, 0.25);
  EXPECT_EQ(found.y.scale, 0.5);
  EXPECT_EQ(found.y.unit, "nm");
  ASSERT_EQ(found.stack.size(), 1U);
  EXPECT_EQ(found.stack[0].points, (std::vector<double>{0.0, 2.0, 7.5}));
  EXPECT_EQ(found.stack[0].unit, "s");
  EXPECT_EQ(found.metadata.acquired, "2020-01-02T03:04:05");
  EXPECT_EQ(read_calibration(tags_with("<OME><Image><Pixels SizeT=", 72.0, 72.0, 2)).x.unit, "");
  const Calibration grid = read_calibration(
      tags_with(R"(<OME><Image><Pixels DimensionOrder="XYZCT" SizeZ="2" SizeT="3" TimeIncrement="4"/></Image></OME>)",
                72.0, 72.0, 2));
  ASSERT_EQ(grid.stack.size(), 2U);
  EXPECT_EQ(grid.stack[0].name, "time");
  EXPECT_EQ(grid.stack[0].scale, 4.0);
  EXPECT_EQ(grid.stack[1].name, "z");
}

/// Pages with our own numbers through libtiff, in the mode given ("w", "w8" for BigTIFF, "wb" for big-endian).
void write_pages(const std::filesystem::path& path, const char* mode, int pages, const char* description) {
  ::TIFF* file = TIFFOpen(path.c_str(), mode);
  for (int p = 0; p < pages; ++p) {
    TIFFSetField(file, TIFFTAG_IMAGEWIDTH, 5);
    TIFFSetField(file, TIFFTAG_IMAGELENGTH, 4);
    TIFFSetField(file, TIFFTAG_BITSPERSAMPLE, 16);
    TIFFSetField(file, TIFFTAG_SAMPLESPERPIXEL, 1);
    TIFFSetField(file, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
    TIFFSetField(file, TIFFTAG_ROWSPERSTRIP, 4);
    if (p == 0 && description != nullptr) {
      TIFFSetField(file, TIFFTAG_IMAGEDESCRIPTION, description);
    }
    for (std::uint32_t y = 0; y < 4; ++y) {
      std::uint16_t row[5];
      for (std::uint32_t x = 0; x < 5; ++x) {
        row[x] = static_cast<std::uint16_t>(1000 * p + 10 * static_cast<int>(y) + static_cast<int>(x));
      }
      TIFFWriteScanline(file, row, y, 0);
    }
    TIFFWriteDirectory(file);
  }
  TIFFClose(file);
}

TEST(Tiff, pages_of_an_ome_series_are_frames_in_both_sizes_and_byte_orders) {
  const TemporaryFolder folder;
  for (const char* mode : {"w", "w8", "wb", "w8b"}) {
    SCOPED_TRACE(mode);
    write_pages(folder / "a.tif", mode, 3, ome);
    hotstage::Run run;
    const Signal signal = load(folder / "a.tif", run);
    EXPECT_EQ(signal.shape_text(), "3 | 4 × 5");
    EXPECT_EQ(signal.navigation[0].points[2], 7.5);
    float one = 0.0F;
    read(signal, {2, 1, 13, 1}, View<float, 2>(&one, {1, 1}));
    EXPECT_EQ(one, 2023.0F);
  }
  write_pages(folder / "b.tif", "w", 2, ome);  // the description claims three
  hotstage::Run run;
  EXPECT_EQ(load(folder / "b.tif", run).shape_text(), "2 | 4 × 5");
}

TEST(Tiff, a_large_stack_of_imagej_has_one_directory_and_all_planes) {
  const TemporaryFolder folder;
  // The first page claims three planes; only one directory is linked, as ImageJ does beyond 4 GB.
  Writer writer(folder / "a.tif", {.width = 5, .height = 4, .type = DType::u8, .pages = 1});
  const auto planes = detail::example_bytes(DType::u8, 60);
  writer.append(std::span(planes).first(20));
  writer.finish({.description = "ImageJ=1.53\nimages=3\nslices=3\n"});
  std::string bytes = io::read_text(folder / "a.tif");
  // The other planes need room behind the first: the directory moves 40 bytes up with everything it points to.
  const auto number_at = [&](std::size_t at) {
    return static_cast<unsigned char>(bytes[at]) + 256U * static_cast<unsigned char>(bytes[at + 1]);
  };
  const std::size_t directory = number_at(4);
  const std::size_t entries = number_at(directory);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + 12 * i;
    if (number_at(entry) == 270) {
      bytes[entry + 8] = static_cast<char>(number_at(entry + 8) + 40);
    }
  }
  bytes[4] = static_cast<char>(directory + 40);
  bytes.insert(28, reinterpret_cast<const char*>(planes.data()) + 20, 40);
  io::write_text(folder / "b.tif", bytes);
  hotstage::Run run;
  const Signal signal = load(folder / "b.tif", run);
  EXPECT_EQ(signal.shape_text(), "3 | 4 × 5");
  EXPECT_EQ(read_all(signal).row(2)[19], static_cast<float>(std::to_integer<int>(planes[59])));
}

TEST(Tiff, what_cannot_be_read_is_named) {
  const TemporaryFolder folder;
  const auto path = folder / "bits.tif";
  ::TIFF* file = TIFFOpen(path.c_str(), "w");
  TIFFSetField(file, TIFFTAG_IMAGEWIDTH, 8);
  TIFFSetField(file, TIFFTAG_IMAGELENGTH, 1);
  TIFFSetField(file, TIFFTAG_BITSPERSAMPLE, 1);
  TIFFSetField(file, TIFFTAG_SAMPLESPERPIXEL, 1);
  TIFFSetField(file, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK);
  std::uint8_t row = 0x55;
  TIFFWriteScanline(file, &row, 0, 0);
  TIFFClose(file);
  hotstage::Run run;
  try {
    (void)load(path, run);
    FAIL() << "a bitmap passed as an image";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::unsupported);
    EXPECT_NE(std::string(error.what()).find("1 bits"), std::string::npos) << error.what();
  }
}

TEST(TiffRealFiles, stacks_of_digital_micrograph_and_imagej_have_their_pixel_sizes) {
  const auto shared = shared_data_folder();
  if (!shared) {
    GTEST_SKIP() << "shared data not found (HOTSTAGE_SHARED_DATA)";
  }
  constexpr double float32_tag = 1e-6;
  constexpr double sum_of_both = 30845660.0;  // HyperSpy 1.7.3 on the same files
  hotstage::Run run;
  const Signal dm = load(*shared / "stem/formats/tiff_saved_with_DM_stack.tif", run);
  EXPECT_EQ(dm.shape_text(), "2 | 68 × 68");
  EXPECT_NEAR(dm.axes[1].scale, 0.16867401, float32_tag);
  EXPECT_NEAR(dm.axes[0].scale, 1.68674004, float32_tag);
  EXPECT_EQ(dm.axes[0].unit, "µm");
  EXPECT_EQ(dm.navigation[0].scale, 2.5);
  EXPECT_EQ(dm.navigation[0].unit, "s");
  const Signal imagej = load(*shared / "stem/formats/tiff_saved_with_imageJ_stack.tif", run);
  EXPECT_NEAR(imagej.axes[1].scale, 0.16867471, float32_tag);
  EXPECT_EQ(imagej.axes[1].unit, "µm");
  EXPECT_EQ(imagej.navigation[0].scale, 2.5);
  for (const Signal& signal : {dm, imagej}) {
    Buffer<double, 2> numbers({2, 68 * 68});
    read(signal, {0, 2, 0, 68 * 68}, numbers.view());
    EXPECT_EQ(std::accumulate(numbers.data(), numbers.data() + numbers.size(), 0.0), sum_of_both);
  }
}

}  // namespace
}  // namespace hotstage::signal::tiff
