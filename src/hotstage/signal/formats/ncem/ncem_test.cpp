// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/io/temporary_folder.hpp"
#include "hotstage/signal/format.hpp"

#include <gtest/gtest.h>

namespace hotstage::signal::ncem {
namespace {

using io::TemporaryFolder;

struct Dim {
  std::string name;
  std::string unit;
  std::vector<double> values;
};

/// One array of numbers 0, 1, … below /data/<name>.
void write_array(const std::filesystem::path& path, const std::vector<std::size_t>& shape,
                 const std::vector<Dim>& dims) {
  const io::Hdf5File file = io::Hdf5File::create(path);
  file.write_attribute("/", "version_major", Value(0));
  for (const char* group : {"/data", "/data/scan", "/microscope"}) {
    file.make_group(group);
  }
  file.write_attribute("/data/scan", "emd_group_type", Value(1));
  file.write_attribute("/microscope", "voltage", Value(200000.0));
  std::size_t size = 1;
  for (const std::size_t extent : shape) {
    size *= extent;
  }
  std::vector<float> numbers(size);
  for (std::size_t i = 0; i < size; ++i) {
    numbers[i] = static_cast<float>(i);
  }
  const std::vector<std::size_t> origin(shape.size(), 0);
  file.make_dataset("/data/scan/data", {.type = io::NumberType::f32, .shape = shape})
      .write(origin, shape, std::as_bytes(std::span(numbers)));
  for (std::size_t i = 0; i < dims.size(); ++i) {
    const std::string dim = "/data/scan/dim" + std::to_string(i + 1);
    const std::size_t first = 0;
    const std::size_t count = dims[i].values.size();
    file.make_dataset(dim, {.type = io::NumberType::f64, .shape = {count}})
        .write({&first, 1}, {&count, 1}, std::as_bytes(std::span(dims[i].values)));
    file.write_attribute(dim, "name", Value(dims[i].name));
    file.write_attribute(dim, "units", Value(dims[i].unit));
  }
  file.flush();
}

const Dim y{"y", "[n_m]", {0.0, 0.5}};
const Dim x{"x", "[n_m]", {1.0, 1.25, 1.5}};
const Dim energy{"E", "[eV]", {400.0, 400.5, 401.0, 401.5}};

TEST(Ncem, images_have_axes_from_all_values_or_from_the_first_two) {
  const TemporaryFolder folder;
  write_array(folder / "a.emd", {2, 3}, {y, x});
  hotstage::Run run;
  const Signal signal = load(folder / "a.emd", run);
  EXPECT_EQ(signal.shape_text(), "2 × 3");
  EXPECT_EQ(signal.axes[0].unit, "nm");
  EXPECT_EQ(signal.axes[1].offset, 1.0);
  EXPECT_EQ(signal.axes[1].scale, 0.25);
  EXPECT_DOUBLE_EQ(signal.metadata.beam_energy->in(units::keV), 200.0);
}

TEST(Ncem, an_energy_axis_makes_spectra_wherever_it_stands) {
  const TemporaryFolder folder;
  write_array(folder / "a.emd", {4, 2, 3}, {energy, y, x});
  hotstage::Run run;
  const Signal signal = load(folder / "a.emd", run);
  EXPECT_EQ(signal.shape_text(), "2 × 3 | 4");
  EXPECT_EQ(energy_axis(signal).offset, 400.0);
  const Buffer<float, 2> numbers = read_all(signal);
  EXPECT_EQ(numbers.row(5)[2], 2.0F * 6.0F + 5.0F);
}

TEST(Ncem, damaged_files_are_refused_or_read_never_more) {
  const TemporaryFolder folder;
  hotstage::Run run;
  write_array(folder / "dims.emd", {4, 2}, {{"E", "[eV]", {1.0, 2.0, 3.0}}, y});
  try {
    (void)load(folder / "dims.emd", run);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::bad_input);
    EXPECT_NE(std::string(error.what()).find("lists 3 values for an axis of 4"), std::string::npos) << error.what();
  }
  write_array(folder / "a.emd", {2, 3}, {y, x});
  const std::string whole = io::read_text(folder / "a.emd");
  for (std::size_t i = 0; i < 40; ++i) {
    const std::size_t at = (i * 7919 + 13) * 131 % whole.size();
    std::string damaged = i % 2 == 0 ? whole.substr(0, at) : whole;
    if (i % 2 == 1) {
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << (i % 8)));
    }
    io::write_text(folder / "b.emd", damaged);
    try {
      for (const Signal& signal : load_all(folder / "b.emd", run)) {
        (void)read_all(signal, std::size_t{1} << 20);
      }
    } catch (const Error& error) {
      EXPECT_FALSE(std::string(error.what()).empty());
    }
  }
}

TEST(NcemRealFiles, the_example_of_version_0_2) {
  const auto shared = shared_data_folder();
  if (!shared) {
    GTEST_SKIP() << "shared data not found (HOTSTAGE_SHARED_DATA)";
  }
  hotstage::Run run;
  const Signal signal = load(*shared / "stem/formats/ncem_example_image.emd", run);
  EXPECT_EQ(signal.shape_text(), "3 × 3");
  EXPECT_EQ(signal.axes[0].scale, 1.0);
}

}  // namespace
}  // namespace hotstage::signal::ncem
