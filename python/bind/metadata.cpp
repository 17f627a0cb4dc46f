// SPDX-License-Identifier: GPL-3.0-or-later

#include "metadata.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/core/nearest.hpp"

#include <fmt/format.h>
#include <pybind11/stl.h>

#include "convert.hpp"
#include <array>
#include <cmath>
#include <numbers>
#include <span>
#include <string>

namespace hotstage::python {

namespace {

using signal::Axis;
using signal::Metadata;

struct TextEntry {
  const char* key;
  std::string Metadata::*member;
};

constexpr std::array text_entries = {
    TextEntry{"title", &Metadata::title}, TextEntry{"signal_type", &Metadata::signal_type},
    TextEntry{"detector", &Metadata::detector}, TextEntry{"acquired", &Metadata::acquired}};

constexpr Angle degree = units::rad * (std::numbers::pi / 180.0);

/// Calls `entry(key, member, unit)` for every number of the metadata.
template <class F>
void for_each_number(F&& entry) {
  entry("beam_energy_keV", &Metadata::beam_energy, units::keV);
  entry("convergence_mrad", &Metadata::convergence, units::mrad);
  entry("collection_mrad", &Metadata::collection, units::mrad);
  entry("exposure_s", &Metadata::exposure, units::s);
  entry("frames", &Metadata::frames, 1.0);
  entry("magnification", &Metadata::magnification, 1.0);
  entry("saturation", &Metadata::saturation, 1.0);
  entry("live_time_s", &Metadata::live_time, units::s);
  entry("elevation_deg", &Metadata::elevation, degree);
  entry("resolution_eV", &Metadata::resolution, units::eV);
}

double number_in(double value, double /*unit*/) {
  return value;
}

template <Dimension D>
double number_in(Quantity<D> value, Quantity<D> unit) {
  return value.in(unit);
}

std::vector<std::string> metadata_keys() {
  std::vector<std::string> out;
  for (const TextEntry& entry : text_entries) {
    out.emplace_back(entry.key);
  }
  for_each_number([&](const char* key, auto, auto) { out.emplace_back(key); });
  return out;
}

double finite_number(py::handle object, const std::string& key) {
  const double number = from_python(object).as_number();
  if (!std::isfinite(number)) {
    throw Error(Errc::bad_input, fmt::format("{} is {}", key, number), "Leave it out when it is not known");
  }
  return number;
}

void change(Metadata& metadata, const std::string& key, py::handle value) {
  for (const TextEntry& entry : text_entries) {
    if (key == entry.key) {
      metadata.*entry.member = value.is_none() ? std::string{} : from_python(value).as_text();
      return;
    }
  }
  bool known = false;
  for_each_number([&](const char* name, auto member, auto unit) {
    if (key != name) {
      return;
    }
    known = true;
    if (value.is_none()) {
      (metadata.*member).reset();
    } else {
      metadata.*member = finite_number(value, key) * unit;
    }
  });
  if (!known) {
    throw Error(Errc::bad_input, fmt::format("unknown metadata \"{}\"", key), nearest_hint(key, metadata_keys()));
  }
}

py::dict axis_dict(const Axis& axis, bool navigate) {
  py::dict out;
  out["name"] = to_python(Value(axis.name));
  out["size"] = axis.size;
  out["offset"] = axis.offset;
  out["scale"] = axis.scale;
  out["unit"] = to_python(Value(axis.unit));
  out["navigate"] = navigate;
  if (!axis.is_uniform()) {
    out["points"] = axis.points;
  }
  return out;
}

void set_member(Axis& axis, const std::string& key, py::handle value) {
  if (key == "name") {
    axis.name = from_python(value).as_text();
  } else if (key == "unit") {
    axis.unit = from_python(value).as_text();
  } else if (key == "offset") {
    axis.offset = finite_number(value, key);
  } else if (key == "scale") {
    axis.scale = finite_number(value, key);
  } else if (key == "points") {
    axis.points = value.cast<std::vector<double>>();
  } else if (key != "size" && key != "navigate") {
    const std::array<std::string, 7> names{"name", "size", "offset", "scale", "unit", "navigate", "points"};
    throw Error(Errc::bad_input, fmt::format("unknown member \"{}\" of an axis", key), nearest_hint(key, names));
  }
}

Axis read_axis(const py::dict& entry, std::size_t size, std::size_t number) {
  Axis axis{.size = size};
  for (const auto& [key, value] : entry) {
    if (!value.is_none()) {
      set_member(axis, key.cast<std::string>(), value);
    }
  }
  if (entry.contains("size") && entry["size"].cast<std::size_t>() != size) {
    throw Error(Errc::bad_input, fmt::format("axis {} says {} elements, the array has {} there", number,
                                             entry["size"].cast<std::size_t>(), size));
  }
  if (!axis.points.empty() && axis.points.size() != size) {
    throw Error(Errc::bad_input, fmt::format("axis {} lists {} points, the array has {} elements there", number,
                                             axis.points.size(), size));
  }
  return axis;
}

}  // namespace

py::dict metadata_dict(const Metadata& metadata) {
  py::dict out;
  for (const TextEntry& entry : text_entries) {
    if (!(metadata.*entry.member).empty()) {
      out[entry.key] = to_python(Value(metadata.*entry.member));
    }
  }
  for_each_number([&](const char* key, auto member, auto unit) {
    if (metadata.*member) {
      out[key] = number_in(*(metadata.*member), unit);
    }
  });
  return out;
}

Metadata changed(Metadata metadata, const py::dict& changes) {
  for (const auto& [key, value] : changes) {
    change(metadata, key.cast<std::string>(), value);
  }
  return metadata;
}

py::list axes_list(const signal::Signal& signal) {
  py::list out;
  for (const Axis& axis : signal.navigation) {
    out.append(axis_dict(axis, true));
  }
  for (const Axis& axis : signal.axes) {
    out.append(axis_dict(axis, false));
  }
  return out;
}

Axes read_axes(const py::object& axes, const std::vector<std::size_t>& shape, std::size_t signal_dimension) {
  if (!axes.is_none() && py::len(axes) != shape.size()) {
    throw Error(Errc::bad_input, fmt::format("{} axes for an array of {} dimensions", py::len(axes), shape.size()),
                "Give one dictionary per dimension, in the order of the array");
  }
  Axes out;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const py::dict entry = axes.is_none() ? py::dict() : axes[py::int_(i)].cast<py::dict>();
    const bool navigate =
        entry.contains("navigate") ? entry["navigate"].cast<bool>() : i + signal_dimension < shape.size();
    if (navigate && !out.signal.empty()) {
      throw Error(Errc::bad_input, fmt::format("axis {} is a navigation axis behind a signal axis", i),
                  "Navigation axes come first: use numpy.moveaxis");
    }
    (navigate ? out.navigation : out.signal).push_back(read_axis(entry, shape[i], i));
  }
  if (out.signal.empty()) {
    throw Error(Errc::bad_input, "there is no signal axis",
                "Mark the energy axis, or both axes of an image, with navigate=False");
  }
  return out;
}

}  // namespace hotstage::python
