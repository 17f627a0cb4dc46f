// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/io/hdf5.hpp"
#include "hotstage/io/temporary_folder.hpp"
#include "hotstage/signal/detail/example_signals.hpp"
#include "hotstage/signal/format.hpp"
#include "hotstage/signal/formats/hspy/tree.hpp"
#include "hotstage/signal/testing/refusal.hpp"

#include <gtest/gtest.h>

namespace hotstage::signal::hspy {
namespace {

using signal::testing::refusal;

using io::TemporaryFolder;

Signal example(const std::string& name) {
  for (const detail::Example& one : detail::example_signals()) {
    if (one.name == name) {
      return one.signal;
    }
  }
  throw Bug("no example of that name");
}

Signal round_trip(const Signal& signal) {
  const TemporaryFolder folder;
  hotstage::Run run;
  save(std::span(&signal, 1), folder / "a.hspy", run);
  return load(folder / "a.hspy", run);
}

TEST(Hspy, tags_of_every_kind_survive) {
  Signal signal = example("spectrum float32");
  Value tags = Value::object();
  tags["number"] = Value(0.1);
  tags["count"] = Value(3);
  tags["flag"] = Value(true);
  tags["nothing"] = Value();
  tags["empty"] = Value::array();
  tags["numbers"] = Value(Value::Array{Value(1), Value(2.5)});
  tags["words"] = Value(Value::Array{Value("a"), Value("µ")});
  tags["mixed"] = Value(Value::Array{Value(1), Value("b"), Value::array(), Value::object()});
  tags["a"] = Value::object();
  tags["a"]["b/c"] = Value("deep");
  signal.original = tags;
  Value expected = tags;
  expected["a"] = Value::object();
  expected["a"]["b-c"] = Value("deep");  // HDF5 names hold no slash; HyperSpy does the same
  const Signal back = round_trip(signal);
  const Value* found = back.original.find("original_metadata");
  ASSERT_NE(found, nullptr);
  for (const Member& member : expected.as_object()) {
    ASSERT_NE(found->find(member.key), nullptr) << member.key;
    if (member.key != "numbers") {
      EXPECT_TRUE(*found->find(member.key) == member.value) << member.key;
    }
  }
  EXPECT_EQ(found->find("numbers")->as_array()[1].as_number(), 2.5);
}

TEST(Hspy, a_second_trip_changes_nothing) {
  Signal signal = example("spectrum with metadata");
  signal.metadata.detector = "K3";
  signal.metadata.acquired = "2023-05-01T12:00:01";
  signal.metadata.saturation = 65535.0;
  signal.original["tag"] = Value("x");
  const Signal once = round_trip(signal);
  const Signal twice = round_trip(once);
  EXPECT_TRUE(once.original == twice.original);
  EXPECT_EQ(twice.metadata.detector, "K3");
  EXPECT_EQ(twice.metadata.acquired, signal.metadata.acquired);
  EXPECT_EQ(twice.metadata.saturation, 65535.0);
}

TEST(Hspy, signal_types_that_hyperspy_does_not_know_are_kept_aside) {
  Signal signal = example("image uint16");
  signal.metadata.signal_type = "HAADF";
  const Signal back = round_trip(signal);
  EXPECT_EQ(back.metadata.signal_type, "HAADF");
  EXPECT_EQ(back.original.text_at("metadata.Signal.signal_type"), "");
}

TEST(Hspy, parts_of_spectra_are_read_as_cut_out_of_the_whole) {
  const Signal back = round_trip(example("series of spectrum images"));
  const Buffer<float, 2> whole = read_all(back);
  Buffer<float, 2> part({17, 4});
  read(back, {11, 17, 6, 4}, part.view());
  for (std::size_t i = 0; i < 17; ++i) {
    for (std::size_t c = 0; c < 4; ++c) {
      EXPECT_EQ(part.row(i)[c], whole.row(11 + i)[6 + c]);
    }
  }
}

/// A file of 2 × 3 numbers 0 … 5, as HyperSpy lays it out, the rest up to the caller.
class WildFile {
 public:
  explicit WildFile(const std::filesystem::path& path) : file_(io::Hdf5File::create(path)) {
    file_.make_group("/Experiments");
  }

  ~WildFile() { file_.flush(); }

  void add(const std::string& name, const std::vector<Value>& navigate) const {
    const std::string group = "/Experiments/" + name;
    file_.make_group(group);
    const std::vector<float> numbers{0, 1, 2, 3, 4, 5};
    const std::vector<std::size_t> start{0, 0};
    const std::vector<std::size_t> count{2, 3};
    file_.make_dataset(group + "/data", {.type = io::NumberType::f32, .shape = count})
        .write(start, count, std::as_bytes(std::span(numbers)));
    for (std::size_t i = 0; i < 2; ++i) {
      const std::string axis = axis_path(name, i);
      file_.make_group(axis);
      file_.write_attribute(axis, "navigate", navigate[i]);
      file_.write_attribute(axis, "scale", Value(0.5));
    }
  }

  static std::string axis_path(const std::string& name, std::size_t i) {
    return "/Experiments/" + name + "/axis-" + std::to_string(i);
  }

  [[nodiscard]] const io::Hdf5File& file() const { return file_; }

 private:
  io::Hdf5File file_;
};

TEST(Hspy, layouts_that_cannot_be_read_are_refused_with_the_reason) {
  const TemporaryFolder folder;
  {
    const WildFile sizes(folder / "sizes.hspy");
    sizes.add("a", {Value(true), Value(false)});
    sizes.file().write_attribute(WildFile::axis_path("a", 1), "size", Value(4));
    const WildFile formula(folder / "formula.hspy");
    formula.add("a", {Value(true), Value(false)});
    formula.file().write_attribute(WildFile::axis_path("a", 1), "_type", Value("FunctionalDataAxis"));
    const WildFile ragged(folder / "ragged.hspy");
    ragged.file().make_group("/Experiments/a");
    ragged.file().make_text_dataset("/Experiments/a/data", {"not", "numbers"});
  }
  EXPECT_EQ(refusal(folder / "sizes.hspy").code(), Errc::bad_input);
  EXPECT_NE(std::string(refusal(folder / "sizes.hspy").what()).find("has the size 4, the data 3"), std::string::npos)
      << refusal(folder / "sizes.hspy").what();
  EXPECT_EQ(refusal(folder / "formula.hspy").code(), Errc::unsupported);
  EXPECT_EQ(refusal(folder / "ragged.hspy").code(), Errc::unsupported);
}

TEST(Hspy, navigation_axes_after_signal_axes_are_read_in_our_order) {
  const TemporaryFolder folder;
  { WildFile(folder / "a.hspy").add("a", {Value(false), Value(true)}); }
  hotstage::Run run;
  const Signal signal = load(folder / "a.hspy", run);
  EXPECT_EQ(signal.shape_text(), "3 | 2");
  const Buffer<float, 2> numbers = read_all(signal);
  for (std::size_t item = 0; item < 3; ++item) {
    EXPECT_EQ(numbers.row(item)[0], static_cast<float>(item));
    EXPECT_EQ(numbers.row(item)[1], static_cast<float>(item + 3));
  }
}

TEST(Hspy, several_experiments_and_axes_without_names_are_read) {
  const TemporaryFolder folder;
  {
    const WildFile wild(folder / "a.hspy");
    wild.add("first", {Value(true), Value(false)});
    wild.add("second", {Value(1), Value(0)});  // HyperSpy 1.0 wrote integers
  }
  hotstage::Run run;
  const std::vector<Signal> signals = load_all(folder / "a.hspy", run);
  ASSERT_EQ(signals.size(), 2U);
  for (const Signal& signal : signals) {
    EXPECT_EQ(signal.shape_text(), "2 | 3");
    EXPECT_TRUE(signal.axes[0].name.empty());
    EXPECT_EQ(signal.axes[0].scale, 0.5);
  }
}

TEST(Hspy, x_ray_detectors_keep_live_time_angle_and_resolution) {
  Signal signal = example("spectrum float32");
  signal.metadata.signal_type = "EDS";
  signal.metadata.live_time = 12.5 * units::s;
  signal.metadata.elevation = 0.3 * units::rad;
  signal.metadata.resolution = 136.0 * units::eV;
  const Signal back = round_trip(signal);
  EXPECT_EQ(back.metadata.live_time, signal.metadata.live_time);
  EXPECT_EQ(back.metadata.elevation, signal.metadata.elevation);
  EXPECT_EQ(back.metadata.resolution, signal.metadata.resolution);
}

TEST(HspyRealFiles, line_scans_of_hyperspy_have_their_axes_angles_and_counts) {
  const auto shared = shared_data_folder();
  if (!shared) {
    GTEST_SKIP() << "shared data not found (HOTSTAGE_SHARED_DATA)";
  }
  hotstage::Run run;
  const Signal lsmo = load(*shared / "eels/lsmo_linescan/LSMO_linescan.hdf5", run);
  EXPECT_EQ(lsmo.shape_text(), "40 | 586");
  EXPECT_DOUBLE_EQ(energy_axis(lsmo).offset, 428.5);
  EXPECT_DOUBLE_EQ(energy_axis(lsmo).scale, 0.5);
  EXPECT_EQ(lsmo.navigation[0].unit, "µm");
  EXPECT_DOUBLE_EQ(lsmo.metadata.beam_energy->in(units::keV), 80.0);
  EXPECT_DOUBLE_EQ(lsmo.metadata.convergence->in(units::mrad), 27.42);
  EXPECT_DOUBLE_EQ(lsmo.metadata.collection->in(units::mrad), 33.19);
  EXPECT_DOUBLE_EQ(lsmo.metadata.exposure->in(units::s), 0.1);
  const Signal half = load(*shared / "stem/images/test_ADF_cropped.hdf5", run);
  EXPECT_EQ(half.source->dtype(), DType::f32) << "half floats widen";
  EXPECT_EQ(half.shape_text(), "400 × 380");
}

}  // namespace
}  // namespace hotstage::signal::hspy
