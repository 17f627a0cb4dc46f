// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/detail/sidecar.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/io/delimited.hpp"
#include "hotstage/io/document.hpp"
#include "hotstage/io/files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage::signal::detail {

namespace {

constexpr std::string_view schema_name = "hotstage.image/1";
constexpr std::size_t longest_sidecar = std::size_t{1} << 20;

bool is_notes(const std::filesystem::path& file) {
  return io::extension(file) == "txt";
}

/// Files of other programs with the same name are not ours.
bool is_sidecar(const std::filesystem::path& file) {
  std::error_code none;
  if (!std::filesystem::is_regular_file(file, none) || std::filesystem::file_size(file, none) > longest_sidecar) {
    return false;
  }
  const std::string text = io::read_text(file, longest_sidecar);
  return is_notes(file) ? parse_notes(text).has_value() : text.find(schema_name) != std::string::npos;
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> out(1);
  for (const char c : line) {
    if (c == ' ' || c == '\t' || c == '\r') {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  std::erase(out, std::string());
  return out;
}

std::optional<double> positive(std::string_view word) {
  const auto value = io::parse_number(word);
  return value && std::isfinite(*value) && *value > 0.0 ? value : std::nullopt;
}

/// "512 x 512 x uint16": width, height, type.
void read_size(const std::vector<std::string>& words, Sidecar& out) {
  constexpr double most = 1e9;
  if (words.size() != 5 || words[1] != "x" || words[3] != "x") {
    return;
  }
  const auto width = positive(words[0]);
  const auto height = positive(words[2]);
  if (width && height && *width < most && *height < most && std::floor(*width) == *width &&
      std::floor(*height) == *height) {
    out.shape = {static_cast<std::size_t>(*height), static_cast<std::size_t>(*width)};
    out.dtype = words[4];
  }
}

}  // namespace

std::optional<Sidecar> parse_notes(std::string_view text) {
  Sidecar out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::vector<std::string> words = words_of(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    read_size(words, out);
    const bool ratio = words.size() == 4 && words[2] == "/";
    const auto value = ratio ? positive(words[0]) : std::nullopt;
    const auto unit = ratio ? find_unit(words[1]) : std::nullopt;
    if (!value || !unit) {
      continue;
    }
    if (words[3] == "pixel" || words[3] == "px") {
      out.pixel_size = value;
      out.pixel_unit = words[1];
    } else if ((words[3] == "image" || words[3] == "frame") && unit->dimension == Time::dimension) {
      out.frame_time = *value * unit->factor * units::s;
    }
  }
  return out.shape.empty() ? std::nullopt : std::optional(out);
}

std::optional<std::filesystem::path> find_sidecar(const std::filesystem::path& image) {
  const std::filesystem::path folder = image.parent_path();
  std::filesystem::path stem = image;
  stem.replace_extension();
  for (const std::filesystem::path& candidate :
       {std::filesystem::path(image.string() + ".toml"), std::filesystem::path(image.string() + ".json"),
        std::filesystem::path(stem.string() + ".toml"), std::filesystem::path(stem.string() + ".json"),
        folder / "series.toml", folder / "series.json", folder / "info.txt"}) {
    if (candidate != image && is_sidecar(candidate)) {
      return candidate;
    }
  }
  return std::nullopt;
}

std::vector<std::filesystem::path> sidecar_of(const std::filesystem::path& image) {
  const auto beside = find_sidecar(image);
  return beside ? std::vector{*beside} : std::vector<std::filesystem::path>{};
}

Sidecar read_sidecar(const std::filesystem::path& file) {
  if (is_notes(file)) {
    return parse_notes(io::read_text(file, longest_sidecar)).value_or(Sidecar{});
  }
  auto out = from_table<Sidecar>(io::read_document(file));
  if (out.schema_name != schema_name) {
    throw Error(Errc::bad_input, Location{.file = file.string()},
                fmt::format("the schema \"{}\" is not \"{}\"", out.schema_name, schema_name));
  }
  return out;
}

void apply(const Sidecar& sidecar, Signal& signal) {
  if (signal.axes.size() == 2 && sidecar.pixel_size && *sidecar.pixel_size > 0.0) {
    signal.axes[1].scale = *sidecar.pixel_size;
    signal.axes[0].scale = sidecar.pixel_size_y.value_or(*sidecar.pixel_size);
    for (Axis& axis : signal.axes) {
      axis.offset = 0.0;
      axis.unit = sidecar.pixel_unit;
    }
  }
  Metadata& metadata = signal.metadata;
  if (sidecar.frame_time && sidecar.frame_time->base() > 0.0) {
    metadata.exposure = sidecar.frame_time;
    if (signal.navigation.size() == 1) {
      Axis& frames = signal.navigation.front();
      frames = {.name = "time", .size = frames.size, .scale = sidecar.frame_time->in(units::s), .unit = "s"};
    }
  }
  metadata.beam_energy = sidecar.beam_energy ? sidecar.beam_energy : metadata.beam_energy;
  metadata.convergence = sidecar.convergence ? sidecar.convergence : metadata.convergence;
  metadata.title = sidecar.title.empty() ? metadata.title : sidecar.title;
  metadata.detector = sidecar.detector.empty() ? metadata.detector : sidecar.detector;
  metadata.acquired = sidecar.acquired.empty() ? metadata.acquired : sidecar.acquired;
}

}  // namespace hotstage::signal::detail
