// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/formats/dm/image.hpp"

#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace hotstage::signal::dm {

namespace {

constexpr std::size_t most_dimensions = 4;
constexpr std::size_t most_elements = std::size_t{1} << 48;  // keeps every product with an element size in range

/// Gatan's "DataType" of ImageData.
constexpr std::array<std::pair<std::int64_t, DType>, 13> element_types{{{1, DType::i16},
                                                                        {2, DType::f32},
                                                                        {3, DType::c64},
                                                                        {6, DType::u8},
                                                                        {7, DType::i32},
                                                                        {9, DType::i8},
                                                                        {10, DType::u16},
                                                                        {11, DType::u32},
                                                                        {12, DType::f64},
                                                                        {13, DType::c128},
                                                                        {23, DType::rgba8},
                                                                        {39, DType::i64},
                                                                        {40, DType::u64}}};

std::string unsupported_name(std::int64_t code) {
  switch (code) {
    case 0:
      return "no data";
    case 5:
    case 27:
    case 28:
      return "packed complex numbers (half of a Fourier transform)";
    case 8:
      return "the old RGB pixels";
    case 14:
      return "a binary mask";
    default:
      return "an unknown kind";
  }
}

std::string text_at(const Value& tags, std::string_view path) {
  return tags.text_at(path).value_or(std::string());
}

/// A node of ImageTags. Stacks made by Gatan's stack builder keep the tags of their frames below a group of their own.
const Value* image_tag(const Value& tags, std::string_view path) {
  for (const std::string_view group : {"ImageTags.", "ImageTags.source.Tags at creation."}) {
    if (const Value* found = tags.find_path(std::string(group).append(path))) {
      return found;
    }
  }
  return nullptr;
}

std::string image_text(const Value& tags, std::string_view path) {
  const Value* found = image_tag(tags, path);
  return found != nullptr && found->is_text() ? found->as_text() : std::string();
}

bool has_dimension(const Axis& axis, const Dimension& dimension) {
  const auto unit = find_unit(axis.unit);
  return unit && unit->dimension == dimension;
}

std::string signal_type(const Value& tags) {
  std::string stated = image_text(tags, "Meta Data.Signal");
  if (stated == "X-ray") {
    return "EDS";
  }
  if (stated.empty() && image_tag(tags, "spim.eels") != nullptr) {  // written at Orsay
    return "EELS";
  }
  return stated;
}

bool holds_spectra(const Value& tags) {
  const std::string format = image_text(tags, "Meta Data.Format");
  if (format == "Spectrum" || format == "Spectrum image" || image_tag(tags, "spim") != nullptr) {
    return true;
  }
  const std::string type = signal_type(tags);
  return format.empty() && (type == "EELS" || type == "EDS" || type == "CL");
}

/// The dimension along which spectra run; nothing for images.
std::optional<std::size_t> spectral_dimension(const std::vector<Axis>& dimensions, const Value& tags) {
  for (std::size_t d = 0; d < dimensions.size(); ++d) {
    if (has_dimension(dimensions[d], Energy::dimension)) {
      return d;
    }
  }
  if (dimensions.size() == 1) {
    return 0;
  }
  if (!holds_spectra(tags)) {
    return {};
  }
  // Without a unit: Gatan's line scans and stacks of spectra run along x, spectrum images along the slowest dimension.
  return dimensions.size() == 2 ? 0 : dimensions.size() - 1;
}

/// The patterns of a four-dimensional scan are the slow pair, unless the tags say that the order was swapped.
bool patterns_are_slow(const std::vector<Axis>& dimensions, const Value& tags) {
  if (dimensions.size() != 4 || image_text(tags, "Meta Data.Format") != "Diffraction image") {
    return false;
  }
  const Value* swapped = image_tag(tags, "Meta Data.Data Order Swapped");
  return swapped == nullptr || !swapped->is_bool() || !swapped->as_bool();
}

std::string spectral_name(const Axis& axis, const Value& tags) {
  const std::string type = signal_type(tags);
  if (has_dimension(axis, Energy::dimension)) {
    return type == "EDS" ? "Energy" : "Energy loss";
  }
  return type == "EELS" ? "Energy loss" : type == "CL" ? "Wavelength" : "x";
}

void name_axes(std::vector<Axis>& dimensions, const Value& tags) {
  const auto spectral = spectral_dimension(dimensions, tags);
  const bool slow_patterns = patterns_are_slow(dimensions, tags);
  static constexpr std::array<const char*, most_dimensions> names{"x", "y", "z", "t"};
  static constexpr std::array<const char*, most_dimensions> scan_first{"x", "y", "kx", "ky"};
  static constexpr std::array<const char*, most_dimensions> pattern_first{"kx", "ky", "x", "y"};
  const auto& chosen = dimensions.size() < most_dimensions || spectral ? names
                       : slow_patterns                                 ? scan_first
                                                                       : pattern_first;
  std::size_t next = 0;
  for (std::size_t d = 0; d < dimensions.size(); ++d) {
    if (d == spectral) {
      dimensions[d].name = spectral_name(dimensions[d], tags);
    } else {
      dimensions[d].name = has_dimension(dimensions[d], Time::dimension) ? "time" : chosen[next];
      ++next;
    }
  }
}

/// A positive finite number at the first of the paths that has one: instruments write 0 for "not known".
std::optional<double> positive(const Value& tags, std::initializer_list<std::string_view> paths) {
  for (const std::string_view path : paths) {
    const Value* found = image_tag(tags, path);
    const double value = found != nullptr && found->is_number() ? found->as_number() : 0.0;
    if (std::isfinite(value) && value > 0.0) {
      return value;
    }
  }
  return {};
}

std::string first_text(const Value& tags, std::initializer_list<std::string_view> paths) {
  for (const std::string_view path : paths) {
    if (std::string text = image_text(tags, path); !text.empty()) {
      return text;
    }
  }
  return {};
}

/// Rows of a scan by DigiScan: pixels and flyback, both in µs. The size is that of the scan, not of a part cut out
/// later.
std::optional<Time> scan_time(const Value& tags) {
  const auto pixel = positive(tags, {"DigiScan.Sample Time"});
  const auto width = positive(tags, {"DigiScan.Image Width"});
  const auto height = positive(tags, {"DigiScan.Image Height"});
  const double flyback = positive(tags, {"DigiScan.Flyback"}).value_or(0.0);
  constexpr double s_per_us = 1e-6;
  return pixel && width && height ? std::optional((*pixel * *width + flyback) * *height * s_per_us * units::s)
                                  : std::nullopt;
}

std::string acquired(const Value& tags) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> places{
      {{"DataBar.Acquisition Date", "DataBar.Acquisition Time"},
       {"EELS.Acquisition.Date", "EELS.Acquisition.Start time"},
       {"SI.Acquisition.Date", "SI.Acquisition.Start time"},
       {"SIm.Acquisition.Date", "SIm.Acquisition.Start time"}}};
  for (const auto& [date, time] : places) {
    const std::string day = image_text(tags, date);
    if (!day.empty()) {
      const std::string hour = image_text(tags, time);
      return hour.empty() ? day : fmt::format("{} {}", day, hour);
    }
  }
  return {};
}

}  // namespace

DType dtype_of(std::int64_t code) {
  const auto* found =
      std::find_if(element_types.begin(), element_types.end(), [&](const auto& e) { return e.first == code; });
  if (found == element_types.end()) {
    throw Error(Errc::unsupported, fmt::format("the image holds {} (DM data type {})", unsupported_name(code), code),
                "Convert the image to real numbers in DigitalMicrograph and save it again");
  }
  return found->second;
}

std::int64_t code_of(DType type) {
  const auto* found =
      std::find_if(element_types.begin(), element_types.end(), [&](const auto& e) { return e.second == type; });
  HOTSTAGE_EXPECTS(found != element_types.end());
  return found->first;
}

std::vector<Axis> dimensions_of(const Value& tags) {
  const Value* sizes = tags.find_path("ImageData.Dimensions");
  if (sizes == nullptr || !sizes->is_array() || sizes->as_array().empty()) {
    throw Error(Errc::bad_input, "an image without dimensions");
  }
  if (sizes->as_array().size() > most_dimensions) {
    throw Error(Errc::unsupported, fmt::format("an image with {} dimensions", sizes->as_array().size()),
                fmt::format("At most {} are read", most_dimensions));
  }
  std::vector<Axis> axes;
  std::size_t elements = 1;
  for (const Value& size : sizes->as_array()) {
    if (!size.is_integer() || size.as_integer() <= 0) {
      throw Error(Errc::bad_input, size.where, "an image dimension that is not a positive number");
    }
    Axis axis;
    axis.size = static_cast<std::size_t>(size.as_integer());
    if (__builtin_mul_overflow(elements, axis.size, &elements) || elements > most_elements) {
      throw Error(Errc::bad_input, size.where, "image dimensions whose product is larger than any file");
    }
    // Some stacks made by scripts calibrate fewer dimensions than they have.
    const std::string path = fmt::format("ImageData.Calibrations.Dimension.{}", axes.size());
    const double scale = tags.number_at(path + ".Scale").value_or(1.0);
    const double origin = tags.number_at(path + ".Origin").value_or(0.0);
    axis.scale = std::isfinite(scale) && scale != 0.0 ? scale : 1.0;
    axis.offset = std::isfinite(origin) && origin != 0.0 ? -origin * axis.scale : 0.0;
    axis.unit = text_at(tags, path + ".Units");
    axes.push_back(std::move(axis));
  }
  name_axes(axes, tags);
  return axes;
}

Arrangement arrange(const std::vector<Axis>& dimensions, const Value& tags) {
  Arrangement out;
  const auto spectral = spectral_dimension(dimensions, tags);
  std::vector<std::size_t> signal;  // fastest first
  if (spectral) {
    signal = {*spectral};
  } else {
    signal = patterns_are_slow(dimensions, tags) ? std::vector<std::size_t>{2, 3} : std::vector<std::size_t>{0, 1};
  }
  for (std::size_t d = 0; d < dimensions.size(); ++d) {
    const std::size_t size = dimensions[d].size;
    if (std::find(signal.begin(), signal.end(), d) != signal.end()) {
      out.channels *= size;
      out.signal.insert(out.signal.begin(), d);
      continue;
    }
    (d < signal.front() ? out.inner : out.outer) *= size;
    // A single spectrum is often stored as an image one pixel high.
    if (!(spectral && dimensions.size() == 2 && size == 1)) {
      out.navigation.insert(out.navigation.begin(), d);
    }
  }
  return out;
}

Metadata metadata_of(const Value& tags) {
  Metadata out;
  out.title = text_at(tags, "Name");
  out.signal_type = signal_type(tags);
  out.detector = first_text(tags, {"Acquisition.Device.Name", "DataBar.Device Name"});
  out.acquired = acquired(tags);
  if (const auto volts = positive(tags, {"Microscope Info.Voltage"})) {
    out.beam_energy = Energy(*volts);  // V on one charge: eV
  }
  if (const auto mrad = positive(
          tags, {"EELS.Experimental Conditions.Convergence semi-angle (mrad)", "EELS.Convergence semi-angle (mrad)"})) {
    out.convergence = *mrad * units::mrad;
  }
  if (const auto mrad = positive(
          tags, {"EELS.Experimental Conditions.Collection semi-angle (mrad)", "EELS.Collection semi-angle (mrad)"})) {
    out.collection = *mrad * units::mrad;
  }
  if (const auto seconds =
          positive(tags, {"EELS.Acquisition.Exposure (s)", "EELS.Exposure (s)",
                          "SIm.Acquisition.Spectrometer.Exposure Time", "CL.Acquisition.Exposure (s)",
                          "Acquisition.Parameters.High Level.Exposure (s)", "DataBar.Exposure Time (s)"})) {
    out.exposure = *seconds * units::s;
  } else {
    out.exposure = scan_time(tags);
  }
  out.frames =
      positive(tags, {"EELS.Acquisition.Number of frames", "EELS.Number of frames",
                      "SIm.Acquisition.Spectrometer.Number of reads per pixel", "CL.Acquisition.Number of frames"});
  out.magnification = positive(tags, {"Microscope Info.Indicated Magnification"});
  return out;
}

}  // namespace hotstage::signal::dm
