// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/signal/format.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/core/rng.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/io/hdf5.hpp"
#include "hotstage/io/temporary_folder.hpp"
#include "hotstage/signal/detail/example_signals.hpp"
#include "hotstage/signal/testing/refusal.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <set>

namespace hotstage::signal {
namespace {

using signal::testing::refusal;

using detail::Example;
using detail::example_signals;
using io::TemporaryFolder;

/// Angles and energies pass through another unit and back: one rounding each way.
constexpr double unit_rounding = 1e-15;
/// DM keeps dispersions and origins as float32.
constexpr double float32_tag = 1e-6;

std::vector<double> numbers_of(const Signal& signal) {
  Buffer<double, 2> out({signal.items(), signal.channels()});
  read(signal, {0, signal.items(), 0, signal.channels()}, out.view());
  return {out.data(), out.data() + out.size()};
}

void expect_same_axes(const std::vector<Axis>& a, const std::vector<Axis>& b, double tolerance) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].size, b[i].size);
    EXPECT_EQ(a[i].unit, b[i].unit);
    EXPECT_EQ(a[i].points, b[i].points);
    EXPECT_NEAR(a[i].offset, b[i].offset, tolerance * (std::abs(a[i].offset) + std::abs(a[i].scale)));
    EXPECT_NEAR(a[i].scale, b[i].scale, tolerance * std::abs(a[i].scale));
  }
}

template <class Q>
void expect_same(const std::optional<Q>& a, const std::optional<Q>& b, double tolerance) {
  ASSERT_EQ(a.has_value(), b.has_value());
  if (a) {
    EXPECT_NEAR(a->base(), b->base(), tolerance * a->base());
  }
}

void expect_same_metadata(const Metadata& a, const Metadata& b, double tolerance) {
  if (!a.title.empty()) {
    EXPECT_EQ(a.title, b.title);
  }
  if (!a.signal_type.empty()) {
    EXPECT_EQ(a.signal_type, b.signal_type);
  }
  expect_same(a.beam_energy, b.beam_energy, tolerance);
  expect_same(a.convergence, b.convergence, tolerance);
  expect_same(a.collection, b.collection, tolerance);
  expect_same(a.exposure, b.exposure, tolerance);
}

/// Writes the example; false when the format says that it cannot hold it.
bool written(const Example& example, const std::filesystem::path& path) {
  hotstage::Run run;
  try {
    save(std::span(&example.signal, 1), path, run);
    return true;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::unsupported) << error.what();
    EXPECT_FALSE(std::filesystem::exists(path)) << "a refused file was left behind";
    return false;
  }
}

class FormatLaw : public ::testing::TestWithParam<const Format*> {};

TEST_P(FormatLaw, what_is_written_is_read_back) {
  const Format& format = *GetParam();
  const double tolerance = format.id == "dm" ? float32_tag : unit_rounding;
  const TemporaryFolder folder;
  std::set<std::string> held;
  for (const Example& example : example_signals()) {
    SCOPED_TRACE(example.name);
    const auto path = folder / fmt::format("{}.{}", example.name, format.extensions.front());
    if (!written(example, path)) {
      continue;
    }
    held.insert(example.name);
    EXPECT_EQ(&sniff(path), &format);
    hotstage::Run run;
    const Signal back = load(path, run);
    EXPECT_EQ(numbers_of(example.signal), numbers_of(back));
    expect_same_axes(example.signal.navigation, back.navigation, tolerance);
    expect_same_axes(example.signal.axes, back.axes, tolerance);
    expect_same_metadata(example.signal.metadata, back.metadata, tolerance);
    ASSERT_EQ(example.signal.item_offset != nullptr, back.item_offset != nullptr);
    if (back.item_offset) {
      EXPECT_EQ(*example.signal.item_offset, *back.item_offset);
    }
  }
  // What every format is for; a format that refuses everything would obey the law above.
  const bool images = held.contains("image uint16") && held.contains("stack float32");
  const bool spectra = held.contains("spectrum float32") && held.contains("spectrum with metadata");
  EXPECT_TRUE(format.id == "tiff" ? images : spectra);
  if (format.id == "hspy" || format.id == "dm") {
    EXPECT_TRUE(images && held.contains("spectrum image float32"));
  }
}

/// Reads whatever can be read; only Error may come out.
void survive(const std::filesystem::path& path) {
  hotstage::Run run;
  constexpr std::size_t most_numbers = 1U << 20U;
  try {
    for (const Signal& signal : load_all(path, run)) {
      if (signal.channels() <= most_numbers && signal.items() <= most_numbers / signal.channels()) {
        (void)numbers_of(signal);
      }
    }
  } catch (const Error& error) {
    EXPECT_FALSE(std::string(error.what()).empty());
  }
}

TEST_P(FormatLaw, cut_and_damaged_files_are_errors_and_never_crashes) {
  const Format& format = *GetParam();
  constexpr int cuts = 16;
  constexpr int flips = 48;
  const std::set<std::string> chosen{"image uint16", "spectrum with metadata", "uneven spectrum",
                                     "spectrum image float32", "stack uint16"};
  const TemporaryFolder folder;
  Rng rng(20230501, 0, 0);
  for (const Example& example : example_signals()) {
    const auto path = folder / fmt::format("whole.{}", format.extensions.front());
    if (!chosen.contains(example.name) || !written(example, path)) {
      continue;
    }
    const std::string whole = io::read_text(path);
    const auto damaged = folder / fmt::format("damaged.{}", format.extensions.front());
    for (int i = 0; i < cuts; ++i) {
      io::write_text(damaged, std::string_view(whole).substr(0, whole.size() * static_cast<std::size_t>(i) / cuts));
      survive(damaged);
    }
    for (int i = 0; i < flips; ++i) {
      std::string bytes = whole;
      bytes[rng() % bytes.size()] ^= static_cast<char>(1U << (rng() % 8));
      io::write_text(damaged, bytes);
      survive(damaged);
    }
    std::filesystem::remove(path);
  }
}

std::vector<const Format*> writable() {
  std::vector<const Format*> out;
  for (const Format* format : formats()) {
    if (format->write != nullptr) {
      out.push_back(format);
    }
  }
  return out;
}

INSTANTIATE_TEST_SUITE_P(every, FormatLaw, ::testing::ValuesIn(writable()),
                         [](const auto& of) { return std::string(of.param->id); });

TEST(Sniff, macOS_companions_are_named_with_the_file_to_use_instead) {
  const TemporaryFolder folder;
  io::write_text(folder / "._scan.dm4", std::string("\0\x05\x16\x07\0\x02\0\0Mac OS X", 16));
  const Error error = refusal(folder / "._scan.dm4");
  EXPECT_EQ(error.code(), Errc::bad_input);
  EXPECT_NE(std::string(error.what()).find("macOS companion of scan.dm4"), std::string::npos) << error.what();
  EXPECT_EQ(error.hint(), "Use scan.dm4 instead");
}

TEST(Sniff, an_empty_file_a_folder_and_a_missing_file_are_told_apart) {
  const TemporaryFolder folder;
  io::write_text(folder / "a.dm4", "");
  EXPECT_EQ(refusal(folder / "a.dm4").code(), Errc::bad_input);
  EXPECT_NE(std::string(refusal(folder / "a.dm4").what()).find("empty"), std::string::npos);
  const TemporaryFolder bare;
  EXPECT_NE(std::string(refusal(bare.path()).what()).find("folder"), std::string::npos);
  EXPECT_EQ(refusal(folder / "none.dm4").code(), Errc::io);
}

TEST(Sniff, foreign_formats_are_called_by_their_names) {
  const TemporaryFolder folder;
  using namespace std::string_literals;
  const std::vector<std::array<std::string, 3>> cases{
      {"a.blo", "IMGBLO"s + std::string(60, '\0'), "blockfile"},
      {"a.ndata", "PK\x03\x04"s + std::string(26, '\0') + "data.npy", "Nion"},
      {"a.zip", "PK\x03\x04"s + std::string(60, '\0'), "ZIP"},
      {"a.dm3", "\0\0\0\x02"s + std::string(60, '\0'), "version 2"},
      {"a.xyz", "\x01\x02\x03\x04"s, "not a file format known"}};
  for (const auto& [name, bytes, word] : cases) {
    io::write_text(folder / name, bytes);
    const Error error = refusal(folder / name);
    EXPECT_EQ(error.code(), Errc::unsupported) << name;
    EXPECT_NE(std::string(error.what()).find(word), std::string::npos) << error.what();
  }
}

TEST(Sniff, kinds_of_HDF5_are_told_apart) {
  const TemporaryFolder folder;
  const auto make = [&](const std::string& name, const std::vector<std::string>& groups) {
    const io::Hdf5File file = io::Hdf5File::create(folder / name);
    for (const std::string& group : groups) {
      file.make_group(group);
    }
    file.flush();
  };
  make("dm5.dm5", {"/ImageList"});
  make("plain.h5", {"/mine"});
  make("ncem.emd", {"/data", "/data/image"});
  EXPECT_NE(std::string(refusal(folder / "dm5.dm5").what()).find("DM5"), std::string::npos);
  EXPECT_NE(std::string(refusal(folder / "plain.h5").what()).find("not a HyperSpy signal"), std::string::npos);
  std::filesystem::create_directory(folder / "a.zspy");
  EXPECT_NE(std::string(refusal(folder / "a.zspy").what()).find("Zarr"), std::string::npos);
}

TEST(Load, several_signals_ask_for_a_choice_and_list_them) {
  const TemporaryFolder folder;
  hotstage::Run run;
  std::vector<Signal> signals;
  for (const Example& example : example_signals()) {
    if (example.name == "stack uint16" || example.name == "spectrum float32") {
      signals.push_back(example.signal);
      signals.back().metadata.title = example.name;
    }
  }
  save(signals, folder / "two.hspy", run);
  try {
    (void)load(folder / "two.hspy", run);
    FAIL() << "chose by itself";
  } catch (const Error& error) {
    EXPECT_NE(error.hint().find("0: 13 \"spectrum float32\", 1: 4 | 3 × 5 \"stack uint16\""), std::string::npos)
        << error.hint();
  }
  EXPECT_EQ(load(folder / "two.hspy", run, 1).metadata.title, "stack uint16");
  EXPECT_THROW((void)load(folder / "two.hspy", run, 2), Error);
}

TEST(Save, unknown_extensions_are_refused_with_those_that_work) {
  const TemporaryFolder folder;
  hotstage::Run run;
  const Signal signal = example_signals().front().signal;
  try {
    save(std::span(&signal, 1), folder / "a.xyz", run);
    FAIL() << "wrote an unknown format";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::unsupported);
    EXPECT_NE(error.hint().find(".hspy"), std::string::npos);
  }
}

}  // namespace
}  // namespace hotstage::signal
