// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/data_folders.hpp"
#include "hotstage/core/error.hpp"
#include "hotstage/io/hdf5.hpp"
#include "hotstage/io/temporary_folder.hpp"
#include "hotstage/signal/detail/example_signals.hpp"
#include "hotstage/signal/format.hpp"
#include "hotstage/signal/formats/hspy/layout.hpp"
#include "hotstage/signal/formats/hspy/tree.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace hotstage::signal::hspy {
namespace {

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

RC_GTEST_PROP(HspyBoxes, cover_a_range_exactly_once_and_in_order, ()) {
  const auto shape = *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(1, 5));
  std::size_t size = 1;
  for (const std::size_t extent : shape) {
    RC_PRE(size < 10000);
    size *= extent;
  }
  const auto first = *rc::gen::inRange<std::size_t>(0, size);
  const auto count = *rc::gen::inRange<std::size_t>(0, size - first + 1);
  std::size_t next = first;
  for (const Box& box : boxes(first, count, shape)) {
    std::size_t flat = 0;
    for (std::size_t i = 0; i < shape.size(); ++i) {
      RC_ASSERT(box.start[i] + box.count[i] <= shape[i]);
      flat = flat * shape[i] + box.start[i];
    }
    RC_ASSERT(flat == next);
    next += box.size;
  }
  RC_ASSERT(next == first + count);
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

TEST(Hspy, layouts_that_cannot_be_read_are_refused_with_the_reason) {
  const TemporaryFolder folder;
  const auto make = [&](const std::string& name, const Value& navigate_of_first) {
    const io::Hdf5File file = io::Hdf5File::create(folder / name);
    file.make_group("/Experiments");
    file.make_group("/Experiments/a");
    (void)file.make_dataset("/Experiments/a/data", {.type = io::NumberType::f32, .shape = {2, 3}});
    file.make_group("/Experiments/a/axis-0");
    file.make_group("/Experiments/a/axis-1");
    file.write_attribute("/Experiments/a/axis-0", "navigate", Value(false));
    file.write_attribute("/Experiments/a/axis-1", "navigate", navigate_of_first);
    file.write_attribute("/Experiments/a/axis-1", "size", Value(navigate_of_first.as_bool() ? 3 : 4));
    file.flush();
  };
  const auto refusal = [&](const std::string& name) {
    hotstage::Run run;
    try {
      (void)load(folder / name, run);
    } catch (const Error& error) {
      return error;
    }
    return Error(Errc::usage, "accepted");
  };
  make("transposed.hspy", Value(true));
  make("sizes.hspy", Value(false));
  EXPECT_EQ(refusal("transposed.hspy").code(), Errc::unsupported);
  EXPECT_EQ(refusal("sizes.hspy").code(), Errc::bad_input);
  EXPECT_NE(std::string(refusal("sizes.hspy").what()).find("has the size 4, the data 3"), std::string::npos)
      << refusal("sizes.hspy").what();
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
