// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/error.hpp"
#include "hotstage/signal/detail/foreign.hpp"
#include "hotstage/signal/detail/hdf5_source.hpp"
#include "hotstage/signal/detail/stored_numbers.hpp"
#include "hotstage/signal/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace hotstage::signal::ncem {

namespace {

constexpr int most_depth = 8;
constexpr int most_groups = 10000;
/// An axis lists one value per element.
constexpr std::size_t most_values = std::size_t{1} << 24;

/// Groups marked emd_group_type = 1, which hold one array with its axes.
class Search {
 public:
  explicit Search(const io::Hdf5File& file) : file_(file) {}

  void visit(const std::string& path, int depth) {
    if (depth > most_depth || ++groups_ > most_groups) {
      return;
    }
    if (file_.attributes(path).number_at("emd_group_type") == 1.0) {
      found_.push_back(path);
      return;
    }
    for (const std::string& name : file_.members(path)) {
      const std::string child = fmt::format("{}/{}", path == "/" ? "" : path, name);
      if (file_.kind(child) == io::Hdf5Kind::group) {
        visit(child, depth + 1);
      }
    }
  }

  [[nodiscard]] const std::vector<std::string>& found() const { return found_; }

 private:
  const io::Hdf5File& file_;
  std::vector<std::string> found_;
  int groups_ = 0;
};

std::vector<std::string> arrays_of(const io::Hdf5File& file) {
  Search search(file);
  search.visit("/", 0);
  return search.found();
}

/// "[n_m]" → "nm": units stand in brackets, prefix and unit joined by an underscore.
std::string plain_unit(std::string text) {
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') {
    text = text.substr(1, text.size() - 2);
  }
  std::erase(text, '_');
  return text;
}

std::string text_of(const Value& attributes, const char* key) {
  return attributes.text_at(key).value_or("");
}

/// dimN lists every value of the axis, or only the first two.
Axis read_axis(const io::Hdf5File& file, const std::string& path, std::size_t size) {
  Axis axis{.size = size};
  if (file.kind(path) != io::Hdf5Kind::dataset) {
    return axis;
  }
  const Value attributes = file.attributes(path);
  axis.name = text_of(attributes, "name");
  const std::string unit = plain_unit(text_of(attributes, "units"));
  const io::Hdf5Dataset data = file.dataset(path);
  if (data.is_text()) {
    axis.unit = unit;
    return axis;  // named slices, for instance real and imaginary part
  }
  const Value list = data.value(most_values);
  std::vector<double> values;
  for (const Value& value : list.is_array() ? list.as_array() : Value::Array{}) {
    values.push_back(value.is_number() ? value.as_number() : std::nan(""));
  }
  if (!std::ranges::all_of(values, [](double v) { return std::isfinite(v); }) ||
      (values.size() != size && values.size() != 2)) {
    throw Error(Errc::bad_input, fmt::format("{} lists {} values for an axis of {}", path, values.size(), size),
                "The file is damaged");
  }
  if (values.size() == size) {
    Axis through = detail::axis_through(values, 0.0);
    through.name = axis.name;
    through.unit = unit;
    return through;
  }
  axis.offset = values[0];
  axis.scale = values[1] - values[0];
  axis.unit = unit;
  return axis;
}

bool is_energy(const Axis& axis) {
  const auto unit = find_unit(axis.unit);
  return unit && unit->dimension == Energy::dimension;
}

/// An axis in eV makes spectra, else the last two axes make images; a hint of HyperSpy, `record_by`, goes first.
detail::AxisRoles roles_of(const std::vector<Axis>& axes, const std::string& record_by) {
  detail::AxisRoles roles;
  const std::size_t rank = axes.size();
  const auto energy = std::ranges::find_if(axes, is_energy);
  const bool spectra = record_by == "spectrum" || rank == 1 || (record_by != "image" && energy != axes.end());
  if (spectra) {
    roles.signal = {energy == axes.end() ? rank - 1 : static_cast<std::size_t>(energy - axes.begin())};
  } else {
    roles.signal = {rank - 2, rank - 1};
  }
  for (std::size_t i = 0; i < rank; ++i) {
    if (std::ranges::find(roles.signal, i) == roles.signal.end()) {
      roles.navigation.push_back(i);
    }
  }
  return roles;
}

/// Attributes of the groups beside the data: microscope, sample, user, comments.
Value read_notes(const io::Hdf5File& file) {
  Value out = Value::object();
  for (const std::string& name : file.members("/")) {
    const std::string path = "/" + name;
    if (file.kind(path) == io::Hdf5Kind::group) {
      Value attributes = file.attributes(path);
      if (!attributes.as_object().empty()) {
        out[name] = std::move(attributes);
      }
    }
  }
  return out;
}

void read_metadata(const Value& notes, const Value& group, Metadata& metadata) {
  // Version 0.2 leaves the unit open; a number above 1000 can only be volts.
  if (const auto voltage = notes.number_at("microscope.voltage"); voltage && *voltage > 0.0) {
    constexpr double most_kilovolts = 1000.0;
    metadata.beam_energy = *voltage > most_kilovolts ? *voltage * units::eV : *voltage * units::keV;
  }
  const std::string type = text_of(group, "signal_type");
  metadata.signal_type = type.starts_with("EDS") ? "EDS" : type;
}

Signal read_array(const io::Hdf5File& file, const std::string& group, const Value& notes) {
  const io::Hdf5Dataset data = file.dataset(group + "/data");
  if (!data.type() || data.shape().empty() || data.size() == 0) {
    throw Error(data.type() ? Errc::bad_input : Errc::unsupported,
                fmt::format("{}/data holds {} along {} axes", group, data.type_name(), data.shape().size()));
  }
  std::vector<Axis> axes;
  for (std::size_t i = 0; i < data.shape().size(); ++i) {
    axes.push_back(read_axis(file, fmt::format("{}/dim{}", group, i + 1), data.shape()[i]));
  }
  const Value attributes = file.attributes(group);
  const detail::AxisRoles roles = roles_of(axes, text_of(attributes, "record_by"));
  Signal signal;
  for (const std::size_t axis : roles.navigation) {
    signal.navigation.push_back(axes[axis]);
  }
  for (const std::size_t axis : roles.signal) {
    signal.axes.push_back(axes[axis]);
  }
  signal.source = std::make_shared<detail::Hdf5Source>(data, roles);
  signal.original = notes;
  signal.original["group"] = attributes;
  read_metadata(notes, attributes, signal.metadata);
  signal.metadata.title = group.substr(group.rfind('/') + 1);
  return signal;
}

bool owns(const io::Hdf5File& file) {
  return file.kind("/Experiments") == io::Hdf5Kind::missing && !arrays_of(file).empty();
}

Match sniff(std::span<const std::byte> head) {
  return detail::is_hdf5(head) ? Match::yes : Match::no;
}

std::vector<Signal> read(const std::filesystem::path& path, Run& run) {
  const io::Hdf5File file = io::Hdf5File::open(path);
  const Value notes = read_notes(file);
  std::vector<Signal> signals;
  for (const std::string& group : arrays_of(file)) {
    run.check_stop();
    if (file.kind(group + "/data") == io::Hdf5Kind::dataset) {
      signals.push_back(read_array(file, group, notes));
    }
  }
  return signals;
}

}  // namespace

extern const Format format;
const Format format{
    .id = "ncem", .title = "EMD (Berkeley, NCEM)", .extensions = {"emd"}, .sniff = sniff, .owns = owns, .read = read};

}  // namespace hotstage::signal::ncem
