// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/formats/velox/metadata.hpp"

#include "hotstage/io/delimited.hpp"
#include "hotstage/io/document.hpp"
#include "hotstage/io/text.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::signal::velox {

namespace {

/// Velox reserves 60 000 bytes; a longer column is not metadata.
constexpr std::size_t most_bytes = std::size_t{1} << 22;
/// Displays of one file; an honest one has dozens.
constexpr std::size_t most_labels = 10000;

const Value* find(const Value& tree, std::string_view path) {
  const Value* node = &tree;
  while (node != nullptr && !path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    node = node->find(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return node;
}

std::optional<double> positive(const Value& tree, std::string_view path) {
  const auto value = number(tree, path);
  return value && *value > 0.0 ? value : std::nullopt;
}

/// "Ref%20DF" → "Ref DF".
std::string unescape(std::string_view in) {
  const auto digit = [](char c) {
    const std::string_view digits = "0123456789ABCDEFabcdef";
    const std::size_t at = digits.find(c);
    return at == std::string_view::npos ? -1 : static_cast<int>(at < 16 ? at : at - 6);
  };
  std::string out;
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (in[i] == '%' && i + 2 < in.size() && digit(in[i + 1]) >= 0 && digit(in[i + 2]) >= 0) {
      out += static_cast<char>(16 * digit(in[i + 1]) + digit(in[i + 2]));
      i += 2;
    } else {
      out += in[i];
    }
  }
  return io::to_utf8(out);
}

/// Members that the crash-safe reader lists, or none.
std::vector<std::string> members(const io::Hdf5File& file, const std::string& group) {
  std::vector<std::string> out;
  if (file.kind(group) == io::Hdf5Kind::group) {
    out = file.members(group);
    out.resize(std::min(out.size(), most_labels));
  }
  return out;
}

std::string seconds_to_text(double seconds) {
  constexpr double last = 253402300799.0;  // the end of the year 9999
  if (!(seconds > 0.0) || seconds > last) {
    return {};
  }
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

struct PixelUnit {
  double factor = 1.0;
  std::string name;
};

/// Metres become nanometres, as microscopists read them.
PixelUnit pixel_unit(const std::string& stated) {
  if (stated == "m") {
    return {1e9, "nm"};
  }
  if (stated == "1/m") {
    return {1e-9, "1/nm"};
  }
  return {1.0, stated};
}

}  // namespace

std::optional<double> number(const Value& tree, std::string_view path) {
  const Value* node = find(tree, path);
  if (node == nullptr) {
    return std::nullopt;
  }
  const std::optional<double> value = node->is_number() ? std::optional(node->as_number())
                                      : node->is_text() ? io::parse_number(node->as_text())
                                                        : std::nullopt;
  return value && std::isfinite(*value) ? value : std::nullopt;
}

std::string text(const Value& tree, std::string_view path) {
  const Value* node = find(tree, path);
  return node != nullptr && node->is_text() ? node->as_text() : std::string();
}

Value read_column(const io::Hdf5File& file, const std::string& path, std::size_t number) {
  const io::Hdf5Dataset data = file.dataset(path);
  const std::vector<std::size_t>& shape = data.shape();
  if (data.type() != io::NumberType::u8 || shape.size() != 2 || shape[0] > most_bytes || number >= shape[1]) {
    throw Error(Errc::bad_input, fmt::format("{} is not a column of JSON text", path), "The file is damaged");
  }
  const std::vector<std::size_t> start{0, number};
  const std::vector<std::size_t> count{shape[0], 1};
  std::string bytes(shape[0], '\0');
  data.read(start, count, std::as_writable_bytes(std::span(bytes)));
  bytes.resize(std::min(bytes.find('\0'), bytes.size()));
  try {
    return io::parse_json(io::to_utf8(bytes), path);
  } catch (const Error& error) {
    throw Error(Errc::bad_input, fmt::format("{} holds no JSON ({})", path, error.message()), "The file is damaged");
  }
}

Value read_text(const io::Hdf5File& file, const std::string& path) {
  if (file.kind(path) != io::Hdf5Kind::dataset) {
    return {};
  }
  const io::Hdf5Dataset data = file.dataset(path);
  if (!data.is_text() || data.size() != 1) {
    return {};
  }
  const Value contents = data.value(1);
  const Value& first = contents.is_array() && !contents.as_array().empty() ? contents.as_array().front() : contents;
  if (!first.is_text()) {
    return {};
  }
  try {
    return io::parse_json(io::to_utf8(first.as_text()), path);
  } catch (const Error&) {
    return {};
  }
}

Labels read_labels(const io::Hdf5File& file) {
  Labels out;
  // Since version 11 a display names a reference, which names the datum.
  for (const std::string& name : members(file, "/Displays/ImageDisplay")) {
    const Value display = read_text(file, "/Displays/ImageDisplay/" + name);
    const std::string reference = text(display, "data");
    if (reference.starts_with("/SharedProperties/")) {
      out[text(read_text(file, reference), "dataPath")] = unescape(text(display, "title"));
    }
  }
  for (const std::string& name : members(file, "/Presentation/Displays/ImageDisplay")) {
    const Value display = read_text(file, "/Presentation/Displays/ImageDisplay/" + name);
    out[text(display, "dataPath")] = unescape(text(display, "display/label"));
  }
  return out;
}

void read_metadata(const Value& tree, Metadata& metadata) {
  if (const auto volts = positive(tree, "Optics/AccelerationVoltage")) {
    metadata.beam_energy = *volts * units::eV;
  }
  if (const auto rad = positive(tree, "Optics/BeamConvergence")) {
    metadata.convergence = *rad * units::rad;
  }
  metadata.magnification = positive(tree, "Optics/NominalMagnification");
  metadata.detector = text(tree, "BinaryResult/Detector");
  for (const char* path :
       {"Acquisition/AcquisitionStartDatetime/DateTime", "Acquisition/AcquisitionDatetime/DateTime"}) {
    if (metadata.acquired.empty()) {
      metadata.acquired = seconds_to_text(number(tree, path).value_or(0.0));
    }
  }
}

std::optional<Angle> collection(const Value& tree) {
  if (const auto rad = positive(tree, "CustomProperties/EnergyFilter.CollectionAngleRange.End/value")) {
    return *rad * units::rad;
  }
  return std::nullopt;
}

const Value* find_detector(const Value& tree) {
  const Value* detectors = tree.find("Detectors");
  if (detectors == nullptr || !detectors->is_object()) {
    return nullptr;
  }
  if (const auto index = number(tree, "BinaryResult/DetectorIndex")) {
    if (const Value* found = detectors->find(fmt::format("Detector-{:.0f}", *index))) {
      return found;
    }
  }
  const std::string name = text(tree, "BinaryResult/Detector");
  for (const Member& detector : detectors->as_object()) {
    if (!name.empty() && text(detector.value, "DetectorName") == name) {
      return &detector.value;
    }
  }
  return nullptr;
}

std::optional<Pixels> scan_pixels(const Value& tree) {
  constexpr double most_pixels = 1 << 20;  // along one side
  const auto side = [&](const char* size, const char* first, const char* last) -> std::size_t {
    const double all = number(tree, fmt::format("Scan/ScanSize/{}", size)).value_or(0.0);
    const double from = number(tree, fmt::format("Scan/ScanArea/{}", first)).value_or(0.0);
    const double to = number(tree, fmt::format("Scan/ScanArea/{}", last)).value_or(1.0);
    const double pixels = std::round(all * (to - from));
    return pixels >= 1.0 && pixels <= most_pixels ? static_cast<std::size_t>(pixels) : 0;
  };
  const Pixels out{side("height", "top", "bottom"), side("width", "left", "right")};
  return out.x > 0 && out.y > 0 ? std::optional(out) : std::nullopt;
}

std::vector<Axis> image_axes(const Value& tree, Pixels size) {
  Axis y{.name = "y", .size = size.y};
  Axis x{.name = "x", .size = size.x};
  const PixelUnit unit = pixel_unit(text(tree, "BinaryResult/PixelUnitX"));
  const auto width = positive(tree, "BinaryResult/PixelSize/width");
  const auto height = positive(tree, "BinaryResult/PixelSize/height");
  const auto place = [](Axis& axis, double scale, double offset, const PixelUnit& in) {
    axis.scale = scale * in.factor;
    axis.offset = offset * in.factor;
    axis.unit = in.name;
  };
  if (width && height) {
    place(x, *width, number(tree, "BinaryResult/Offset/x").value_or(0.0), unit);
    place(y, *height, number(tree, "BinaryResult/Offset/y").value_or(0.0), unit);
    return {y, x};
  }
  // EELS data carry no pixel size; the origin is the middle of the full field, as in the EDS maps beside them.
  const auto field_x = positive(tree, "Optics/FullScanFieldOfView/x");
  const auto field_y = positive(tree, "Optics/FullScanFieldOfView/y");
  const auto left = number(tree, "Scan/ScanArea/left");
  const auto right = number(tree, "Scan/ScanArea/right");
  const auto top = number(tree, "Scan/ScanArea/top");
  const auto bottom = number(tree, "Scan/ScanArea/bottom");
  if (field_x && field_y && left && right && top && bottom && *right > *left && *bottom > *top) {
    const PixelUnit metres = pixel_unit("m");
    place(x, *field_x * (*right - *left) / static_cast<double>(size.x), *field_x * (*left - 0.5), metres);
    place(y, *field_y * (*bottom - *top) / static_cast<double>(size.y), *field_y * (*top - 0.5), metres);
  }
  return {y, x};
}

}  // namespace hotstage::signal::velox
