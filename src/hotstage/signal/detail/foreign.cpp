// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/detail/foreign.hpp"

#include "hotstage/io/files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace hotstage::signal::detail {

namespace {

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool holds(std::span<const std::byte> head, std::size_t at, std::string_view magic) {
  return head.size() >= at + magic.size() && as_text(head.subspan(at, magic.size())) == magic;
}

std::uint32_t big_endian(std::span<const std::byte> head) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4 && i < head.size(); ++i) {
    value = (value << 8U) | std::to_integer<std::uint32_t>(head[i]);
  }
  return value;
}

struct Magic {
  std::size_t at;
  std::string_view bytes;
  std::string_view name;
  std::string_view hint;
};

using namespace std::string_view_literals;

constexpr std::array table{
    Magic{0, "IMGBLO"sv, "a NanoMegas blockfile (BLO)", ""},
    Magic{0, "\xFF\xD8\xFF"sv, "a JPEG picture", "Pictures carry no calibration: export TIFF or the raw file instead"},
    Magic{0, "\x93NUMPY"sv, "a NumPy array", ""},
    Magic{0, "\x1F\x8B"sv, "a gzip archive", "Unpack it first"},
    Magic{0, "%PDF"sv, "a PDF document", ""},
};

Foreign recognise_zip(std::span<const std::byte> head) {
  const std::string_view text = as_text(head);
  if (text.find("data.npy") != std::string_view::npos || text.find("metadata.json") != std::string_view::npos) {
    return {"a Nion Swift file (ndata)", "Export the item from Nion Swift as DM or CSV"};
  }
  if (text.find(".zgroup") != std::string_view::npos || text.find("zarr.json") != std::string_view::npos) {
    return {"a HyperSpy Zarr store (ZSPY)", "Save it as .hspy from HyperSpy"};
  }
  return {"a ZIP archive", "Unpack it first"};
}

bool has_member(const io::Hdf5File& file, std::string_view name) {
  return file.kind(fmt::format("/{}", name)) != io::Hdf5Kind::missing;
}

}  // namespace

bool is_apple_double(std::span<const std::byte> head) {
  constexpr std::uint32_t apple_double = 0x00051607;
  return head.size() >= 4 && big_endian(head) == apple_double;
}

bool is_hdf5(std::span<const std::byte> head) {
  for (const std::size_t at : {0U, 512U, 1024U, 2048U}) {
    if (holds(head, at, "\x89HDF\r\n\x1A\n")) {
      return true;
    }
  }
  return false;
}

Foreign recognise_hdf5(const io::Hdf5File& file) {
  if (has_member(file, "ImageList") || has_member(file, "DocumentObjectList")) {
    return {"a Gatan DM5 file", "Save it as .dm4 from DigitalMicrograph"};
  }
  const Value root = file.attributes("/");
  if (root.find("version_major") != nullptr) {
    return {"an NCEM EMD file without data (no group has emd_group_type 1)", ""};
  }
  if (root.find("NX_class") != nullptr || root.find("NeXus_version") != nullptr) {
    return {"a NeXus file", ""};
  }
  if (has_member(file, "data") && file.kind("/data") == io::Hdf5Kind::dataset &&
      (root.find("uuid") != nullptr || file.attributes("/data").find("properties") != nullptr)) {
    return {"a Nion Swift file (HDF5)", "Export the item from Nion Swift as DM or CSV"};
  }
  return {"an HDF5 file that is not a HyperSpy signal (it has no group \"Experiments\"), nor an EMD file",
          "Save it as .hspy from HyperSpy"};
}

std::optional<Foreign> recognise_foreign(const std::filesystem::path& file, std::span<const std::byte> head) {
  for (const Magic& magic : table) {
    if (holds(head, magic.at, magic.bytes)) {
      return Foreign{std::string(magic.name), std::string(magic.hint)};
    }
  }
  if (holds(head, 0, "PK\x03\x04")) {
    return recognise_zip(head);
  }
  const std::string extension = io::extension(file);
  const std::uint32_t version = big_endian(head);
  if ((extension == "dm2" || extension == "dm3" || extension == "dm4" || extension == "dm5") && version != 3 &&
      version != 4) {
    constexpr std::uint32_t newest_plausible = 9;
    if (version >= 1 && version <= newest_plausible) {
      return Foreign{fmt::format("a Gatan DM file of version {}", version), "Save it as .dm4 from DigitalMicrograph"};
    }
  }
  return std::nullopt;
}

}  // namespace hotstage::signal::detail
