// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/formats/tiff/calibration.hpp"

#include "hotstage/io/delimited.hpp"
#include "hotstage/io/document.hpp"
#include "hotstage/signal/formats/tiff/instruments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>

namespace hotstage::signal::tiff {

namespace {

using Entries = std::map<std::string, std::string, std::less<>>;

Entries split_lines(std::string_view text) {
  Entries out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (const std::size_t equals = line.find('='); equals != std::string_view::npos) {
      out.emplace(line.substr(0, equals), line.substr(equals + 1));
    }
  }
  return out;
}

std::optional<double> number(const Entries& entries, std::string_view key) {
  const auto at = entries.find(key);
  const auto value = at == entries.end() ? std::nullopt : io::parse_number(at->second);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

/// ImageJ escapes the micro sign as \u00B5 and has its own words for units.
std::string imagej_unit(std::string unit) {
  if (const std::size_t escape = unit.find("\\u00B5"); escape != std::string::npos) {
    unit.replace(escape, 6, "µ");
  }
  if (unit == "micron" || unit == "microns" || unit == "um") {
    return "µm";
  }
  if (unit == "sec") {
    return "s";
  }
  return unit == "pixel" || unit == "pixels" ? std::string() : unit;
}

double positive_or(std::optional<double> value, double fallback) {
  return value && *value > 0.0 && std::isfinite(*value) ? *value : fallback;
}

/// Pixel size = 1 / resolution in the unit of the description; `spacing` between slices, `finterval` between frames.
void read_imagej(const Entries& entries, const Value& tags, Calibration& out) {
  const double images = number(entries, "images").value_or(0.0);
  constexpr double most_images = 1e9;
  out.images = images >= 1.0 && images < most_images ? static_cast<std::size_t>(images) : 0;
  const auto text = [&](const char* key) {
    const auto at = entries.find(key);
    return at == entries.end() ? std::string() : imagej_unit(at->second);
  };
  const std::string unit = text("unit");
  if (!unit.empty()) {
    const auto x = tags.number_at("XResolution");
    const auto y = tags.number_at("YResolution");
    out.x.unit = unit;
    out.y.unit = entries.contains("yunit") ? text("yunit") : unit;
    out.x.scale = 1.0 / positive_or(x, 1.0);
    out.y.scale = 1.0 / positive_or(y, 1.0);
    out.x.offset = 0.0 - number(entries, "xorigin").value_or(0.0) * out.x.scale;
    out.y.offset = 0.0 - number(entries, "yorigin").value_or(0.0) * out.y.scale;
  }
  const auto interval = number(entries, "finterval");
  if (interval && *interval > 0.0 && number(entries, "slices").value_or(1.0) <= 1.0) {
    out.z = {.name = "time", .scale = *interval, .unit = entries.contains("tunit") ? text("tunit") : "s"};
  } else if (const auto spacing = number(entries, "spacing"); spacing && *spacing != 0.0 && !unit.empty()) {
    out.z = {.name = "z", .scale = *spacing, .unit = entries.contains("zunit") ? text("zunit") : unit};
  }
  // Calibrated 16-bit images: value = c0 + c1·stored; cf 0 means the linear function.
  if (number(entries, "cf") == 0.0) {
    out.intensity_offset = number(entries, "c0").value_or(0.0);
    out.intensity_scale = positive_or(number(entries, "c1"), 1.0);
  }
}

/// DigitalMicrograph: units 65003–65005, origins 65006–65008 in units, scales 65009–65011 of x, y, z; intensity 65024,
/// 65025.
void read_digital_micrograph(const Value& tags, Calibration& out) {
  Axis* axes[] = {&out.x, &out.y, &out.z};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto scale = tags.number_at(fmt::format("{}", 65009 + i));
    if (scale && *scale != 0.0 && std::isfinite(*scale)) {
      axes[i]->scale = *scale;
      const double origin = tags.number_at(fmt::format("{}", 65006 + i)).value_or(0.0);
      axes[i]->offset = std::isfinite(origin) ? origin + 0.0 : 0.0;
      axes[i]->unit = tags.text_at(fmt::format("{}", 65003 + i)).value_or("");
    }
  }
  const auto unit = find_unit(out.z.unit);
  if (unit && unit->dimension == Time::dimension) {
    out.z.name = "time";
  }
  const double scale = tags.number_at("65025").value_or(1.0);
  const double offset = tags.number_at("65024").value_or(0.0);
  if (std::isfinite(scale) && scale != 0.0 && std::isfinite(offset)) {
    out.intensity_scale = scale;
    out.intensity_offset = -offset * scale;
  }
}

/// Pixels per centimetre are a calibration; pixels per inch are almost always a printer's 72 or 300 and are not.
void read_resolution(const Value& tags, Calibration& out) {
  constexpr double per_cm = 3.0;
  const auto x = tags.number_at("XResolution");
  const auto y = tags.number_at("YResolution");
  if (tags.number_at("ResolutionUnit") != per_cm || !x || !y || !(*x > 0.0) || !(*y > 0.0) || !std::isfinite(*x) ||
      !std::isfinite(*y)) {
    return;
  }
  constexpr double nm_per_cm = 1e7;
  // Scanners and printers also use cm; above 10 000 per cm (1 µm pixels) it is a microscope.
  constexpr double microscope = 1e4;
  if (*x >= microscope && *y >= microscope) {
    out.x.scale = nm_per_cm / *x;
    out.y.scale = nm_per_cm / *y;
    out.x.unit = "nm";
    out.y.unit = "nm";
  }
}

/// 0 when the axis has no unit or no positive uniform scale.
double pixels_per_unit(const Axis& axis) {
  return axis.is_uniform() && !axis.unit.empty() && axis.scale > 0.0 && std::isfinite(axis.scale) ? 1.0 / axis.scale
                                                                                                  : 0.0;
}

std::string make_description(const Signal& signal, const std::string& json) {
  const Axis& x = signal.axes[1];
  std::string out = "ImageJ=1.11a\n";
  if (signal.items() > 1) {
    const Axis& z = signal.navigation.front();
    const auto unit = find_unit(z.unit);
    const bool time = unit && unit->dimension == Time::dimension;
    out += fmt::format("images={0}\n{1}={0}\n", signal.items(), time ? "frames" : "slices");
    if (time && z.is_uniform()) {
      out += fmt::format("finterval={}\n", io::shortest(z.scale * unit->factor));
    } else if (z.is_uniform() && !z.unit.empty()) {
      out += fmt::format("spacing={}\n{}", io::shortest(z.scale),
                         z.unit == x.unit ? "" : fmt::format("zunit={}\n", z.unit));
    }
    out += "loop=false\n";
  }
  if (pixels_per_unit(x) > 0.0) {
    std::string unit = x.unit;
    if (unit.starts_with("µ") || unit.starts_with("μ")) {
      unit = "\\u00B5" + unit.substr(2);
    }
    out += fmt::format("unit={}\n", unit);
  }
  // Programs split every line at the equals sign.
  std::string line = json;
  for (std::size_t at = line.find('='); at != std::string::npos; at = line.find('=', at)) {
    line.replace(at, 1, "\\u003d");
  }
  return out + "hotstage=" + line + "\n";
}

}  // namespace

Calibration read_calibration(const Value& tags, std::size_t width, std::size_t height) {
  Calibration out;
  out.x.size = width;
  out.y.size = height;
  const std::string description = tags.text_at("ImageDescription").value_or("");
  const bool imagej = description.starts_with("ImageJ=");
  const Entries entries = imagej ? split_lines(description) : Entries{};
  if (const auto own = entries.find("hotstage"); own != entries.end()) {
    out.description = own->second;
  }
  if (tags.find("65009") != nullptr) {
    read_digital_micrograph(tags, out);
  } else if (imagej) {
    read_imagej(entries, tags, out);
  } else if (const auto fei = tags.text_at("34682"); fei || tags.text_at("34680")) {
    read_fei(fei ? *fei : *tags.text_at("34680"), out);
  } else if (description.find("<OME") != std::string::npos) {
    read_ome(description, out);
  } else {
    read_resolution(tags, out);
  }
  return out;
}

Labels make_labels(const Signal& signal, const std::string& json) {
  Labels out;
  out.description = make_description(signal, json);
  out.x_per_unit = pixels_per_unit(signal.axes[1]);
  out.y_per_unit = pixels_per_unit(signal.axes[0]);
  out.axes = {signal.axes[1], signal.axes[0]};
  out.axes.insert(out.axes.end(), signal.navigation.begin(), signal.navigation.end());
  return out;
}

}  // namespace hotstage::signal::tiff
