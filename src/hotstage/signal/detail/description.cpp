// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/detail/description.hpp"

#include "hotstage/io/document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

namespace hotstage::signal::detail {

namespace {

constexpr std::string_view schema = "hotstage.signal/1";

Value to_value(const Axis& axis) {
  Value out = Value::object();
  out["name"] = Value(axis.name);
  out["unit"] = Value(axis.unit);
  out["size"] = Value(axis.size);
  if (axis.is_uniform()) {
    out["offset"] = Value(axis.offset);
    out["scale"] = Value(axis.scale);
  } else {
    out["points"] = Value(Value::Array(axis.points.begin(), axis.points.end()));
  }
  return out;
}

Value to_value(const std::vector<Axis>& axes) {
  Value out = Value::array();
  for (const Axis& axis : axes) {
    out.push_back(to_value(axis));
  }
  return out;
}

/// Calls visit(key, text) and visit(key, optional number in base units) for every field.
template <class M, class F>
void each_field(M& metadata, F&& visit) {
  visit("title", metadata.title);
  visit("signal_type", metadata.signal_type);
  visit("detector", metadata.detector);
  visit("acquired", metadata.acquired);
  visit("beam_energy_eV", metadata.beam_energy);
  visit("convergence_rad", metadata.convergence);
  visit("collection_rad", metadata.collection);
  visit("exposure_s", metadata.exposure);
  visit("frames", metadata.frames);
  visit("magnification", metadata.magnification);
  visit("live_time_s", metadata.live_time);
  visit("elevation_rad", metadata.elevation);
  visit("resolution_eV", metadata.resolution);
  visit("saturation", metadata.saturation);
}

struct WriteField {
  Value& out;

  void operator()(const char* key, const std::string& text) const {
    if (!text.empty()) {
      out[key] = Value(text);
    }
  }

  void operator()(const char* key, const std::optional<double>& number) const {
    if (number) {
      out[key] = Value(*number);
    }
  }

  template <class Q>
  void operator()(const char* key, const std::optional<Q>& quantity) const {
    if (quantity) {
      out[key] = Value(quantity->base());
    }
  }
};

struct ReadField {
  const Value& in;

  void operator()(const char* key, std::string& text) const { text = in.text_at(key).value_or(text); }

  void operator()(const char* key, std::optional<double>& number) const {
    if (const auto value = in.number_at(key)) {
      number = value;
    }
  }

  template <class Q>
  void operator()(const char* key, std::optional<Q>& quantity) const {
    if (const auto value = in.number_at(key)) {
      quantity = Q(*value);
    }
  }
};

/// Nothing when the description does not fit the axis it is for.
std::optional<Axis> read_axis(const Value& in, std::size_t size) {
  Axis axis;
  axis.size = size;
  axis.name = in.text_at("name").value_or("");
  axis.unit = in.text_at("unit").value_or("");
  const auto stated = in.number_at("size");
  if (!stated || *stated != static_cast<double>(size)) {
    return std::nullopt;
  }
  if (const Value* points = in.find("points"); points != nullptr && points->is_array()) {
    for (const Value& point : points->as_array()) {
      axis.points.push_back(point.is_number() ? point.as_number() : std::nan(""));
    }
    const bool finite = std::ranges::all_of(axis.points, [](double x) { return std::isfinite(x); });
    return axis.points.size() == size && finite ? std::optional(axis) : std::nullopt;
  }
  axis.offset = in.number_at("offset").value_or(0.0);
  axis.scale = in.number_at("scale").value_or(1.0);
  return axis;
}

bool restore_axes(std::vector<Axis>& axes, const Value* in) {
  if (in == nullptr || !in->is_array() || in->as_array().size() != axes.size()) {
    return false;
  }
  std::vector<Axis> out;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto axis = read_axis(in->as_array()[i], axes[i].size);
    if (!axis) {
      return false;
    }
    out.push_back(*axis);
  }
  axes = std::move(out);
  return true;
}

}  // namespace

std::string describe(const Signal& signal) {
  Value out = Value::object();
  out["schema"] = Value(schema);
  out["navigation"] = to_value(signal.navigation);
  out["axes"] = to_value(signal.axes);
  Value metadata = Value::object();
  each_field(signal.metadata, WriteField{metadata});
  out["metadata"] = std::move(metadata);
  out["intensity_unit"] = Value(signal.intensity_unit);
  return io::to_json(out, io::JsonStyle::compact);
}

void restore(Signal& signal, std::string_view json, Run& run) {
  Value in;
  try {
    in = io::parse_json(json, signal.file);
  } catch (const Error& error) {
    run.warn("signal.description",
             fmt::format("the description written by Hotstage is damaged ({}): ignored", error.message()));
    return;
  }
  if (in.text_at("schema") != std::string(schema)) {
    run.warn("signal.description", "the description written by Hotstage has another version: ignored");
    return;
  }
  if (const Value* metadata = in.find("metadata")) {
    each_field(signal.metadata, ReadField{*metadata});
  }
  signal.intensity_unit = in.text_at("intensity_unit").value_or(signal.intensity_unit);
  const bool fits =
      restore_axes(signal.navigation, in.find("navigation")) && restore_axes(signal.axes, in.find("axes"));
  if (!fits) {
    run.warn("signal.description", "the axes described by Hotstage do not fit the data: ignored");
  }
}

}  // namespace hotstage::signal::detail
