// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/error.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/io/text.hpp"
#include "hotstage/signal/detail/frames.hpp"
#include "hotstage/signal/detail/stored_numbers.hpp"
#include "hotstage/signal/format.hpp"
#include "hotstage/signal/formats/mrc/fei.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>

namespace hotstage::signal::mrc {

namespace {

constexpr std::size_t header_bytes = 1024;
constexpr std::int32_t longest_side = 1 << 24;

struct Header {
  io::ByteOrder order = io::ByteOrder::little;
  std::int32_t columns = 0;
  std::int32_t rows = 0;
  std::int32_t sections = 0;
  std::int32_t mode = 0;
  std::array<std::int32_t, 3> sampling{};  ///< intervals along the cell
  std::array<float, 3> cell_angstrom{};
  std::array<std::int32_t, 3> axes{};  ///< which of x, y, z columns, rows and sections are
  std::int32_t extended = 0;           ///< bytes of the extended header
  std::string kind;                    ///< of the extended header: "FEI2", …
  std::array<float, 3> origin{};
};

bool is_mode(std::int32_t mode) {
  static constexpr std::array known{0, 1, 2, 3, 4, 6, 7, 12, 16, 101};
  return std::ranges::find(known, mode) != known.end();
}

Header parse(io::ByteReader& in) {
  Header out;
  out.order = in.order();
  in.seek(0);
  out.columns = in.i32();
  out.rows = in.i32();
  out.sections = in.i32();
  out.mode = in.i32();
  in.seek(28);
  for (std::int32_t& count : out.sampling) {
    count = in.i32();
  }
  for (float& length : out.cell_angstrom) {
    length = in.f32();
  }
  in.seek(64);
  for (std::int32_t& axis : out.axes) {
    axis = in.i32();
  }
  in.seek(92);
  out.extended = in.i32();
  in.seek(104);
  out.kind = in.text(4);
  in.seek(196);
  for (float& place : out.origin) {
    place = in.f32();
  }
  return out;
}

bool is_plausible(const Header& header) {
  std::array<std::int32_t, 3> axes = header.axes;
  std::ranges::sort(axes);
  const auto side = [](std::int32_t size) { return size > 0 && size <= longest_side; };
  return side(header.columns) && side(header.rows) && header.sections > 0 && is_mode(header.mode) &&
         axes == std::array{1, 2, 3} && header.extended >= 0;
}

/// By the machine stamp; old files lack it: then by the order that makes sense of the header.
Header read_header(io::ByteReader& in) {
  in.seek(0);
  in.require(header_bytes);
  in.seek(212);
  const std::uint8_t stamp = in.u8();
  constexpr std::uint8_t big_stamp = 0x11;
  in.set_order(stamp == big_stamp ? io::ByteOrder::big : io::ByteOrder::little);
  const Header first = parse(in);
  if (is_plausible(first)) {
    return first;
  }
  in.set_order(stamp == big_stamp ? io::ByteOrder::little : io::ByteOrder::big);
  const Header second = parse(in);
  if (is_plausible(second)) {
    return second;
  }
  in.set_order(first.order);
  return first;
}

void set_type(detail::FrameLayout& layout, std::int32_t mode) {
  switch (mode) {
    case 0:
      layout.dtype = DType::i8;
      return;
    case 1:
      layout.dtype = DType::i16;
      return;
    case 2:
      layout.dtype = DType::f32;
      return;
    case 3:
      layout.dtype = DType::c64;
      layout.packing = detail::Packing::short_pair;
      return;
    case 4:
      layout.dtype = DType::c64;
      return;
    case 6:
      layout.dtype = DType::u16;
      return;
    case 7:
      layout.dtype = DType::i32;
      return;
    case 12:
      layout.dtype = DType::f32;
      layout.packing = detail::Packing::half;
      return;
    default:
      throw Error(Errc::unsupported,
                  mode == 101 ? std::string("an MRC file with 4 bits per pixel (mode 101)")
                              : fmt::format("an MRC file with pixels of the mode {}", mode),
                  "Convert it to mode 1, 2 or 6");
  }
}

void check(const Header& header, std::uint64_t size, const std::string& file) {
  if (header.columns <= 0 || header.rows <= 0 || header.sections <= 0 || header.columns > longest_side ||
      header.rows > longest_side) {
    throw Error(
        Errc::bad_input, Location{.file = file, .offset = 0},
        fmt::format("the header says {} sections of {} × {} pixels", header.sections, header.rows, header.columns),
        "The file is damaged, or not an MRC file");
  }
  if (header.extended < 0 || static_cast<std::uint64_t>(header.extended) > size - header_bytes) {
    throw Error(Errc::bad_input, Location{.file = file, .offset = 92},
                fmt::format("an extended header of {} bytes in a file of {}", header.extended, size),
                "The file is damaged or was cut off");
  }
}

Axis pixel_axis(const Header& header, std::size_t which, std::int32_t size, const char* name) {
  Axis out{.name = name, .size = static_cast<std::size_t>(size)};
  constexpr double nm_per_angstrom = 0.1;
  const double cell = static_cast<double>(header.cell_angstrom[which]);
  if (std::isfinite(cell) && cell > 0.0 && header.sampling[which] > 0) {
    out.scale = cell * nm_per_angstrom / header.sampling[which];
    out.unit = "nm";
    const double origin = static_cast<double>(header.origin[which]);
    out.offset = std::isfinite(origin) ? origin * nm_per_angstrom + 0.0 : 0.0;
  }
  return out;
}

/// Pixel sizes of the records go before the cell, which programs leave at one ångström per pixel.
void set_pixel(Axis& axis, const std::optional<double>& metres) {
  if (metres && *metres > 0.0) {
    axis.scale = *metres * 1e9;
    axis.unit = "nm";
  }
}

std::optional<double> positive(const Value& record, const char* name) {
  const auto value = record.number_at(name);
  return value && *value > 0.0 ? value : std::nullopt;
}

void read_metadata(const Value& record, Metadata& metadata) {
  if (const auto volts = positive(record, "HT")) {
    metadata.beam_energy = Energy(*volts);  // V on one charge: eV
  }
  if (const auto angle = positive(record, "Convergence angle")) {
    metadata.convergence = *angle * units::rad;
  }
  metadata.magnification = positive(record, "Magnification");
  constexpr double stem = 2.0;
  const bool scanned = record.number_at("Instrument mode") == stem;
  metadata.detector = record.text_at(scanned ? "STEM Detector name" : "Camera name").value_or("");
  if (const auto seconds = positive(record, scanned ? "Frame time" : "Integration time")) {
    metadata.exposure = *seconds * units::s;
  }
  if (const auto seconds = recorded_s(record)) {
    metadata.acquired = fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::gmtime(static_cast<std::time_t>(*seconds)));
  }
}

/// When the sections were recorded, if every record says so and they do not run backwards.
std::vector<double> times_of(std::span<const std::byte> records, std::size_t bytes, std::size_t sections,
                             io::ByteOrder order) {
  std::vector<double> out;
  double first = 0.0;
  if (bytes == 0 || records.size() / bytes < sections) {
    return out;
  }
  for (std::size_t i = 0; i < sections; ++i) {
    const auto seconds = recorded_s(read_record(records.subspan(i * bytes, bytes), order));
    if (!seconds || (i > 0 && *seconds - first < out.back())) {
      return {};
    }
    first = i == 0 ? *seconds : first;
    out.push_back(*seconds - first);
  }
  return out;
}

Axis section_axis(const std::vector<double>& times, const Metadata& metadata, std::size_t sections) {
  Axis axis{.name = "image", .size = sections};
  if (!times.empty() && times.back() > 0.0) {
    constexpr double rounding_s = 1e-3;
    axis = detail::axis_through(times, rounding_s);
    axis.name = "time";
    axis.unit = "s";
  } else if (metadata.exposure) {
    axis = {.name = "time", .size = sections, .scale = metadata.exposure->in(units::s), .unit = "s"};
  }
  return axis;
}

Value labels(io::ByteReader& in) {
  Value out = Value::array();
  in.seek(220);
  const std::int32_t count = std::clamp(in.i32(), 0, 10);
  for (std::int32_t i = 0; i < count; ++i) {
    std::string text = in.text(80);
    text.resize(std::min(text.find('\0'), text.size()));
    text.resize(text.find_last_not_of(' ') + 1);
    out.push_back(Value(io::to_utf8(text)));
  }
  return out;
}

Match sniff(std::span<const std::byte> head) {
  if (head.size() < header_bytes) {
    return Match::no;
  }
  io::ByteReader in(head);
  in.seek(208);
  const bool marked = in.text(4) == "MAP ";
  return marked ? Match::yes : is_plausible(read_header(in)) ? Match::maybe : Match::no;
}

/// A file too short for the header can only be told by its name.
bool claims(const std::filesystem::path& path) {
  static constexpr std::array<std::string_view, 2> names{"mrc", "mrcs"};
  std::error_code none;
  return std::ranges::find(names, io::extension(path)) != names.end() && std::filesystem::is_regular_file(path, none) &&
         std::filesystem::file_size(path, none) < header_bytes && !none;
}

std::vector<Signal> read(const std::filesystem::path& path, Run& run) {
  const auto file = io::MappedFile::open(path);
  if (file->size() < header_bytes) {
    throw Error(
        Errc::bad_input, Location{.file = path.string(), .offset = file->size()},
        fmt::format("an MRC file begins with a header of {} bytes, this one has {}", header_bytes, file->size()),
        "The file was cut off; copy it again from the instrument");
  }
  io::ByteReader in(file->bytes(), path.string());
  const Header header = read_header(in);
  check(header, file->size(), path.string());
  detail::FrameLayout layout;
  set_type(layout, header.mode);
  layout.order = header.order;
  layout.rows = static_cast<std::size_t>(header.rows);
  layout.columns = static_cast<std::size_t>(header.columns);
  const std::uint64_t first = header_bytes + static_cast<std::uint64_t>(header.extended);
  const std::uint64_t frame = layout.rows * layout.columns * layout.stored_width();
  const auto sections = static_cast<std::uint64_t>(header.sections);
  if (sections > (file->size() - first) / frame) {
    throw Error(Errc::bad_input, Location{.file = path.string(), .offset = first},
                fmt::format("{} sections of {} × {} pixels need {} bytes each, {} bytes follow", sections, header.rows,
                            header.columns, frame, file->size() - first),
                "The file was cut off, or the acquisition was stopped");
  }
  for (std::uint64_t i = 0; i < sections; ++i) {
    layout.offsets.push_back(first + i * frame);
  }

  Signal out;
  out.original = Value::object();
  out.original["mode"] = Value(static_cast<std::int64_t>(header.mode));
  out.original["labels"] = labels(in);
  out.axes = {pixel_axis(header, 1, header.rows, "y"), pixel_axis(header, 0, header.columns, "x")};
  const std::span<const std::byte> records =
      file->bytes().subspan(header_bytes, static_cast<std::size_t>(header.extended));
  const std::size_t bytes = record_bytes(header.kind);
  if (bytes > 0 && records.size() >= bytes) {
    const Value record = read_record(records.first(bytes), header.order);
    set_pixel(out.axes[1], record.number_at("Pixel size X"));
    set_pixel(out.axes[0], record.number_at("Pixel size Y"));
    read_metadata(record, out.metadata);
    out.original[header.kind] = record;
  }
  out.metadata.title = path.stem().string();
  if (sections > 1) {
    out.navigation = {section_axis(times_of(records, bytes, sections, header.order), out.metadata, sections)};
  }
  if (header.axes != std::array{1, 2, 3}) {
    run.warn("mrc.axes", fmt::format("{}: columns, rows and sections are the axes {}, {}, {}; they are read as x, y, z",
                                     path.filename().string(), header.axes[0], header.axes[1], header.axes[2]));
  }
  out.source = detail::frame_source(file, std::move(layout));
  std::vector<Signal> signals;
  signals.push_back(std::move(out));
  return signals;
}

}  // namespace

extern const Format format;
const Format format{.id = "mrc",
                    .title = "MRC",
                    .extensions = {"mrc", "mrcs", "rec", "st"},
                    .sniff = sniff,
                    .read = read,
                    .claims = claims};

}  // namespace hotstage::signal::mrc
