// SPDX-License-Identifier: GPL-3.0-or-later
// Writes the seeds of the fuzz targets: small files of every format by our own writers, and texts in their wild forms.

#include "hotstage/core/error.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/io/hdf5.hpp"
#include "hotstage/signal/format.hpp"
#include "hotstage/signal/formats/mrc/test_files.hpp"
#include "hotstage/signal/formats/png/test_files.hpp"
#include "hotstage/signal/formats/tia/test_files.hpp"
#include "hotstage/signal/formats/velox/test_files.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <cstring>

namespace {

using namespace hotstage;
using signal::Axis;
using signal::DType;
using signal::Signal;

constexpr std::size_t largest_seed = 4096;

template <class T>
Signal make(DType type, std::vector<Axis> navigation, std::vector<Axis> axes) {
  std::size_t items = 1;
  std::size_t channels = 1;
  for (const Axis& axis : navigation) {
    items *= axis.size;
  }
  for (const Axis& axis : axes) {
    channels *= axis.size;
  }
  std::vector<std::byte> bytes(items * channels * sizeof(T));
  for (std::size_t i = 0; i < items * channels; ++i) {
    const T value = static_cast<T>(i * 7 % 101);
    std::memcpy(bytes.data() + i * sizeof(T), &value, sizeof(T));
  }
  Signal out;
  out.navigation = std::move(navigation);
  out.axes = std::move(axes);
  out.original = Value::object();
  out.source = signal::memory_source(type, items, channels, std::move(bytes));
  return out;
}

const Axis energy{.name = "E", .size = 7, .offset = 400.0, .scale = 0.5, .unit = "eV"};
const Axis x{.name = "x", .size = 3, .scale = 0.25, .unit = "nm"};
const Axis y{.name = "y", .size = 2, .scale = 0.5, .unit = "nm"};

void write_signals(const std::filesystem::path& folder) {
  const std::vector<std::pair<std::string, Signal>> seeds{
      {"spectrum", make<float>(DType::f32, {}, {energy})},
      {"uneven", make<float>(DType::f32, {}, {{.name = "E", .size = 3, .unit = "eV", .points = {1.0, 2.0, 4.0}}})},
      {"image", make<std::uint16_t>(DType::u16, {}, {y, x})},
      {"stack", make<std::uint8_t>(DType::u8, {{.name = "time", .size = 2, .unit = "s"}}, {y, x})},
      {"spectrum_image", make<float>(DType::f32, {y, x}, {energy})}};
  for (const signal::Format* format : signal::formats()) {
    for (const auto& [name, one] : seeds) {
      const auto path = folder / format->id / fmt::format("{}.{}", name, format->extensions.front());
      std::filesystem::create_directories(path.parent_path());
      Run run;
      try {
        signal::save(std::span(&one, 1), path, run);
        if (std::filesystem::file_size(path) > largest_seed) {
          std::filesystem::remove(path);
        }
      } catch (const Error&) {
        continue;  // the format cannot hold this one
      }
    }
  }
}

/// Without texts of variable length, whose heap alone takes 4 KiB.
void write_small_hspy(const std::filesystem::path& folder, const std::string& name, bool packed) {
  std::filesystem::create_directories(folder / "hspy");
  const io::Hdf5File file = io::Hdf5File::create(folder / "hspy" / name);
  const std::string group = "/Experiments/a";
  file.make_group("/Experiments");
  file.make_group(group);
  io::Hdf5DatasetOptions options{.type = io::NumberType::u16, .shape = {2, 3}};
  if (packed) {
    options.chunk = {1, 3};
    options.gzip = 1;
  }
  const std::vector<std::uint16_t> numbers{1, 2, 3, 4, 5, 6};
  const std::vector<std::size_t> origin{0, 0};
  file.make_dataset(group + "/data", options).write(origin, options.shape, std::as_bytes(std::span(numbers)));
  for (const int i : {0, 1}) {
    const std::string axis = fmt::format("{}/axis-{}", group, i);
    file.make_group(axis);
    file.write_attribute(axis, "scale", Value(0.5));
    file.write_attribute(axis, "size", Value(i == 0 ? 2 : 3));
    file.write_attribute(axis, "navigate", Value(i == 0));
  }
  file.flush();
}

/// One file per kind of datum; texts of variable length bring a heap of 4 KiB into each.
void write_velox(const std::filesystem::path& folder) {
  using namespace signal::velox::testing_files;
  std::filesystem::create_directories(folder / "velox");
  add_eels(Builder(folder / "velox/eels.emd"), "a", {row_json(-20.0), row_json(-19.0)});
  add_two_frames(Builder(folder / "velox/stream.emd"), "a");
  add_images(Builder(folder / "velox/images.emd"), "a");
}

void write_ncem(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder / "ncem");
  const io::Hdf5File file = io::Hdf5File::create(folder / "ncem/image.emd");
  file.make_group("/a");
  file.write_attribute("/a", "emd_group_type", Value(1));
  const std::vector<std::uint8_t> numbers{1, 2, 3, 4, 5, 6};
  const std::vector<double> values{1.0, 1.5};
  const std::vector<std::size_t> origin{0, 0};
  const std::vector<std::size_t> shape{2, 3};
  file.make_dataset("/a/data", {.type = io::NumberType::u8, .shape = shape})
      .write(origin, shape, std::as_bytes(std::span(numbers)));
  for (const char* dim : {"/a/dim1", "/a/dim2"}) {
    const std::size_t count = values.size();
    file.make_dataset(dim, {.type = io::NumberType::f64, .shape = {count}})
        .write({origin.data(), 1}, {&count, 1}, std::as_bytes(std::span(values)));
  }
  file.flush();
}

void write_texts(const std::filesystem::path& folder) {
  const std::string head = "#FORMAT      : EMSA/MAS Spectral Data File\r\n";
  io::write_text(folder / "msa/commas.msa",
                 "#FORMAT\t,, : EMSA/MAS Spectral Data File\r\n#DATATYPE,,: XY\r\n#SPECTRUM,,: "
                 "a,\r\n100,10\r\n104.04,8.8\t\r\n#ENDOFDATA, : b");
  io::write_text(folder / "msa/units.msa",
                 head +
                     "#BEAMKV   -kV: 120.0\r\n#COLLANGLE-mR: 3.4\r\n#CHOFFSET : -20.\r\n#XPERCHAN : 1e-1\r\n"
                     "#NCOLUMNS : 2\r\n#SPECTRUM : \r\n1, 2,\r\n3,\r\n#ENDOFDATA : \r\n");
  io::write_text(folder / "msa/empty.msa", head + "#NPOINTS : 0\r\n#SPECTRUM :\r\n#ENDOFDATA :\r\n");
  io::write_text(folder / "csv/semicolons.csv",
                 "\xEF\xBB\xBF"
                 "energy (eV);a;\"b \"\"c\"\"\"\r\n1;2;3\r\n2;3;4\r\n");
  io::write_text(folder / "csv/blanks.csv", "# eV, counts\n 1.0e0  2\n 2.0   3\n\n");
  io::write_text(folder / "csv/one.csv", "3\n2\n1\n");
}

void write_series(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder / "tia");
  std::filesystem::create_directories(folder / "mrc");
  std::filesystem::create_directories(folder / "png");
  using signal::png::testing_files::make_picture;
  io::write_text(folder / "png/grey.png", make_picture({}));
  io::write_text(folder / "png/wide.png", make_picture({.bits = 16, .filter = 4}));
  using signal::tia::testing_files::make_series;
  io::write_text(folder / "tia/images.ser", make_series({}));
  io::write_text(folder / "tia/wide.ser", make_series({.version = 0x0220, .delta = 4e7, .seconds = {5, 9, 50}}));
  io::write_text(folder / "tia/spectra.ser", make_series({.total = 4, .valid = 2, .height = 0, .delta = 0.2}));
  using signal::mrc::testing_files::make_stack;
  io::write_text(folder / "mrc/stack.mrc", make_stack({}));
  io::write_text(folder / "mrc/half.mrc", make_stack({.mode = 12, .order = io::ByteOrder::big, .marked = false}));
  io::write_text(folder / "mrc/fei.mrc", make_stack({.sections = 2, .days = {45000.0, 45000.5}}));
}

/// Oscillator strengths: our text, and the least a .gosh file needs.
void write_gos(const std::filesystem::path& folder) {
  io::write_text(folder / "gos/own.txt",
                 "# t\nenergies_eV 0 1 4\nq_per_bohr 0.1 1\nshell K electrons 2 shape_spread 0.02\n-1000 -2000\n-1100 "
                 "-2100\n-1500 -2200\nshell L3 electrons 4\n");
  const io::Hdf5File file = io::Hdf5File::create(folder / "gos/least.gosh");
  for (const char* group : {"/O", "/O/K1", "/metadata", "/metadata/edges_info", "/metadata/edges_info/K"}) {
    file.make_group(group);
  }
  file.write_attribute("/metadata/edges_info/K", "table", Value("K1"));
  file.write_attribute("/metadata/edges_info/K", "occupancy_ratio", Value(1.0));
  const std::vector<std::size_t> shapes[] = {{2}, {3}, {1, 2, 3}};
  const std::vector<double> numbers{1e9, 1e10, 1e11, 4.0, 5.0, 6.0};
  const char* const names[] = {"q", "free_energies", "data"};
  for (std::size_t i = 0; i < 3; ++i) {
    const io::Hdf5Dataset set =
        file.make_dataset(fmt::format("/O/K1/{}", names[i]), {.type = io::NumberType::f64, .shape = shapes[i]});
    set.write(std::vector<std::size_t>(shapes[i].size(), 0), shapes[i],
              std::as_bytes(std::span(numbers).first(set.size())));
  }
  file.flush();
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    fmt::print(stderr, "usage: make_corpus FOLDER\n");
    return 2;
  }
  write_signals(arguments[1]);
  write_small_hspy(arguments[1], "plain.hspy", false);
  write_small_hspy(arguments[1], "packed.hspy", true);
  write_velox(arguments[1]);
  write_ncem(arguments[1]);
  write_texts(arguments[1]);
  write_series(arguments[1]);
  std::filesystem::create_directories(std::filesystem::path(arguments[1]) / "gos");
  write_gos(arguments[1]);
  return 0;
}
