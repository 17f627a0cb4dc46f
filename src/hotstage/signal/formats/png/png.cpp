// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/error.hpp"
#include "hotstage/io/mapped_file.hpp"
#include "hotstage/signal/detail/sidecar.hpp"
#include "hotstage/signal/format.hpp"
#include "hotstage/signal/formats/png/decode.hpp"

#include <cstring>

namespace hotstage::signal::png {

namespace {

/// Unpacks the picture at every read: rows depend on the rows above.
class PngSource final : public Source {
 public:
  PngSource(std::shared_ptr<const io::MappedFile> file, Header header)
      : file_(std::move(file)), header_(std::move(header)) {}

  [[nodiscard]] DType dtype() const override { return header_.type; }

  [[nodiscard]] std::size_t items() const override { return 1; }

  [[nodiscard]] std::size_t channels() const override { return header_.width * header_.height; }

  void read(const Region& region, std::span<std::byte> out) const override {
    HOTSTAGE_EXPECTS(region.first_channel <= channels() && region.channels <= channels() - region.first_channel);
    if (region.items == 0) {
      return;
    }
    const std::vector<std::byte> all = decode(file_->bytes(), header_, file_->path().string());
    std::memcpy(out.data(), all.data() + region.first_channel * size_of(header_.type), out.size());
  }

 private:
  std::shared_ptr<const io::MappedFile> file_;
  Header header_;
};

Match sniff(std::span<const std::byte> head) {
  using namespace std::string_view_literals;
  const std::string_view text(reinterpret_cast<const char*>(head.data()), std::min<std::size_t>(head.size(), 8));
  return text == "\x89PNG\r\n\x1A\n"sv ? Match::yes : Match::no;
}

/// Pixels per metre are a printer's unless they are finer than a micrometre.
void set_pixels(Axis& axis, const std::optional<double>& per_m) {
  constexpr double microscope = 1e6;
  if (per_m && *per_m >= microscope) {
    axis.scale = 1e9 / *per_m;
    axis.unit = "nm";
  }
}

std::vector<Signal> read(const std::filesystem::path& path, Run&) {
  const auto file = io::MappedFile::open(path);
  if (sniff(file->bytes()) != Match::yes) {
    throw Error(Errc::bad_input, Location{.file = path.string(), .offset = 0}, "not a PNG file");
  }
  Header header = read_header(file->bytes(), path.string());
  Signal out;
  out.axes = {{.name = "y", .size = header.height}, {.name = "x", .size = header.width}};
  set_pixels(out.axes[0], header.y_per_m);
  set_pixels(out.axes[1], header.x_per_m);
  out.metadata.title = path.stem().string();
  out.original = header.texts;
  if (const auto beside = detail::find_sidecar(path); beside && beside->filename() != "info.txt") {
    apply(detail::read_sidecar(*beside), out);
    out.original["sidecar"] = Value(beside->string());
  }
  out.source = std::make_shared<PngSource>(file, std::move(header));
  std::vector<Signal> signals;
  signals.push_back(std::move(out));
  return signals;
}

}  // namespace

extern const Format format;
const Format format{.id = "png",
                    .title = "PNG picture",
                    .extensions = {"png"},
                    .sniff = sniff,
                    .read = read,
                    .companions = detail::sidecar_of};

}  // namespace hotstage::signal::png
