// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/error.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/signal/detail/frames.hpp"
#include "hotstage/signal/detail/stored_numbers.hpp"
#include "hotstage/signal/format.hpp"
#include "hotstage/signal/formats/tia/emi.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>

namespace hotstage::signal::tia {

namespace {

constexpr std::uint16_t little_endian = 0x4949;
constexpr std::uint16_t series_id = 0x0197;
constexpr std::uint16_t wide_offsets = 0x0220;  ///< from this version on offsets have 64 bits
constexpr std::uint32_t spectra = 0x4120;
constexpr std::uint32_t images = 0x4122;
constexpr std::uint32_t most_dimensions = 8;
constexpr std::uint32_t longest_text = 4096;

/// How an axis is calibrated: value(i) = offset + (i − element)·delta, in m, 1/m or eV.
struct Calibration {
  double offset = 0.0;
  double delta = 1.0;
  std::int32_t element = 0;

  static Calibration read(io::ByteReader& in) {
    Calibration out;
    out.offset = in.f64();
    out.delta = in.f64();
    out.element = in.i32();
    return out;
  }

  [[nodiscard]] bool sound() const { return std::isfinite(offset) && std::isfinite(delta) && delta != 0.0; }

  [[nodiscard]] Axis axis(std::string name, std::size_t size, double factor, std::string unit) const {
    Axis out{.name = std::move(name), .size = size};
    if (sound()) {
      out.scale = delta * factor;
      out.offset = offset * factor - static_cast<double>(element) * out.scale;
      out.unit = std::move(unit);
    }
    return out;
  }

  /// No pixel is a millimetre wide: the numbers of diffraction patterns are per metre.
  [[nodiscard]] Axis length(const char* name, std::size_t size) const {
    constexpr double widest_m = 1e-3;
    return std::abs(delta) < widest_m ? axis(name, size, 1e9, "nm")
                                      : axis(fmt::format("k{}", name), size, 1e-9, "1/nm");
  }
};

struct Dimension {
  std::size_t size = 0;
  Calibration calibration;
  std::string description;
  std::string unit;
};

struct Header {
  std::uint16_t version = 0;
  std::uint32_t kind = 0;
  std::uint32_t total = 0;
  std::uint32_t valid = 0;
  std::vector<Dimension> dimensions;
  std::vector<std::uint64_t> data;  ///< first byte of every valid element
  std::vector<std::uint64_t> tags;
};

/// What stands in front of the numbers of every element.
struct Element {
  std::vector<Calibration> calibrations;  ///< x, y of an image
  std::uint16_t type = 0;
  std::vector<std::uint32_t> sizes;
  std::uint64_t numbers = 0;  ///< their first byte

  [[nodiscard]] bool same_layout(const Element& other) const { return type == other.type && sizes == other.sizes; }
};

std::string short_text(io::ByteReader& in) {
  const std::uint32_t length = in.u32();
  if (length > longest_text) {
    throw Error(Errc::bad_input, in.here(), fmt::format("a label of {} characters", length), "The file is damaged");
  }
  return in.text(length);
}

std::vector<std::uint64_t> offsets(io::ByteReader& in, const Header& header) {
  const bool wide = header.version >= wide_offsets;
  in.require(static_cast<std::uint64_t>(header.total) * (wide ? 8 : 4));
  std::vector<std::uint64_t> out(header.valid);
  for (std::uint32_t i = 0; i < header.total; ++i) {
    const std::uint64_t offset = wide ? in.u64() : in.u32();
    if (i < header.valid) {
      out[i] = offset;
    }
  }
  return out;
}

Header read_header(io::ByteReader& in) {
  Header out;
  if (in.u16() != little_endian || in.u16() != series_id) {
    throw Error(Errc::bad_input, in.here(), "not a TIA series (SER)");
  }
  out.version = in.u16();
  out.kind = in.u32();
  in.skip(4);  // kind of the tags
  out.total = in.u32();
  out.valid = in.u32();
  const std::uint64_t places = out.version >= wide_offsets ? in.u64() : in.u32();
  const std::uint32_t dimensions = in.u32();
  if (out.kind != spectra && out.kind != images) {
    throw Error(Errc::unsupported, in.here(), fmt::format("a series of elements of the kind 0x{:04x}", out.kind));
  }
  if (out.valid == 0 || out.valid > out.total || dimensions > most_dimensions) {
    throw Error(Errc::bad_input, in.here(),
                fmt::format("{} valid of {} elements along {} dimensions", out.valid, out.total, dimensions),
                "The acquisition was stopped before its first frame, or the file is damaged");
  }
  for (std::uint32_t d = 0; d < dimensions; ++d) {
    Dimension dimension;
    dimension.size = in.u32();
    dimension.calibration = Calibration::read(in);
    dimension.description = short_text(in);
    dimension.unit = short_text(in);
    out.dimensions.push_back(std::move(dimension));
  }
  in.seek(places);
  out.data = offsets(in, out);
  out.tags = offsets(in, out);
  return out;
}

Element read_element(io::ByteReader& in, std::uint64_t offset, std::uint32_t kind) {
  Element out;
  in.seek(offset);
  const int dimensions = kind == images ? 2 : 1;
  for (int d = 0; d < dimensions; ++d) {
    out.calibrations.push_back(Calibration::read(in));
  }
  out.type = in.u16();
  for (int d = 0; d < dimensions; ++d) {
    out.sizes.push_back(in.u32());
  }
  out.numbers = in.position();
  return out;
}

DType dtype_of(std::uint16_t code, const io::ByteReader& in) {
  static constexpr std::array types{DType::u8,  DType::u16, DType::u32, DType::i8,  DType::i16,
                                    DType::i32, DType::f32, DType::f64, DType::c64, DType::c128};
  if (code < 1 || code > types.size()) {
    throw Error(Errc::bad_input, in.here(), fmt::format("numbers of the unknown kind {}", code), "The file is damaged");
  }
  return types[code - 1U];
}

/// Unix seconds of every element (whole seconds); empty when one cannot be read.
std::vector<double> read_times(io::ByteReader& in, const Header& header) {
  constexpr std::uint16_t time_only = 0x4152;
  constexpr std::uint16_t time_and_place = 0x4142;
  std::vector<double> out;
  for (const std::uint64_t offset : header.tags) {
    constexpr std::uint64_t tag_bytes = 8;
    if (offset > in.size() || in.size() - offset < tag_bytes) {
      return {};
    }
    in.seek(offset);
    const std::uint16_t kind = in.u16();
    in.skip(2);
    const std::uint32_t seconds = in.u32();
    if ((kind != time_only && kind != time_and_place) || seconds == 0 ||
        (!out.empty() && static_cast<double>(seconds) < out.back())) {
      return {};
    }
    out.push_back(static_cast<double>(seconds));
  }
  return out;
}

std::string as_date(double seconds) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

/// The seconds of the tags when they tell frames apart, else the frame time of the document, else numbers.
Axis frame_axis(const std::vector<double>& times, const Metadata& metadata, std::size_t frames) {
  Axis axis{.name = "image", .size = frames};
  const double span = times.size() == frames && frames > 1 ? times.back() - times.front() : 0.0;
  if (span >= static_cast<double>(frames - 1) && span > 0.0) {
    std::vector<double> seconds;
    for (const double time : times) {
      seconds.push_back(time - times.front());
    }
    constexpr double whole_seconds = 1.0;
    axis = detail::axis_through(seconds, whole_seconds);
    axis.name = "time";
    axis.unit = "s";
  } else if (metadata.exposure) {
    axis = {.name = "time", .size = frames, .scale = metadata.exposure->in(units::s), .unit = "s"};
  }
  return axis;
}

/// The dimensions of the scan or series, slowest first; one axis of frames when they do not fit the number of elements.
std::vector<Axis> navigation_of(const Header& header, const std::vector<double>& times, const Metadata& metadata) {
  std::size_t product = 1;
  for (const Dimension& dimension : header.dimensions) {
    if (__builtin_mul_overflow(product, dimension.size, &product)) {
      product = 0;
    }
  }
  if (header.valid == 1) {
    return {};
  }
  if (header.dimensions.size() < 2 || product != header.valid) {
    return {frame_axis(times, metadata, header.valid)};
  }
  std::vector<Axis> out;
  static constexpr std::array names{"x", "y", "z"};
  for (std::size_t d = header.dimensions.size(); d-- > 0;) {
    const Dimension& dimension = header.dimensions[d];
    const char* name = d < names.size() ? names[d] : "";
    out.push_back(dimension.unit == "meters" || dimension.unit == "m"
                      ? dimension.calibration.length(name, dimension.size)
                      : dimension.calibration.axis(name, dimension.size, 1.0, dimension.unit));
  }
  return out;
}

Value describe(const Header& header) {
  Value out = Value::object();
  out["version"] = Value(static_cast<int>(header.version));
  out["elements"] = Value(static_cast<std::size_t>(header.total));
  out["valid"] = Value(static_cast<std::size_t>(header.valid));
  out["dimensions"] = Value::array();
  for (const Dimension& dimension : header.dimensions) {
    Value entry = Value::object();
    entry["size"] = Value(dimension.size);
    entry["description"] = Value(dimension.description);
    entry["unit"] = Value(dimension.unit);
    out["dimensions"].push_back(std::move(entry));
  }
  return out;
}

Signal read_series(const std::filesystem::path& path, const detail::XmlNode* object, Run& run) {
  const auto file = io::MappedFile::open(path);
  io::ByteReader in(file->bytes(), path.string());
  const Header header = read_header(in);
  detail::FrameLayout layout;
  Element first;
  for (const std::uint64_t offset : header.data) {
    const Element element = read_element(in, offset, header.kind);
    if (layout.offsets.empty()) {
      first = element;
    } else if (!element.same_layout(first)) {
      throw Error(Errc::unsupported, in.here(),
                  fmt::format("element {} is of another size or type than the first", layout.offsets.size()),
                  "Export the images one by one from TIA");
    }
    layout.offsets.push_back(element.numbers);
  }
  layout.dtype = dtype_of(first.type, in);
  layout.columns = first.sizes[0];
  layout.rows = header.kind == images ? first.sizes[1] : 1;
  layout.bottom_up = header.kind == images;

  Signal out;
  out.original = Value::object();
  out.original["ser"] = describe(header);
  if (object != nullptr) {
    read_metadata(*object, out.metadata);
    out.original["emi"] = detail::to_value(*object);
  }
  const std::vector<double> times = read_times(in, header);
  if (out.metadata.acquired.empty() && !times.empty()) {
    out.metadata.acquired = as_date(times.front());
  }
  out.metadata.title = path.stem().string();
  out.navigation = navigation_of(header, times, out.metadata);
  if (header.kind == images) {
    out.axes = {first.calibrations[1].length("y", layout.rows), first.calibrations[0].length("x", layout.columns)};
  } else {
    out.axes = {first.calibrations[0].axis("Energy", layout.columns, 1.0, "eV")};
  }
  if (header.valid < header.total) {
    run.warn("tia.stopped",
             fmt::format("{}: {} of {} frames were recorded", path.filename().string(), header.valid, header.total));
  }
  out.source = detail::frame_source(file, std::move(layout));
  return out;
}

std::vector<Signal> read_document(const std::filesystem::path& emi, Run& run) {
  const std::vector<std::filesystem::path> files = series_of(emi);
  if (files.empty()) {
    throw Error(Errc::bad_input, Location{.file = emi.string()},
                fmt::format("the document describes data in {}_1.ser, …, and none lies beside it", emi.stem().string()),
                "Copy the SER files into the same folder; they hold the numbers");
  }
  const std::vector<detail::XmlNode> objects = read_objects(io::MappedFile::open(emi)->bytes());
  std::vector<Signal> out;
  for (const std::filesystem::path& ser : files) {
    run.check_stop();
    const std::size_t number = *series_number(ser);
    try {
      out.push_back(read_series(ser, number <= objects.size() ? &objects[number - 1] : nullptr, run));
    } catch (Error& error) {
      error.in_file(ser.string());
      throw;
    }
  }
  return out;
}

bool is_document(std::span<const std::byte> head) {
  return head.size() >= 2 && head[0] == std::byte{'J'} && head[1] == std::byte{'K'};
}

Match sniff(std::span<const std::byte> head) {
  using namespace std::string_view_literals;
  const std::string_view text(reinterpret_cast<const char*>(head.data()), std::min<std::size_t>(head.size(), 4));
  return text == "II\x97\x01"sv || text == "JK\x00\x02"sv ? Match::yes : Match::no;
}

std::vector<Signal> read(const std::filesystem::path& path, Run& run) {
  if (is_document(io::read_head(path, 4))) {
    return read_document(path, run);
  }
  std::vector<detail::XmlNode> objects;
  const auto emi = document_of(path);
  if (emi) {
    objects = read_objects(io::MappedFile::open(*emi)->bytes());
  }
  const std::size_t number = series_number(path).value_or(0);
  std::vector<Signal> out;
  out.push_back(read_series(path, number > 0 && number <= objects.size() ? &objects[number - 1] : nullptr, run));
  return out;
}

/// A document and its series belong together, whichever is named.
std::vector<std::filesystem::path> companions(const std::filesystem::path& path) {
  if (is_document(io::read_head(path, 4))) {
    return series_of(path);
  }
  const auto emi = document_of(path);
  return emi ? std::vector{*emi} : std::vector<std::filesystem::path>{};
}

}  // namespace

extern const Format format;
const Format format{.id = "tia",
                    .title = "TIA series (SER) or document (EMI)",
                    .extensions = {"ser", "emi"},
                    .sniff = sniff,
                    .read = read,
                    .companions = companions};

}  // namespace hotstage::signal::tia
