// SPDX-License-Identifier: GPL-3.0-or-later
// Numbers without a header, described by a file beside them.

#include "hotstage/core/error.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/signal/detail/frames.hpp"
#include "hotstage/signal/detail/sidecar.hpp"
#include "hotstage/signal/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hotstage::signal::raw {

namespace {

constexpr std::size_t most_frames = std::size_t{1} << 26;

void set_type(detail::FrameLayout& layout, const std::string& word, const std::string& sidecar) {
  static constexpr std::array types{DType::u8,  DType::i8,  DType::u16, DType::i16, DType::u32, DType::i32,
                                    DType::u64, DType::i64, DType::f32, DType::f64, DType::c64, DType::c128};
  if (word == "float16") {
    layout.dtype = DType::f32;
    layout.packing = detail::Packing::half;
    return;
  }
  const auto* found = std::ranges::find(types, word, [](DType type) { return name(type); });
  if (found == types.end()) {
    throw Error(Errc::bad_input, Location{.file = sidecar}, fmt::format("dtype = \"{}\" is no type of numbers", word),
                "Known are uint8, int8, uint16, int16, uint32, int32, uint64, int64, float16, float32, float64, "
                "complex64, complex128");
  }
  layout.dtype = *found;
}

/// Places of the frames: as many as the shape says, or as fit when it is that of one frame.
void set_frames(detail::FrameLayout& layout, const detail::Sidecar& sidecar, std::uint64_t size,
                const std::string& file, const std::string& beside) {
  const std::size_t rank = sidecar.shape.size();
  if (rank != 2 && rank != 3) {
    throw Error(Errc::bad_input, Location{.file = beside}, fmt::format("a shape of {} numbers", rank),
                "Say shape = [rows, columns] or [frames, rows, columns]");
  }
  layout.rows = sidecar.shape[rank - 2];
  layout.columns = sidecar.shape[rank - 1];
  std::size_t frame = 0;
  std::size_t step = 0;
  const bool overflow = __builtin_mul_overflow(layout.rows, layout.columns, &frame) ||
                        __builtin_mul_overflow(frame, layout.stored_width(), &frame) ||
                        __builtin_add_overflow(frame, sidecar.gap, &step);
  if (overflow || frame == 0 || sidecar.offset > size || frame > size - sidecar.offset) {
    throw Error(Errc::bad_input, Location{.file = file, .offset = sidecar.offset},
                fmt::format("a frame of {} × {} pixels of {} bytes does not fit the {} bytes of the file", layout.rows,
                            layout.columns, layout.stored_width(), size),
                fmt::format("Correct shape, dtype or offset in {}", beside));
  }
  // The last frame needs no gap behind it.
  const std::uint64_t body = size - sidecar.offset;
  const std::uint64_t fit = (body - frame) / step + 1;
  const std::uint64_t frames = rank == 3 ? sidecar.shape[0] : fit;
  const std::uint64_t rest = body - ((fit - 1) * step + frame);
  if (frames == 0 || frames > fit || frames > most_frames || (rank == 2 && rest != 0 && rest != sidecar.gap)) {
    throw Error(Errc::bad_input, Location{.file = file, .offset = size - rest},
                frames > fit || frames == 0
                    ? fmt::format("{} frames of {} bytes are declared, {} fit", frames, step, fit)
                    : fmt::format("{} bytes remain behind {} frames of {} bytes", rest, fit, step),
                fmt::format("Correct shape, dtype, offset or gap in {}, or copy the file again", beside));
  }
  for (std::uint64_t i = 0; i < frames; ++i) {
    layout.offsets.push_back(sidecar.offset + i * step);
  }
}

/// A pattern such as "run/*.raw" is a series of files, not a file.
bool claims(const std::filesystem::path& path) {
  std::error_code none;
  const std::string extension = io::extension(path);
  return (extension == "raw" || extension == "bin") && std::filesystem::is_regular_file(path, none);
}

Match sniff(std::span<const std::byte>) {
  return Match::no;
}

std::vector<Signal> read(const std::filesystem::path& path, Run&) {
  const auto beside = detail::find_sidecar(path);
  if (!beside) {
    throw Error(
        Errc::bad_input, Location{.file = path.string()}, "raw numbers without a file that describes them",
        fmt::format("Write {}.toml beside it: schema = \"hotstage.image/1\", dtype = \"uint16\", shape = [rows, "
                    "columns], pixel_size = …, frame_time = \"… s\"",
                    path.filename().string()));
  }
  const detail::Sidecar sidecar = detail::read_sidecar(*beside);
  const auto file = io::MappedFile::open(path);
  detail::FrameLayout layout;
  layout.bottom_up = sidecar.bottom_up;
  layout.order = sidecar.byte_order == detail::SidecarOrder::big ? io::ByteOrder::big : io::ByteOrder::little;
  set_type(layout, sidecar.dtype, beside->string());
  set_frames(layout, sidecar, file->size(), path.string(), beside->string());
  Signal out;
  out.axes = {{.name = "y", .size = layout.rows}, {.name = "x", .size = layout.columns}};
  if (layout.offsets.size() > 1) {
    out.navigation = {{.name = "image", .size = layout.offsets.size()}};
  }
  out.metadata.title = path.stem().string();
  out.original = Value::object();
  out.original["sidecar"] = Value(beside->string());
  apply(sidecar, out);
  out.source = detail::frame_source(file, std::move(layout));
  std::vector<Signal> signals;
  signals.push_back(std::move(out));
  return signals;
}

}  // namespace

extern const Format format;
const Format format{.id = "raw",
                    .title = "raw numbers with a description beside them",
                    .extensions = {"raw", "bin"},
                    .sniff = sniff,
                    .read = read,
                    .claims = claims,
                    .companions = detail::sidecar_of};

}  // namespace hotstage::signal::raw
