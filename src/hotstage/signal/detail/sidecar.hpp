// SPDX-License-Identifier: GPL-3.0-or-later
// A file beside an image file that says what the image cannot: how raw numbers lie, pixel size, times, microscope.

#pragma once

#include "hotstage/core/fields.hpp"
#include "hotstage/signal/signal.hpp"

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace hotstage::signal::detail {

enum class SidecarOrder { little, big };

constexpr auto enum_names(SidecarOrder) {
  return std::array{EnumName<SidecarOrder>{SidecarOrder::little, "little"},
                    EnumName<SidecarOrder>{SidecarOrder::big, "big"}};
}

/// TOML or JSON with schema = "hotstage.image/1", or the short notes "512 x 512 x uint16" of an info.txt.
struct Sidecar {
  std::string schema_name;
  std::string dtype;
  std::vector<std::size_t> shape;
  std::size_t offset = 0;
  std::size_t gap = 0;
  SidecarOrder byte_order = SidecarOrder::little;
  bool bottom_up = false;
  std::optional<double> pixel_size;
  std::optional<double> pixel_size_y;
  std::string pixel_unit = "nm";
  std::optional<Time> frame_time;
  std::optional<Energy> beam_energy;
  std::optional<Angle> convergence;
  std::string title;
  std::string detector;
  std::string acquired;

  template <class V>
  void fields(V& v) {
    v("schema", schema_name, {.help = "hotstage.image/1", .required = true});
    v("dtype", dtype, {.help = "of raw numbers: uint8, int8, …, float32, float64, complex64 or float16"});
    v("shape", shape, {.help = "of raw numbers: [rows, columns] or [frames, rows, columns]"});
    v("offset", offset, {.help = "bytes before the first frame of raw numbers"});
    v("gap", gap, {.help = "bytes between two frames of raw numbers"});
    v("byte_order", byte_order, {.help = "of raw numbers"});
    v("bottom_up", bottom_up, {.help = "raw frames begin with the last row"});
    v("pixel_size", pixel_size, {.help = "width of a pixel in pixel_unit", .min = 0});
    v("pixel_size_y", pixel_size_y, {.help = "height of a pixel when it differs", .min = 0});
    v("pixel_unit", pixel_unit, {.help = "nm, µm, 1/nm, …"});
    v("frame_time", frame_time, {.help = "from the start of a frame to the start of the next", .unit = "s", .min = 0});
    v("beam_energy", beam_energy, {.help = "beam energy", .unit = "keV", .min = 1, .max = 3000});
    v("convergence", convergence, {.help = "semi-angle of the probe", .unit = "mrad", .min = 0, .max = 200});
    v("title", title, {.help = "what it shows"});
    v("detector", detector, {.help = "which detector"});
    v("acquired", acquired, {.help = "date and time"});
  }
};

/// The first of FILE.toml, FILE.json, STEM.toml, STEM.json, series.toml and series.json of the folder that names the
/// schema, then info.txt of the folder. Nothing when there is none.
[[nodiscard]] std::optional<std::filesystem::path> find_sidecar(const std::filesystem::path& image);

/// The same as a list of companions (Format::companions).
[[nodiscard]] std::vector<std::filesystem::path> sidecar_of(const std::filesystem::path& image);

/// Throws Error{bad_input} with the place of the first key that is wrong.
[[nodiscard]] Sidecar read_sidecar(const std::filesystem::path& file);

/// Notes such as "512 x 512 x uint16", "0.135 nm / pixel", "1.99 s / image", one to a line; nothing without the first.
[[nodiscard]] std::optional<Sidecar> parse_notes(std::string_view text);

/// Puts pixel size, frame time and the microscope over what the signal says.
void apply(const Sidecar& sidecar, Signal& signal);

}  // namespace hotstage::signal::detail
