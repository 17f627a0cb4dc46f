// SPDX-License-Identifier: GPL-3.0-or-later
// Small files laid out as Velox writes them, for the tests of the reader.

#pragma once

#include "hotstage/core/error.hpp"
#include "hotstage/io/hdf5.hpp"

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace hotstage::signal::velox::testing_files {

class Builder {
 public:
  explicit Builder(const std::filesystem::path& path) : file_(io::Hdf5File::create(path)) {
    for (const char* group : {"/Data", "/Application", "/Displays", "/Displays/ImageDisplay", "/SharedProperties",
                              "/SharedProperties/ImageSeriesDataReference"}) {
      file_.make_group(group);
    }
    file_.make_text_dataset("/Version", {R"({"version": "11", "format": "Velox"})"});
  }

  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;

  ~Builder() { file_.flush(); }

  /// Makes /Data/<kind>/<name>.
  std::string group(const std::string& kind, const std::string& name) const {
    const std::string parent = "/Data/" + kind;
    if (file_.kind(parent) == io::Hdf5Kind::missing) {
      file_.make_group(parent);
    }
    std::string path = parent + "/" + name;
    file_.make_group(path);
    return path;
  }

  template <class T>
  void data(const std::string& path, io::NumberType type, const std::vector<std::size_t>& shape,
            const std::vector<std::size_t>& chunk, const std::vector<T>& numbers) const {
    const std::vector<std::size_t> origin(shape.size(), 0);
    file_.make_dataset(path, {.type = type, .shape = shape, .chunk = chunk})
        .write(origin, shape, std::as_bytes(std::span(numbers)));
  }

  /// JSON texts as the columns of a byte table of `rows` rows.
  void columns(const std::string& path, const std::vector<std::string>& texts, std::size_t rows) const {
    std::vector<std::uint8_t> bytes(rows * texts.size(), 0);
    for (std::size_t c = 0; c < texts.size(); ++c) {
      for (std::size_t i = 0; i < texts[c].size() && i < rows; ++i) {
        bytes[i * texts.size() + c] = static_cast<std::uint8_t>(texts[c][i]);
      }
    }
    data(path, io::NumberType::u8, {rows, texts.size()}, {rows, 1}, bytes);
  }

  void text(const std::string& path, const std::string& json) const { file_.make_text_dataset(path, {json}); }

  [[nodiscard]] const io::Hdf5File& file() const { return file_; }

 private:
  io::Hdf5File file_;
};

/// 300 kV, 17.5 mrad, 4 × 2 pixels (x, y) of a scan of 16 × 16 over 1.6 µm, EDS detector 3 with 10 eV a channel.
inline const std::string metadata = R"({
  "Optics": {"AccelerationVoltage": "300000", "BeamConvergence": "0.0175",
             "FullScanFieldOfView": {"x": "1.6e-06", "y": "1.6e-06"}},
  "Acquisition": {"AcquisitionStartDatetime": {"DateTime": "1700000000"}},
  "Scan": {"ScanSize": {"width": "16", "height": "16"}, "DwellTime": "0.25", "FrameTime": "2.5",
           "ScanArea": {"left": "0.5", "right": "0.75", "top": "0", "bottom": "0.125"}},
  "BinaryResult": {"Detector": "SuperX", "DetectorIndex": "3"},
  "Detectors": {"Detector-3": {"DetectorName": "SuperX1", "Dispersion": "10", "OffsetEnergy": "-200",
                               "LiveTime": "2.25", "ElevationAngle": "-0.3"}},
  "CustomProperties": {"EnergyFilter.CollectionAngleRange.End": {"type": "double", "value": "0.0335"}}
})";

constexpr std::size_t metadata_rows = 2000;
constexpr std::size_t width = 4;
constexpr std::size_t height = 2;
constexpr std::size_t channels = 6;

/// Stored number of pixel (x, y) and channel e of an EELS range.
constexpr std::uint16_t stored(std::size_t x, std::size_t e, std::size_t y) {
  return static_cast<std::uint16_t>(1000 * y + 100 * x + e);
}

inline std::string row_json(double offset, double scale = 0.5, double zero = -10.0) {
  return "{\"Data\": {\"offset\": " + std::to_string(offset) + ", \"dispersion\": 0.25, \"exposureTime\": 0.004, " +
         "\"intensityScale\": " + std::to_string(scale) + ", \"intensityOffset\": " + std::to_string(zero) + "}}";
}

inline void add_eels(const Builder& builder, const std::string& name, const std::vector<std::string>& rows) {
  const std::string group = builder.group("EelsSpectrumImage", name);
  std::vector<std::uint16_t> numbers;
  for (std::size_t x = 0; x < width; ++x) {
    for (std::size_t e = 0; e < channels; ++e) {
      for (std::size_t y = 0; y < height; ++y) {
        numbers.push_back(stored(x, e, y));
      }
    }
  }
  builder.data(group + "/Data", io::NumberType::u16, {width, channels, height}, {width, channels, 1}, numbers);
  builder.columns(group + "/Metadata", {metadata}, metadata_rows);
  builder.columns(group + "/AcquisitionMetadata", rows, 300);
}

inline const std::string stream_settings = R"({"bincount": "64", "StreamEncoding": "uint16"})";

inline void add_stream(const Builder& builder, const std::string& name, const std::vector<std::uint16_t>& events,
                       const std::vector<std::uint64_t>& frames) {
  const std::string group = builder.group("SpectrumStream", name);
  builder.data(group + "/Data", io::NumberType::u16, {events.size(), 1}, {8, 1}, events);
  builder.data(group + "/FrameLocationTable", io::NumberType::u64, {frames.size(), 1}, {1, 1}, frames);
  builder.columns(group + "/Metadata", {metadata}, metadata_rows);
  builder.text(group + "/AcquisitionSettings", stream_settings);
}

/// Pixel i of the first frame holds i events in channel 10 + i and, in the second frame, one in channel 63.
inline void add_two_frames(const Builder& builder, const std::string& name) {
  constexpr std::uint16_t mark = 65535;
  std::vector<std::uint16_t> events;
  for (std::size_t i = 0; i < width * height; ++i) {
    events.insert(events.end(), i, static_cast<std::uint16_t>(10 + i));
    events.push_back(mark);
  }
  const std::uint64_t second = events.size();
  for (std::size_t i = 0; i < width * height; ++i) {
    events.push_back(63);
    if (i + 1 < width * height) {
      events.push_back(mark);  // the last mark is often left out
    }
  }
  add_stream(builder, name, events, {0, second});
}

/// Three frames of 2 × 4 numbers frame·100 + y·10 + x.
inline void add_images(const Builder& builder, const std::string& name) {
  const std::string group = builder.group("Image", name);
  std::vector<std::uint16_t> numbers;
  for (std::uint16_t y = 0; y < 2; ++y) {
    for (std::uint16_t x = 0; x < 4; ++x) {
      for (std::uint16_t frame = 0; frame < 3; ++frame) {
        numbers.push_back(static_cast<std::uint16_t>(100 * frame + 10 * y + x));
      }
    }
  }
  builder.data(group + "/Data", io::NumberType::u16, {2, 4, 3}, {2, 4, 1}, numbers);
  std::string json = metadata;
  json.replace(json.find(R"("Detector": "SuperX")"), 20,
               R"("PixelSize": {"width": "2e-09", "height": "4e-09"}, "PixelUnitX": "m",
                  "IntensityScale": "2", "IntensityOffset": "-1", "IntensityUnit": "A", "Detector": "HAADF")");
  builder.columns(group + "/Metadata", {json, json, json}, metadata_rows);
  builder.text("/SharedProperties/ImageSeriesDataReference/r", R"({"dataPath": "/Data/Image/)" + name + "\"}");
  builder.text("/Displays/ImageDisplay/d",
               R"({"data": "/SharedProperties/ImageSeriesDataReference/r", "title": "Ref%20DF"})");
}

}  // namespace hotstage::signal::velox::testing_files
