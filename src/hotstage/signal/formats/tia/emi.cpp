// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/formats/tia/emi.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/io/delimited.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/io/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

namespace hotstage::signal::tia {

namespace {

constexpr std::size_t most_objects = 10000;

std::optional<double> positive(const std::optional<std::string>& text) {
  if (!text) {
    return std::nullopt;
  }
  // "10000 X", "0.000016"
  const auto value = io::parse_number(std::string_view(*text).substr(0, text->find(' ')));
  return value && std::isfinite(*value) && *value > 0.0 ? value : std::nullopt;
}

/// Value of the entry with the label in the list Data{Label, Value, Unit}.
std::optional<std::string> described(const detail::XmlNode& object, std::string_view label) {
  const detail::XmlNode* list = object.find("ExperimentalDescription");
  list = list == nullptr ? nullptr : list->find("Root");
  if (list != nullptr) {
    for (const detail::XmlNode& entry : list->children) {
      if (entry.text_at("Label") == label) {
        return entry.text_at("Value");
      }
    }
  }
  return std::nullopt;
}

}  // namespace

std::vector<detail::XmlNode> read_objects(std::span<const std::byte> document) {
  constexpr std::string_view begin = "<ObjectInfo>";
  constexpr std::string_view end = "</ObjectInfo>";
  const std::string_view text(reinterpret_cast<const char*>(document.data()), document.size());
  std::vector<detail::XmlNode> out;
  for (std::size_t at = text.find(begin); at != std::string_view::npos && out.size() < most_objects;) {
    const std::size_t last = text.find(end, at);
    if (last == std::string_view::npos) {
      break;
    }
    try {
      out.push_back(detail::parse_xml(io::to_utf8(text.substr(at, last + end.size() - at))));
    } catch (const Error&) {
      out.emplace_back();
    }
    at = text.find(begin, last);
  }
  return out;
}

std::optional<std::size_t> series_number(const std::filesystem::path& ser) {
  const std::string stem = ser.stem().string();
  const std::size_t mark = stem.rfind('_');
  std::size_t number = 0;
  if (mark == std::string::npos) {
    return std::nullopt;
  }
  const char* last = stem.data() + stem.size();
  const auto [rest, failed] = std::from_chars(stem.data() + mark + 1, last, number);
  return failed == std::errc() && rest == last && number > 0 ? std::optional(number) : std::nullopt;
}

std::optional<std::filesystem::path> document_of(const std::filesystem::path& ser) {
  if (!series_number(ser)) {
    return std::nullopt;
  }
  const std::string stem = ser.stem().string();
  const std::filesystem::path emi = ser.parent_path() / (stem.substr(0, stem.rfind('_')) + ".emi");
  std::error_code none;
  return std::filesystem::is_regular_file(emi, none) ? std::optional(emi) : std::nullopt;
}

std::vector<std::filesystem::path> series_of(const std::filesystem::path& emi) {
  std::vector<std::filesystem::path> out;
  std::error_code none;
  for (const auto& entry :
       std::filesystem::directory_iterator(emi.parent_path().empty() ? "." : emi.parent_path(), none)) {
    const std::string stem = entry.path().stem().string();
    if (io::extension(entry.path()) == "ser" && series_number(entry.path()) &&
        stem.substr(0, stem.rfind('_')) == emi.stem().string()) {
      out.push_back(emi.parent_path() / entry.path().filename());
    }
  }
  std::ranges::sort(out, {}, [](const std::filesystem::path& ser) { return series_number(ser); });
  return out;
}

void read_metadata(const detail::XmlNode& object, Metadata& metadata) {
  if (const auto volts = positive(object.text_at("ExperimentalConditions/MicroscopeConditions/AcceleratingVoltage"))) {
    metadata.beam_energy = Energy(*volts);  // V on one charge: eV
  } else if (const auto kilovolts = positive(described(object, "High tension"))) {
    metadata.beam_energy = *kilovolts * units::keV;
  }
  metadata.magnification = positive(described(object, "Magnification"));
  metadata.acquired = object.text_at("AcquireDate").value_or("");
  for (const char* path : {"AcquireInfo/FrameTime", "AcquireInfo/IntegrationTime", "AcquireInfo/DwellTimePath"}) {
    if (const auto seconds = positive(object.text_at(path)); seconds && !metadata.exposure) {
      metadata.exposure = *seconds * units::s;
    }
  }
  metadata.detector = object.text_at("AcquireInfo/CameraNamePath").value_or("");
}

}  // namespace hotstage::signal::tia
