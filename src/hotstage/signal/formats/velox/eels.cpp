// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/formats/velox/eels.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/signal/detail/hdf5_source.hpp"
#include "hotstage/signal/formats/velox/metadata.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

namespace hotstage::signal::velox {

namespace {

struct Calibration {
  double offset_eV = 0.0;
  double dispersion_eV = 0.0;
  double scale = 1.0;
  double zero = 0.0;
  double exposure_s = 0.0;

  friend bool operator==(const Calibration&, const Calibration&) = default;
};

Calibration read_calibration(const Value& row, const std::string& path) {
  const auto needed = [&](const char* key) {
    const auto value = number(row, fmt::format("Data/{}", key));
    if (!value) {
      throw Error(Errc::bad_input, fmt::format("{} has no number \"{}\"", path, key),
                  "Without it the energies or the counts would be wrong: export the data from Velox as DM");
    }
    return *value;
  };
  Calibration out{.offset_eV = needed("offset"),
                  .dispersion_eV = needed("dispersion"),
                  .scale = needed("intensityScale"),
                  .zero = needed("intensityOffset"),
                  .exposure_s = number(row, "Data/exposureTime").value_or(0.0)};
  if (!(out.dispersion_eV > 0.0) || out.scale == 0.0) {
    throw Error(Errc::bad_input,
                fmt::format("{}: dispersion {} eV, intensity scale {}", path, out.dispersion_eV, out.scale),
                "The file is damaged");
  }
  return out;
}

/// One column per row of the scan; the energy offset may move, the rest must not.
std::vector<Calibration> read_rows(const io::Hdf5File& file, const std::string& group, std::size_t rows) {
  const std::string path = group + "/AcquisitionMetadata";
  const std::size_t columns = file.kind(path) == io::Hdf5Kind::dataset && file.dataset(path).shape().size() == 2
                                  ? file.dataset(path).shape()[1]
                                  : 0;
  if (columns != rows && columns != 1) {
    throw Error(Errc::bad_input, fmt::format("{} describes {} rows, the data have {}", path, columns, rows),
                "The acquisition was cut off, or the file is damaged");
  }
  std::vector<Calibration> out;
  for (std::size_t i = 0; i < columns; ++i) {
    out.push_back(read_calibration(read_column(file, path, i), path));
    Calibration same = out.back();
    same.offset_eV = out.front().offset_eV;
    if (same != out.front()) {
      throw Error(Errc::unsupported,
                  fmt::format("{}: dispersion, exposure or intensity scale change at row {}", path, i),
                  "Record it again with one setting");
    }
  }
  out.resize(rows, out.front());
  return out;
}

std::shared_ptr<const std::vector<double>> item_offsets(const std::vector<Calibration>& rows, std::size_t per_row) {
  std::vector<double> out;
  for (const Calibration& row : rows) {
    out.insert(out.end(), per_row, row.offset_eV - rows.front().offset_eV);
  }
  const bool all_equal = std::ranges::all_of(out, [](double shift) { return shift == 0.0; });
  return all_equal ? nullptr : std::make_shared<const std::vector<double>>(std::move(out));
}

}  // namespace

Signal read_eels(const io::Hdf5File& file, const std::string& group) {
  const io::Hdf5Dataset data = file.dataset(group + "/Data");
  if (!data.type() || data.shape().size() != 3 || data.size() == 0) {
    throw Error(Errc::bad_input, fmt::format("{}/Data is not a block (x, energy, y) of numbers", group),
                "The file is damaged");
  }
  const std::size_t width = data.shape()[0];
  const std::size_t height = data.shape()[2];
  const std::vector<Calibration> rows = read_rows(file, group, height);
  Signal signal;
  signal.original = read_column(file, group + "/Metadata", 0);
  signal.original["AcquisitionMetadata"] = read_column(file, group + "/AcquisitionMetadata", 0);
  read_metadata(signal.original, signal.metadata);
  signal.metadata.signal_type = "EELS";
  signal.metadata.collection = collection(signal.original);
  if (rows.front().exposure_s > 0.0) {
    signal.metadata.exposure = rows.front().exposure_s * units::s;
  }
  signal.navigation = image_axes(signal.original, {height, width});
  signal.axes = {{.name = "Energy loss",
                  .size = data.shape()[1],
                  .offset = rows.front().offset_eV,
                  .scale = rows.front().dispersion_eV,
                  .unit = "eV"}};
  signal.source = std::make_shared<detail::Hdf5Source>(data, detail::AxisRoles{{2, 0}, {1}});
  signal.intensity_scale = rows.front().scale;
  signal.intensity_offset = rows.front().zero;
  signal.intensity_unit = "counts";
  signal.item_offset = item_offsets(rows, width);
  return signal;
}

void name_ranges(std::vector<Signal>& ranges) {
  std::ranges::stable_sort(ranges, {}, [](const Signal& signal) { return signal.axes.front().offset; });
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const Axis& axis = ranges[i].axes.front();
    ranges[i].metadata.title = fmt::format("EELS range {} of {}: {:.0f} to {:.0f} eV", i + 1, ranges.size(),
                                           axis.offset, axis.value(static_cast<double>(axis.size - 1)));
  }
}

}  // namespace hotstage::signal::velox
