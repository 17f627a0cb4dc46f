// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/error.hpp"
#include "hotstage/signal/detail/foreign.hpp"
#include "hotstage/signal/detail/hdf5_source.hpp"
#include "hotstage/signal/detail/stored_numbers.hpp"
#include "hotstage/signal/format.hpp"
#include "hotstage/signal/formats/hspy/layout.hpp"
#include "hotstage/signal/formats/hspy/tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <set>

namespace hotstage::signal::hspy {

namespace {

/// Chunks of about this size pack well and are read one at a time.
constexpr std::size_t chunk_bytes = std::size_t{1} << 20;
/// Deflate levels above 1 cost twice the time for a few per cent on counts.
constexpr int gzip_level = 1;
/// As HyperSpy 1.7 writes; newer versions read it.
constexpr const char* file_version = "3.1";

std::size_t product(std::span<const std::size_t> sizes) {
  std::size_t out = 1;
  for (const std::size_t size : sizes) {
    out *= size;
  }
  return out;
}

bool is_true(const Value& attributes, const char* key) {
  const Value* value = attributes.find(key);
  return value != nullptr &&
         ((value->is_bool() && value->as_bool()) || (value->is_integer() && value->as_integer() != 0));
}

/// Texts that HyperSpy writes for "not given".
std::string given(const Value& attributes, const char* key) {
  const std::string text = attributes.text_at(key).value_or("");
  return text == "_None_" || text == "<undefined>" || text == "t.Undefined" ? std::string() : text;
}

Axis read_axis(const io::Hdf5File& file, const std::string& path, std::size_t size) {
  const Value attributes = file.attributes(path);
  Axis axis{.name = given(attributes, "name"), .size = size, .unit = given(attributes, "units")};
  axis.offset = attributes.number_at("offset").value_or(0.0) + 0.0;  // files hold -0
  axis.scale = attributes.number_at("scale").value_or(1.0);
  const auto stated = attributes.number_at("size");
  if (stated && *stated != static_cast<double>(size)) {
    throw Error(Errc::bad_input, fmt::format("{} has the size {}, the data {}", path, *stated, size),
                "The file is damaged");
  }
  if (!std::isfinite(axis.offset) || !std::isfinite(axis.scale)) {
    throw Error(Errc::bad_input, fmt::format("{} has no finite offset and scale", path));
  }
  const std::string list = path + "/axis";
  if (file.kind(list) == io::Hdf5Kind::dataset) {
    const io::Hdf5Dataset data = file.dataset(list);
    const bool fits = data.type() && data.shape().size() == 1 && data.size() == size;
    const Value values = fits ? data.value(size) : Value();
    if (!fits || !values.is_array()) {
      throw Error(Errc::bad_input, fmt::format("{} does not list {} values", list, size));
    }
    for (const Value& value : values.as_array()) {
      axis.points.push_back(value.as_number());
    }
    axis.offset = 0.0;
    axis.scale = 1.0;
  } else if (given(attributes, "_type") == "FunctionalDataAxis") {
    throw Error(Errc::unsupported, fmt::format("{} is given by a formula, which is not supported", path),
                "In HyperSpy: axis.convert_to_non_uniform_axis(), then save again");
  }
  return axis;
}

/// Navigation axes stand first, except in files of other programs.
detail::AxisRoles read_axes(const io::Hdf5File& file, const std::string& group, const io::Hdf5Dataset& data,
                            Signal& signal) {
  detail::AxisRoles roles;
  for (std::size_t i = 0; i < data.shape().size(); ++i) {
    const std::string path = fmt::format("{}/axis-{}", group, i);
    if (file.kind(path) != io::Hdf5Kind::group) {
      throw Error(Errc::bad_input, fmt::format("{} is missing: axis {} of the data has no calibration", path, i));
    }
    const bool navigation = is_true(file.attributes(path), "navigate");
    (navigation ? signal.navigation : signal.axes).push_back(read_axis(file, path, data.shape()[i]));
    (navigation ? roles.navigation : roles.signal).push_back(i);
  }
  return roles;
}

void read_item_offset(const io::Hdf5File& file, const std::string& group, Signal& signal) {
  const std::string path = group + "/metadata/Hotstage/item_offset";
  if (file.kind(path) != io::Hdf5Kind::dataset) {
    return;
  }
  const io::Hdf5Dataset data = file.dataset(path);
  if (data.type() != io::NumberType::f64 || data.shape() != std::vector<std::size_t>{signal.items()}) {
    throw Error(Errc::bad_input, fmt::format("{} does not fit the {} items of the data", path, signal.items()));
  }
  std::vector<double> values(signal.items());
  const std::size_t first = 0;
  data.read({&first, 1}, data.shape(), std::as_writable_bytes(std::span(values)));
  signal.item_offset = std::make_shared<const std::vector<double>>(std::move(values));
}

Signal read_signal(const io::Hdf5File& file, const std::string& group) {
  const io::Hdf5Dataset data = file.dataset(group + "/data");
  if (!data.type()) {
    const bool ragged = data.type_name() == "lists of varying length";
    throw Error(Errc::unsupported,
                fmt::format("{}/data holds {}{}, which is not supported", group, data.type_name(),
                            ragged ? " (a ragged signal)" : ""),
                ragged ? "In HyperSpy: save each item, or the map computed from them, as a signal of its own" : "");
  }
  if (data.shape().empty() || data.size() == 0) {
    throw Error(Errc::bad_input, fmt::format("{}/data is empty", group));
  }
  Signal signal;
  detail::AxisRoles roles = read_axes(file, group, data, signal);
  signal.source = std::make_shared<detail::Hdf5Source>(data, std::move(roles));
  signal.original = Value::object();
  for (const char* name : {"metadata", "original_metadata"}) {
    const std::string path = fmt::format("{}/{}", group, name);
    signal.original[name] = file.kind(path) == io::Hdf5Kind::group ? read_tree(file, path) : Value::object();
  }
  // Files of HyperSpy 0.x.
  if (const std::string path = group + "/mapped_parameters"; file.kind(path) == io::Hdf5Kind::group) {
    signal.original["metadata"] = read_tree(file, path);
  }
  read_metadata(signal.original.at("metadata"), signal);
  read_item_offset(file, group, signal);
  return signal;
}

Match sniff(std::span<const std::byte> head) {
  return detail::is_hdf5(head) ? Match::yes : Match::no;
}

bool owns(const io::Hdf5File& file) {
  return file.kind("/Experiments") == io::Hdf5Kind::group;
}

std::vector<Signal> read(const std::filesystem::path& path, Run& run) {
  const io::Hdf5File file = io::Hdf5File::open(path);
  if (!owns(file)) {
    throw Error(Errc::unsupported, Location{.file = path.string()},
                "an HDF5 file that is not a HyperSpy signal (it has no group \"Experiments\")");
  }
  std::vector<Signal> signals;
  for (const std::string& name : file.members("/Experiments")) {
    run.check_stop();
    const std::string group = "/Experiments/" + name;
    if (file.kind(group) == io::Hdf5Kind::group && file.kind(group + "/data") == io::Hdf5Kind::dataset) {
      signals.push_back(read_signal(file, group));
    }
  }
  return signals;
}

Value axis_attributes(const Axis& axis, std::size_t size) {
  Value out = Value::object();
  out["_type"] = Value(axis.is_uniform() ? "UniformDataAxis" : "DataAxis");
  out["name"] = Value(axis.name);
  out["units"] = Value(axis.unit);
  if (axis.is_uniform()) {
    out["offset"] = Value(axis.offset);
    out["scale"] = Value(axis.scale);
    out["size"] = Value(size);
  }
  return out;
}

void write_axis(const io::Hdf5File& file, const std::string& path, const Axis& axis, Value extra) {
  file.make_group(path);
  const Value own = axis_attributes(axis, axis.size);
  for (const Member& attribute : own.as_object()) {
    file.write_attribute(path, attribute.key, attribute.value);
  }
  for (const Member& attribute : extra.as_object()) {
    file.write_attribute(path, attribute.key, attribute.value);
  }
  if (!axis.is_uniform()) {
    const std::size_t first = 0;
    file.make_dataset(path + "/axis", {.type = io::NumberType::f64, .shape = {axis.size}})
        .write({&first, 1}, {&axis.size, 1}, std::as_bytes(std::span(axis.points)));
  }
}

/// Whole signals of consecutive items up to chunk_bytes; parts of a signal only when one alone is much larger.
std::vector<std::size_t> chunk_shape(std::span<const std::size_t> shape, std::size_t navigation, std::size_t width) {
  std::vector<std::size_t> chunk(shape.size(), 1);
  std::size_t bytes = width;
  for (std::size_t i = shape.size(); i-- > 0;) {
    const std::size_t most = (i < navigation ? 1 : 8) * chunk_bytes;
    chunk[i] = std::clamp<std::size_t>(most / bytes, 1, shape[i]);
    bytes *= chunk[i];
    if (chunk[i] < shape[i]) {
      break;
    }
  }
  return chunk;
}

void write_data(const io::Hdf5File& file, const std::string& path, const Signal& signal, Run& run) {
  const detail::StoredNumbers numbers(signal);
  const auto type = detail::to_number_type(numbers.type());
  if (!type) {
    detail::refuse(signal, "HSPY", "colour images", "Write TIFF");
  }
  std::vector<std::size_t> shape;
  for (const Axis& axis : signal.navigation) {
    shape.push_back(axis.size);
  }
  const std::vector<std::size_t> navigation = shape;
  for (const Axis& axis : signal.axes) {
    shape.push_back(axis.size);
  }
  const std::size_t width = size_of(numbers.type());
  const std::vector<std::size_t> chunk = chunk_shape(shape, navigation.size(), width);
  const io::Hdf5Dataset data =
      file.make_dataset(path, {.type = *type, .shape = shape, .chunk = chunk, .gzip = gzip_level});
  const std::size_t chunk_items = product(std::span(chunk).first(navigation.size()));
  const std::size_t row = navigation.empty() ? 1 : navigation.back();
  // Tiles end where chunks end, so that no chunk is packed twice.
  const std::size_t step = chunk_items >= row ? chunk_items : std::min(chunk_items, row);
  std::vector<std::byte> buffer;
  for (std::size_t first = 0; first < signal.items();) {
    run.check_stop();
    const std::size_t left_in_row = chunk_items >= row ? signal.items() - first : row - first % row;
    const std::size_t items = std::min({step, left_in_row, signal.items() - first});
    buffer.resize(items * signal.channels() * width);
    numbers.read({first, items, 0, signal.channels()}, buffer);
    std::size_t at = 0;
    for (const detail::Box& box : detail::boxes(first * signal.channels(), items * signal.channels(), shape)) {
      data.write(box.start, box.count, std::span(buffer).subspan(at, box.size * width));
      at += box.size * width;
    }
    first += items;
    run.progress(static_cast<double>(first) / static_cast<double>(signal.items()), "writing");
  }
}

/// What HyperSpy expects in every file although it says nothing.
void put_housekeeping(Value& metadata, std::size_t signal_axes) {
  Value folding = Value::object();
  folding["original_axes_manager"] = Value();
  folding["original_shape"] = Value();
  folding["signal_unfolded"] = Value(false);
  folding["unfolded"] = Value(false);
  Value own = Value::object();
  own["Folding"] = std::move(folding);
  metadata["_HyperSpy"] = std::move(own);
  metadata["Signal"]["record_by"] = Value(signal_axes == 1 ? "spectrum" : signal_axes == 2 ? "image" : "");
}

void write_signal(const io::Hdf5File& file, const std::string& group, const Signal& signal, Run& run) {
  file.make_group(group);
  const bool binned = signal.metadata.signal_type == "EELS" || signal.metadata.signal_type == "EDS";
  std::size_t number = 0;
  for (const std::vector<Axis>* axes : {&signal.navigation, &signal.axes}) {
    for (const Axis& axis : *axes) {
      Value extra = Value::object();
      extra["navigate"] = Value(axes == &signal.navigation);
      extra["is_binned"] = Value(binned && axes == &signal.axes);
      write_axis(file, fmt::format("{}/axis-{}", group, number++), axis, std::move(extra));
    }
  }
  write_data(file, group + "/data", signal, run);
  Value metadata = make_metadata(signal);
  put_housekeeping(metadata, signal.axes.size());
  if (signal.item_offset && !metadata["Hotstage"].is_object()) {
    metadata["Hotstage"] = Value::object();
  }
  write_tree(file, group + "/metadata", metadata);
  if (signal.item_offset) {
    const std::vector<double>& offsets = *signal.item_offset;
    const std::size_t first = 0;
    const std::size_t count = offsets.size();
    file.make_dataset(group + "/metadata/Hotstage/item_offset", {.type = io::NumberType::f64, .shape = {count}})
        .write({&first, 1}, {&count, 1}, std::as_bytes(std::span(offsets)));
  }
  const Value* own = signal.original.find("original_metadata");
  const bool from_hyperspy = own != nullptr && own->is_object() && signal.original.find("metadata") != nullptr;
  const Value& tags = from_hyperspy ? *own : signal.original;
  write_tree(file, group + "/original_metadata", tags.is_object() ? tags : Value::object());
  file.make_group(group + "/learning_results");
}

void write(std::span<const Signal> signals, const std::filesystem::path& path, Run& run) {
  for (const Signal& signal : signals) {
    if (signal.channels() == 0 || signal.items() == 0) {
      detail::refuse(signal, "HSPY", "an empty signal", "");
    }
  }
  const io::Hdf5File file = io::Hdf5File::create(path);
  file.write_attribute("/", "file_format", Value("HyperSpy"));
  file.write_attribute("/", "file_format_version", Value(file_version));
  file.make_group("/Experiments");
  std::set<std::string, std::less<>> used;
  for (const Signal& signal : signals) {
    std::string name = link_name(signal.metadata.title.empty() ? "__unnamed__" : signal.metadata.title);
    while (!used.insert(name).second) {
      name += '_';
    }
    write_signal(file, "/Experiments/" + name, signal, run);
  }
  file.flush();
}

}  // namespace

extern const Format format;
const Format format{.id = "hspy",
                    .title = "HyperSpy",
                    .extensions = {"hspy", "hdf5", "h5"},
                    .sniff = sniff,
                    .owns = owns,
                    .read = read,
                    .write = write};

}  // namespace hotstage::signal::hspy
