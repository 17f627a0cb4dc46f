// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/formats/tiff/instruments.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/io/delimited.hpp"
#include "hotstage/signal/detail/stored_numbers.hpp"
#include "hotstage/signal/detail/xml.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace hotstage::signal::tiff {

namespace {

constexpr double nm_per_m = 1e9;

/// "Section.Key" → value.
using Settings = std::map<std::string, std::string, std::less<>>;

Settings split_sections(std::string_view text) {
  Settings out;
  std::string section;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.starts_with('[') && line.ends_with(']')) {
      section = line.substr(1, line.size() - 2);
    } else if (const std::size_t equals = line.find('='); equals != std::string_view::npos) {
      out.emplace(fmt::format("{}.{}", section, line.substr(0, equals)), line.substr(equals + 1));
    }
  }
  return out;
}

std::string text_of(const Settings& settings, std::string_view key) {
  const auto found = settings.find(key);
  return found == settings.end() ? std::string() : found->second;
}

std::optional<double> positive(const Settings& settings, std::string_view key) {
  const auto value = io::parse_number(text_of(settings, key));
  return value && std::isfinite(*value) && *value > 0.0 ? value : std::nullopt;
}

void set_pixels(Axis& axis, std::optional<double> metres) {
  if (metres) {
    axis.scale = *metres * nm_per_m;
    axis.unit = "nm";
  }
}

std::optional<double> number(const detail::XmlNode& node, std::string_view key) {
  const auto text = node.attribute(key);
  const auto value = text ? io::parse_number(*text) : std::nullopt;
  return value && std::isfinite(*value) ? value : std::nullopt;
}

std::size_t count(const detail::XmlNode& pixels, std::string_view key) {
  constexpr double most = 1e9;
  const double value = number(pixels, key).value_or(1.0);
  return value >= 1.0 && value <= most ? static_cast<std::size_t>(value) : 1;
}

/// The unit of an OME attribute: µm unless the file says otherwise.
void set_size(Axis& axis, const detail::XmlNode& pixels, const std::string& letter) {
  const auto size = number(pixels, "PhysicalSize" + letter);
  if (size && *size > 0.0) {
    axis.scale = *size;
    axis.unit = pixels.attribute("PhysicalSize" + letter + "Unit").value_or("µm");
    axis.offset = 0.0;
  }
}

/// Seconds of the frames when every plane of a pure time series says when it began.
std::vector<double> plane_times(const detail::XmlNode& pixels, std::size_t frames) {
  std::vector<double> out(frames, std::nan(""));
  for (const detail::XmlNode& plane : pixels.children) {
    const auto index = number(plane, "TheT");
    const auto seconds = number(plane, "DeltaT");
    if (plane.name == "Plane" && index && seconds && *index >= 0.0 && *index < static_cast<double>(frames)) {
      const auto unit = find_unit(plane.attribute("DeltaTUnit").value_or("s"));
      out[static_cast<std::size_t>(*index)] =
          unit && unit->dimension == Time::dimension ? *seconds * unit->factor : std::nan("");
    }
  }
  const bool complete = std::ranges::all_of(out, [](double t) { return std::isfinite(t); });
  return complete ? out : std::vector<double>{};
}

Axis time_axis(const detail::XmlNode& pixels, std::size_t frames, bool only) {
  Axis out{.name = "time", .size = frames};
  if (const auto step = number(pixels, "TimeIncrement"); step && *step > 0.0) {
    out.scale = *step;
    out.unit = pixels.attribute("TimeIncrementUnit").value_or("s");
  }
  constexpr std::size_t most_listed = 100000;
  const std::vector<double> times = only && frames <= most_listed ? plane_times(pixels, frames) : std::vector<double>{};
  if (!times.empty() && frames > 1) {
    constexpr double rounding_s = 1e-6;
    out = detail::axis_through(times, rounding_s);
    out.name = "time";
    out.unit = "s";
  }
  return out;
}

}  // namespace

void read_fei(std::string_view text, Calibration& out) {
  const Settings settings = split_sections(text);
  std::string beam = text_of(settings, "Beam.Beam");
  if (beam.empty()) {
    beam = "IRBeam";  // navigation cameras
  }
  std::string scan = text_of(settings, "Beam.Scan");
  if (scan.empty()) {
    scan = "Scan";
  }
  // The picture may be taller than the image: a bar of text below it.
  const auto field = [&](const char* key, const char* resolution, std::size_t pixels) {
    const auto size = positive(settings, fmt::format("{}.{}", beam, key));
    const double count = positive(settings, fmt::format("Image.{}", resolution)).value_or(static_cast<double>(pixels));
    return size && count > 0.0 ? std::optional(*size / count) : std::nullopt;
  };
  const auto first = [](std::optional<double> a, std::optional<double> b) { return a ? a : b; };
  const auto of_scan = [&](const char* key) {
    return first(positive(settings, fmt::format("{}.{}", scan, key)), positive(settings, fmt::format("Scan.{}", key)));
  };
  set_pixels(out.x, first(of_scan("PixelWidth"), field("HFW", "ResolutionX", out.x.size)));
  set_pixels(out.y, first(of_scan("PixelHeight"), field("VFW", "ResolutionY", out.y.size)));
  if (const auto volts = first(positive(settings, fmt::format("{}.HV", beam)), positive(settings, "Beam.HV"))) {
    out.metadata.beam_energy = Energy(*volts);  // V on one charge: eV
  }
  if (const auto seconds = of_scan("FrameTime")) {
    out.metadata.exposure = *seconds * units::s;
  }
  out.metadata.detector = text_of(settings, "Detectors.Name");
  const std::string date = text_of(settings, "User.Date");
  out.metadata.acquired = date.empty() ? date : fmt::format("{} {}", date, text_of(settings, "User.Time"));
}

void read_ome(std::string_view xml, Calibration& out) {
  detail::XmlNode root;
  try {
    root = detail::parse_xml(xml);
  } catch (const Error&) {
    return;  // a label, not the data
  }
  const detail::XmlNode* image = root.find("Image");
  const detail::XmlNode* pixels = image == nullptr ? nullptr : image->find("Pixels");
  if (root.name != "OME" || pixels == nullptr) {
    return;
  }
  set_size(out.x, *pixels, "X");
  set_size(out.y, *pixels, "Y");
  out.metadata.acquired = image->text_at("AcquisitionDate").value_or("");
  const std::size_t slices = count(*pixels, "SizeZ");
  const std::size_t colours = count(*pixels, "SizeC");
  const std::size_t frames = count(*pixels, "SizeT");
  // "XYZCT": the first letter changes fastest from page to page.
  const std::string order = pixels->attribute("DimensionOrder").value_or("XYZCT");
  for (auto letter = order.rbegin(); letter != order.rend(); ++letter) {
    if (*letter == 'Z' && slices > 1) {
      Axis z{.name = "z"};
      set_size(z, *pixels, "Z");
      z.size = slices;
      out.stack.push_back(z);
    } else if (*letter == 'C' && colours > 1) {
      out.stack.push_back({.name = "channel", .size = colours});
    } else if (*letter == 'T' && frames > 1) {
      out.stack.push_back(time_axis(*pixels, frames, slices == 1 && colours == 1));
    }
  }
}

}  // namespace hotstage::signal::tiff
