// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/formats/hspy/layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hotstage::signal::hspy {

namespace {

/// HyperSpy 1.x: Acquisition_instrument.TEM; 0.x: mapped_parameters.TEM with Detector-less EELS.
std::optional<double> positive(const Value& tree, std::initializer_list<const char*> paths) {
  for (const char* path : paths) {
    const auto value = tree.number_at(path);
    if (value && *value > 0.0) {
      return value;
    }
  }
  return std::nullopt;
}

std::string text(const Value& tree, const char* path) {
  return tree.text_at(path).value_or("");
}

/// HyperSpy keeps angles of X-ray detectors in degrees.
constexpr Angle degree{0.017453292519943295};

void read_x_ray_detector(const Value& tree, Metadata& out) {
  const auto either = [&](const std::string& key) {
    const std::string tem = "Acquisition_instrument.TEM.Detector.EDS." + key;
    const std::string sem = "Acquisition_instrument.SEM.Detector.EDS." + key;
    return positive(tree, {tem.c_str(), sem.c_str()});
  };
  if (const auto s = either("live_time")) {
    out.live_time = *s * units::s;
  }
  if (const auto deg = either("elevation_angle")) {
    out.elevation = *deg * degree;
  }
  if (const auto rad = positive(tree, {"Hotstage.elevation_rad"})) {
    out.elevation = *rad * units::rad;
  }
  if (const auto eV = either("energy_resolution_MnKa")) {
    out.resolution = *eV * units::eV;
  }
}

/// Signal types that HyperSpy knows by name; others would only raise a warning there.
constexpr std::array known_types{"EELS", "EDS_TEM", "EDS_SEM", "hologram", "DielectricFunction", "image", ""};

/// Makes the tables on the way to "a.b.c" and sets the last.
void put(Value& tree, std::initializer_list<const char*> path, Value value) {
  Value* node = &tree;
  for (const char* key : path) {
    Value& next = (*node)[key];
    if (key != *(path.end() - 1) && !next.is_object()) {
      next = Value::object();
    }
    node = &next;
  }
  *node = std::move(value);
}

template <class Q>
void put_quantity(Value& tree, std::initializer_list<const char*> path, const std::optional<Q>& quantity, Q unit) {
  if (quantity) {
    put(tree, path, Value(quantity->in(unit)));
  }
}

void put_instrument(Value& tree, const Metadata& metadata) {
  put_quantity(tree, {"Acquisition_instrument", "TEM", "beam_energy"}, metadata.beam_energy, units::keV);
  put_quantity(tree, {"Acquisition_instrument", "TEM", "convergence_angle"}, metadata.convergence, units::mrad);
  put_quantity(tree, {"Acquisition_instrument", "TEM", "Detector", "EELS", "collection_angle"}, metadata.collection,
               units::mrad);
  // HyperSpy's exposure is that of all frames together; the exact one of a single frame also stands under Hotstage.
  if (metadata.exposure) {
    const std::optional<Time> all_frames = *metadata.exposure * metadata.frames.value_or(1.0);
    put_quantity(tree, {"Acquisition_instrument", "TEM", "Detector", "EELS", "exposure"}, all_frames, units::s);
    put_quantity(tree, {"Hotstage", "frame_exposure_s"}, metadata.exposure, units::s);
  }
  if (metadata.frames) {
    put(tree, {"Acquisition_instrument", "TEM", "Detector", "EELS", "frame_number"}, Value(*metadata.frames));
  }
  put_quantity(tree, {"Acquisition_instrument", "TEM", "Detector", "EDS", "live_time"}, metadata.live_time, units::s);
  put_quantity(tree, {"Acquisition_instrument", "TEM", "Detector", "EDS", "elevation_angle"}, metadata.elevation,
               degree);
  put_quantity(tree, {"Hotstage", "elevation_rad"}, metadata.elevation, units::rad);
  put_quantity(tree, {"Acquisition_instrument", "TEM", "Detector", "EDS", "energy_resolution_MnKa"},
               metadata.resolution, units::eV);
  if (metadata.magnification) {
    put(tree, {"Acquisition_instrument", "TEM", "magnification"}, Value(*metadata.magnification));
  }
}

/// HyperSpy keeps date and time apart; its own reader joins nothing, so the exact text also stands under Hotstage.
void put_date(Value& tree, const std::string& acquired) {
  const std::size_t gap = acquired.find_first_of("T ");
  const bool iso = gap == 10 && acquired[4] == '-' && acquired[7] == '-';
  if (iso) {
    put(tree, {"General", "date"}, Value(acquired.substr(0, gap)));
    put(tree, {"General", "time"}, Value(acquired.substr(gap + 1)));
  }
  put(tree, {"Hotstage", "acquired"}, Value(acquired));
}

}  // namespace

void read_metadata(const Value& tree, Signal& signal) {
  Metadata& out = signal.metadata;
  out.title = tree.text_at("General.title").value_or(text(tree, "title"));
  const std::string type = tree.text_at("Signal.signal_type").value_or(text(tree, "signal_type"));
  // "image" is what HyperSpy once called every image: no signal type.
  out.signal_type = type.starts_with("EDS") ? "EDS" : type == "image" ? std::string() : type;
  const std::string date = text(tree, "General.date");
  const std::string time = text(tree, "General.time");
  out.acquired = date.empty() || time.empty() ? date + time : date + " " + time;
  if (const auto value = positive(tree, {"Acquisition_instrument.TEM.beam_energy", "TEM.beam_energy"})) {
    out.beam_energy = *value * units::keV;
  }
  if (const auto value = positive(tree, {"Acquisition_instrument.TEM.convergence_angle", "TEM.convergence_angle"})) {
    out.convergence = *value * units::mrad;
  }
  if (const auto value =
          positive(tree, {"Acquisition_instrument.TEM.Detector.EELS.collection_angle", "TEM.EELS.collection_angle"})) {
    out.collection = *value * units::mrad;
  }
  if (const auto value = positive(
          tree, {"Acquisition_instrument.TEM.Detector.EELS.exposure",
                 "Acquisition_instrument.TEM.Detector.EELS.dwell_time", "Acquisition_instrument.TEM.dwell_time"})) {
    out.exposure = *value * units::s;
  }
  out.frames = positive(tree, {"Acquisition_instrument.TEM.Detector.EELS.frame_number"});
  if (out.exposure && out.frames) {
    out.exposure = *out.exposure / *out.frames;
  }
  if (const auto value = positive(tree, {"Hotstage.frame_exposure_s"})) {
    out.exposure = *value * units::s;
  }
  out.magnification = positive(tree, {"Acquisition_instrument.TEM.magnification"});
  read_x_ray_detector(tree, out);
  const std::string quantity = text(tree, "Signal.quantity");
  const std::size_t opening = quantity.rfind('(');
  if (opening != std::string::npos && quantity.ends_with(')')) {
    signal.intensity_unit = quantity.substr(opening + 1, quantity.size() - opening - 2);
  }
  out.signal_type = tree.text_at("Hotstage.signal_type").value_or(out.signal_type);
  out.acquired = tree.text_at("Hotstage.acquired").value_or(out.acquired);
  out.detector = text(tree, "Hotstage.detector");
  out.saturation = positive(tree, {"Hotstage.saturation"});
}

Value make_metadata(const Signal& signal) {
  const Metadata& metadata = signal.metadata;
  // A signal that came from HyperSpy brings the rest of its metadata along.
  const Value* before = signal.original.find("metadata");
  Value tree = before != nullptr && before->is_object() && signal.original.find("original_metadata") != nullptr
                   ? *before
                   : Value::object();
  std::erase_if(tree.as_object(),
                [](const Member& member) { return member.key == "Hotstage" || member.key == "_HyperSpy"; });
  put(tree, {"General", "title"}, Value(metadata.title));
  std::string type = metadata.signal_type == "EDS" ? "EDS_TEM" : metadata.signal_type;
  if (std::ranges::find(known_types, type) == known_types.end()) {
    put(tree, {"Hotstage", "signal_type"}, Value(type));
    type.clear();
  }
  put(tree, {"Signal", "signal_type"}, Value(type));
  if (!signal.intensity_unit.empty()) {
    put(tree, {"Signal", "quantity"}, Value(fmt::format("Intensity ({})", signal.intensity_unit)));
  }
  put_instrument(tree, metadata);
  if (!metadata.acquired.empty()) {
    put_date(tree, metadata.acquired);
  }
  if (!metadata.detector.empty()) {
    put(tree, {"Hotstage", "detector"}, Value(metadata.detector));
  }
  if (metadata.saturation) {
    put(tree, {"Hotstage", "saturation"}, Value(*metadata.saturation));
  }
  return tree;
}

}  // namespace hotstage::signal::hspy
