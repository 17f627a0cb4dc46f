// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/signal.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/signal/format.hpp"

#include <fmt/format.h>
#include <pybind11/numpy.h>
#include <pybind11/stl.h>
#include <pybind11/stl/filesystem.h>

#include "arrays.hpp"
#include "bind.hpp"
#include "convert.hpp"
#include "long_call.hpp"
#include "metadata.hpp"
#include <array>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace hotstage::python {

namespace {

namespace fs = std::filesystem;
using signal::DType;
using signal::Region;
using signal::Signal;

/// Beyond this an array is asked for in parts: the same limit as read_all().
constexpr std::size_t array_limit = std::size_t{4} << 30;

constexpr std::array stored_types = {DType::u8,  DType::i8,  DType::u16, DType::i16, DType::u32, DType::i32,
                                     DType::u64, DType::i64, DType::f32, DType::f64, DType::c64, DType::c128};

py::dtype numpy_type(DType type) {
  return type == DType::rgba8 ? py::dtype::of<std::uint8_t>() : py::dtype(std::string(signal::name(type)));
}

enum class Numbers { counts, stored };

/// Half-open range of a slice or of one index. Only whole ranges: a step would hide what is read.
std::pair<std::size_t, std::size_t> range_of(const py::object& chosen, std::size_t size, const char* what) {
  if (chosen.is_none()) {
    return {0, size};
  }
  if (py::isinstance<py::slice>(chosen)) {
    py::ssize_t start = 0;
    py::ssize_t stop = 0;
    py::ssize_t step = 0;
    py::ssize_t length = 0;
    if (!chosen.cast<py::slice>().compute(static_cast<py::ssize_t>(size), &start, &stop, &step, &length)) {
      throw py::error_already_set();
    }
    if (step != 1) {
      throw Error(Errc::bad_input, fmt::format("the slice of {} has the step {}", what, step),
                  "Read a whole range and thin it out afterwards");
    }
    return {static_cast<std::size_t>(start), static_cast<std::size_t>(length)};
  }
  const auto index = chosen.cast<py::ssize_t>();
  const py::ssize_t first = index < 0 ? index + static_cast<py::ssize_t>(size) : index;
  if (first < 0 || first >= static_cast<py::ssize_t>(size)) {
    throw py::index_error(fmt::format("{} {} of {}", what, index, size));
  }
  return {static_cast<std::size_t>(first), 1};
}

py::array read_region(const Signal& data, const Region& region, Numbers numbers) {
  const DType type = numbers == Numbers::counts ? DType::f32 : data.source->dtype();
  const std::size_t bytes = region.items * region.channels * signal::size_of(type);
  if (bytes > array_limit) {
    throw Error(Errc::no_space, {.file = data.file},
                fmt::format("{:.1f} GB at once are more than the limit of {:.1f} GB", 1e-9 * static_cast<double>(bytes),
                            1e-9 * static_cast<double>(array_limit)),
                "Read parts: signal.read(items=slice(first, last))");
  }
  std::vector<std::size_t> shape{region.items, region.channels};
  if (type == DType::rgba8) {
    shape.push_back(4);
  }
  py::array out = make_array(numpy_type(type), shape);
  if (out.size() == 0) {
    return out;
  }
  void* to = out.mutable_data();
  const py::gil_scoped_release release;
  if (numbers == Numbers::counts) {
    signal::read(data, region, View<float, 2>(static_cast<float*>(to), {region.items, region.channels}));
  } else {
    data.source->read(region, {static_cast<std::byte*>(to), bytes});
  }
  return out;
}

py::array read_part(const Signal& data, const py::object& items, const py::object& channels, bool native) {
  const auto [first_item, item_count] = range_of(items, data.items(), "items");
  const auto [first_channel, channel_count] = range_of(channels, data.channels(), "channels");
  return read_region(data, {first_item, item_count, first_channel, channel_count},
                     native ? Numbers::stored : Numbers::counts);
}

std::vector<std::size_t> shape_of(const Signal& data) {
  std::vector<std::size_t> out;
  for (const auto* axes : {&data.navigation, &data.axes}) {
    for (const signal::Axis& axis : *axes) {
      out.push_back(axis.size);
    }
  }
  return out;
}

py::array whole(const Signal& data, bool native) {
  py::array flat = read_part(data, py::none(), py::none(), native);
  std::vector<std::size_t> shape = shape_of(data);
  if (flat.ndim() == 3) {
    shape.push_back(4);
  }
  return flat.reshape(shape);
}

/// `signal.data` is read once and cannot be written, because the signal itself would not change.
py::object cached_data(const py::object& self) {
  const py::dict attributes = self.attr("__dict__");
  if (!attributes.contains("_data")) {
    py::array data = whole(self.cast<const Signal&>(), false);
    data.attr("setflags")(py::arg("write") = false);
    attributes["_data"] = data;
  }
  return attributes["_data"];
}

DType stored_type(const py::dtype& type) {
  for (const DType candidate : stored_types) {
    if (type.equal(numpy_type(candidate))) {
      return candidate;
    }
  }
  throw Error(Errc::bad_input,
              fmt::format("an array of {} cannot be a signal", py::str(py::object(type)).cast<std::string>()),
              "Convert it: array.astype(\"float32\")");
}

std::shared_ptr<const std::vector<double>> read_item_offset(const py::object& offsets, std::size_t items) {
  if (offsets.is_none()) {
    return nullptr;
  }
  const auto array = Doubles::ensure(offsets);
  if (!array || static_cast<std::size_t>(array.size()) != items) {
    throw Error(Errc::bad_input, fmt::format("item_offset must hold one number for each of the {} items", items));
  }
  return std::make_shared<const std::vector<double>>(array.data(), array.data() + array.size());
}

/// C-contiguous, in the byte order of this machine, of a type that can be stored.
py::array storable(const py::array& given) {
  py::array out = py::module_::import("numpy").attr("ascontiguousarray")(given);
  if (out.dtype().kind() == 'b') {
    return out.attr("astype")("uint8");
  }
  return out.dtype().byteorder() == '>' ? py::array(out.attr("astype")(out.dtype().attr("newbyteorder")("="))) : out;
}

std::size_t product(const std::vector<signal::Axis>& axes) {
  std::size_t out = 1;
  for (const signal::Axis& axis : axes) {
    out *= axis.size;
  }
  return out;
}

/// `description`: axes, signal_dimension, metadata, original, item_offset, intensity_unit.
Signal from_array(const py::array& given, const py::dict& description) {
  const py::array array = storable(given);
  const std::vector<std::size_t> shape(array.shape(), array.shape() + array.ndim());
  const DType type = stored_type(array.dtype());
  if (array.size() == 0) {
    throw Error(Errc::bad_input, "the array is empty");
  }
  Axes axes = read_axes(description["axes"], shape, description["signal_dimension"].cast<std::size_t>());
  const std::size_t items = product(axes.navigation);
  std::vector<std::byte> bytes(static_cast<std::size_t>(array.size()) * signal::size_of(type));
  std::memcpy(bytes.data(), array.data(), bytes.size());
  Signal out;
  out.source = signal::memory_source(type, items, product(axes.signal), std::move(bytes));
  out.navigation = std::move(axes.navigation);
  out.axes = std::move(axes.signal);
  out.metadata = changed({}, description["metadata"]);
  out.original = from_python(description["original"]);
  out.item_offset = read_item_offset(description["item_offset"], items);
  out.intensity_unit = description["intensity_unit"].cast<std::string>();
  return out;
}

Signal with_metadata(const Signal& data, const py::kwargs& changes) {
  Signal out = data;
  out.metadata = changed(out.metadata, changes);
  return out;
}

py::object item_offset(const Signal& data) {
  if (!data.item_offset) {
    return py::none();
  }
  return copied(std::span(*data.item_offset));
}

/// offset and step of the one energy axis in eV, and how many eV the axis' own unit is.
py::tuple energy_axis(const Signal& data) {
  const signal::Axis axis = signal::energy_axis(data);
  return py::make_tuple(axis.offset, axis.scale, axis.scale / data.axes.front().scale);
}

/// What Python code draws of a signal, kept beside the extension.
py::object from_display(const char* function, const py::object& self) {
  return py::module_::import("hotstage._display").attr(function)(self);
}

void bind_class(py::module_& module) {
  py::class_<Signal> signal(
      module, "Signal", py::dynamic_attr(),
      "Measured numbers with calibrated axes and metadata. Immutable; read from the file on demand.");
  signal.def_property_readonly("data", &cached_data,
                               "Calibrated counts as float32, navigation axes first; read once, not writeable.");
  signal.def("to_numpy", &whole, py::kw_only(), py::arg("native") = false,
             "A new array of all numbers: calibrated float32 counts, or the stored type with native=True.");
  signal.def(
      "read", &read_part, py::arg("items") = py::none(), py::arg("channels") = py::none(), py::kw_only(),
      py::arg("native") = false,
      "Part of the data as items × channels, both flattened in C order; each a slice, an index or None for all.");
  signal.def("__array__", [](const py::object& self, const py::args&, const py::kwargs& how) {
    const py::object type = how.contains("dtype") ? py::object(how["dtype"]) : py::none();
    const py::object data = cached_data(self);
    return type.is_none() ? data : py::object(data.attr("astype")(type));
  });
  signal.def_property_readonly("axes", &axes_list, "One dictionary per dimension, in the order of the array.");
  signal.def_property_readonly(
      "metadata", [](const Signal& data) { return metadata_dict(data.metadata); },
      "What the file says and analyses need; the unit of a number is in its key. Absent means not known.");
  signal.def_property_readonly(
      "original", [](const Signal& data) { return to_python(data.original); }, "All tags of the file.");
  signal.def_property_readonly("shape", [](const Signal& data) { return py::tuple(py::cast(shape_of(data))); });
  signal.def_property_readonly("ndim", [](const Signal& data) { return data.navigation.size() + data.axes.size(); });
  signal.def_property_readonly(
      "dtype", [](const Signal& data) { return std::string(signal::name(data.source->dtype())); },
      "Type of the stored numbers.");
  signal.def_property_readonly("shape_text", &Signal::shape_text);
  signal.def_property_readonly("file", [](const Signal& data) { return to_python(Value(data.file)); });
  signal.def_readonly("intensity_scale", &Signal::intensity_scale,
                      "counts = stored · intensity_scale + intensity_offset");
  signal.def_readonly("intensity_offset", &Signal::intensity_offset);
  signal.def_readonly("intensity_unit", &Signal::intensity_unit);
  signal.def_property_readonly(
      "item_offset", &item_offset,
      "Added to the energy axis of each item, in the unit of the axis; None when all are alike.");
  signal.def_property_readonly("_energy_axis", &energy_axis);
  signal.def_property_readonly(
      "energies_eV", [](const py::object& self) { return from_display("energies_eV", self); },
      "Centres of the channels in eV, before any item_offset.");
  signal.def("with_metadata", &with_metadata,
             "The same numbers with other metadata: with_metadata(collection_mrad=33).");
  signal.def("__repr__", [](const py::object& self) { return from_display("text", self); });
  signal.def("_repr_html_", [](const py::object& self) { return from_display("html", self); });
  signal.def(
      "to_hyperspy",
      [](const py::object& self) { return py::module_::import("hotstage._hyperspy").attr("to_hyperspy")(self); },
      "A HyperSpy signal of the fitting class, with axes and metadata (HyperSpy 1.7 or newer).");
}

}  // namespace

void bind_signal(py::module_& module) {
  bind_class(module);
  module.def("from_array", &from_array, py::arg("data"), py::arg("description"));
  module.def(
      "load",
      [](const fs::path& file, std::optional<std::size_t> which, const py::dict& how) {
        return long_call(how, [&](Run& run) { return signal::load(file, run, which); });
      },
      py::arg("file"), py::arg("which"), py::arg("how"));
  module.def(
      "load_all",
      [](const fs::path& file, const py::dict& how) {
        return long_call(how, [&](Run& run) { return signal::load_all(file, run); });
      },
      py::arg("file"), py::arg("how"));
  module.def(
      "save",
      [](const std::vector<Signal>& signals, const fs::path& file, const py::dict& how) {
        call_without_lock(how, [&](Run& run) { signal::save(signals, file, run); });
      },
      py::arg("signals"), py::arg("file"), py::arg("how"));
  module.def(
      "sniff", [](const fs::path& file) { return std::string(signal::sniff(file).id); }, py::arg("file"));
  module.def("formats", [] {
    py::list out;
    for (const signal::Format* format : signal::formats()) {
      py::dict entry;
      entry["id"] = std::string(format->id);
      entry["title"] = std::string(format->title);
      entry["extensions"] = std::vector<std::string>(format->extensions.begin(), format->extensions.end());
      entry["writes"] = format->write != nullptr;
      out.append(entry);
    }
    return out;
  });
}

}  // namespace hotstage::python
