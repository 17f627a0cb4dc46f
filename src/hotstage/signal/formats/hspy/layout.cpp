// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/formats/hspy/layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace hotstage::signal::hspy {

namespace {

/// By position: io::NumberType and DType list the same types in the same order, colours last.
constexpr std::size_t number_types = 12;

void split(std::size_t first, std::size_t count, std::span<const std::size_t> shape, std::vector<std::size_t>& prefix,
           std::vector<Box>& out) {
  if (count == 0) {
    return;
  }
  const auto emit = [&](std::size_t start, std::size_t length) {
    Box box;
    box.start = prefix;
    box.count.assign(prefix.size(), 1);
    if (!shape.empty()) {
      box.start.push_back(start);
      box.count.push_back(length);
      for (const std::size_t size : shape.subspan(1)) {
        box.start.push_back(0);
        box.count.push_back(size);
      }
    }
    for (const std::size_t size : box.count) {
      box.size *= size;
    }
    out.push_back(std::move(box));
  };
  if (shape.empty()) {
    emit(0, 1);
    return;
  }
  std::size_t inner = 1;
  for (const std::size_t size : shape.subspan(1)) {
    inner *= size;
  }
  const auto descend = [&](std::size_t index, std::size_t from, std::size_t length) {
    prefix.push_back(index);
    split(from, length, shape.subspan(1), prefix, out);
    prefix.pop_back();
  };
  if (const std::size_t offset = first % inner; offset != 0) {
    const std::size_t head = std::min(inner - offset, count);
    descend(first / inner, offset, head);
    first += head;
    count -= head;
  }
  if (count >= inner) {
    emit(first / inner, count / inner);
    first += count / inner * inner;
    count %= inner;
  }
  if (count > 0) {
    descend(first / inner, 0, count);
  }
}

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

DType to_dtype(io::NumberType type) {
  return static_cast<DType>(static_cast<std::size_t>(type));
}

static_assert(static_cast<std::size_t>(DType::c128) == number_types - 1 &&
              static_cast<std::size_t>(io::NumberType::c128) == number_types - 1);
static_assert(static_cast<std::size_t>(DType::f32) == static_cast<std::size_t>(io::NumberType::f32));

std::optional<io::NumberType> to_number_type(DType type) {
  const auto position = static_cast<std::size_t>(type);
  return position < number_types ? std::optional(static_cast<io::NumberType>(position)) : std::nullopt;
}

std::vector<Box> boxes(std::size_t first, std::size_t count, std::span<const std::size_t> shape) {
  std::vector<Box> out;
  std::vector<std::size_t> prefix;
  split(first, count, shape, prefix, out);
  return out;
}

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
