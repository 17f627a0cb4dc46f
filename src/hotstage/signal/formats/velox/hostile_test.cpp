// SPDX-License-Identifier: GPL-3.0-or-later
// Damaged Velox files end in an Error that names the place, never in a crash, a wrong read or a huge allocation.

#include "hotstage/io/files.hpp"
#include "hotstage/io/temporary_folder.hpp"
#include "hotstage/signal/format.hpp"
#include "hotstage/signal/formats/velox/test_files.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace hotstage::signal::velox {
namespace {

using io::TemporaryFolder;
using namespace testing_files;

/// The words with which a file made by `fill` is refused, when opened or when its first signal is read.
std::string refusal(const std::function<void(const Builder&)>& fill) {
  const TemporaryFolder folder;
  {
    const Builder builder(folder / "a.emd");
    fill(builder);
  }
  hotstage::Run run;
  try {
    for (const Signal& signal : load_all(folder / "a.emd", run)) {
      Buffer<float, 2> out({1, signal.channels()});
      read(signal, {signal.items() - 1, 1, 0, signal.channels()}, out.view());
    }
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

void expect_words(const std::string& text, const std::string& words) {
  EXPECT_NE(text.find(words), std::string::npos) << text;
}

TEST(HostileVelox, eels_without_a_usable_calibration) {
  const auto with_rows = [](const std::vector<std::string>& rows) {
    return refusal([&](const Builder& builder) { add_eels(builder, "a", rows); });
  };
  expect_words(with_rows({row_json(1.0)}), "accepted");
  expect_words(with_rows({"{\"Data\": {\"offset\": 1}}", row_json(1.0)}), "has no number \"dispersion\"");
  expect_words(with_rows({row_json(1.0), row_json(1.0, 0.75)}), "change at row 1");
  expect_words(with_rows({row_json(1.0, 0.0), row_json(1.0, 0.0)}), "intensity scale 0");
  expect_words(with_rows({row_json(1.0), "{\"Data\": "}), "holds no JSON");
  expect_words(with_rows({row_json(1.0), row_json(1.0), row_json(1.0)}), "describes 3 rows, the data have 2");
}

TEST(HostileVelox, blocks_of_the_wrong_shape_or_type) {
  expect_words(refusal([](const Builder& builder) {
                 const std::string group = builder.group("EelsSpectrumImage", "a");
                 builder.data<float>(group + "/Data", io::NumberType::f32, {2, 3}, {2, 3}, std::vector<float>(6));
               }),
               "is not a block (x, energy, y)");
  expect_words(refusal([](const Builder& builder) {
                 const std::string group = builder.group("Image", "a");
                 builder.data<float>(group + "/Data", io::NumberType::f32, {2, 3}, {2, 3}, std::vector<float>(6));
               }),
               "should be numbers along 3 axes");
  expect_words(refusal([](const Builder& builder) {
                 const std::string group = builder.group("Image", "a");
                 builder.data<float>(group + "/Data", io::NumberType::f32, {2, 3, 1}, {2, 3, 1}, std::vector<float>(6));
                 builder.data<float>(group + "/Metadata", io::NumberType::f32, {2, 1}, {2, 1}, std::vector<float>(2));
               }),
               "is not a column of JSON text");
}

/// The two-frame stream with one JSON text or number changed.
std::string refused_stream(const std::string& from, const std::string& to) {
  return refusal([&](const Builder& builder) {
    std::string json = metadata;
    std::string settings = stream_settings;
    for (std::string* text : {&json, &settings}) {
      if (const std::size_t at = text->find(from); at != std::string::npos) {
        text->replace(at, from.size(), to);
      }
    }
    const std::string group = builder.group("SpectrumStream", "a");
    builder.data<std::uint16_t>(group + "/Data", io::NumberType::u16, {10, 1}, {10, 1},
                                {20, 65535, 65535, 65535, 65535, 65535, 65535, 65535, 63, 63});
    builder.columns(group + "/Metadata", {json}, metadata_rows);
    builder.text(group + "/AcquisitionSettings", settings);
  });
}

TEST(HostileVelox, streams_that_do_not_fit_their_scan) {
  expect_words(refused_stream("", ""), "accepted");
  expect_words(refused_stream("\"bincount\": \"64\"", "\"bincount\": \"63\""), "holds channel 63 of 63");
  expect_words(refused_stream("\"bincount\": \"64\"", "\"bincount\": \"1e9\""), "no number of channels");
  expect_words(refused_stream("uint16", "uint64"), "encoded as uint64 is not supported");
  expect_words(refused_stream("\"width\": \"16\"", "\"width\": \"1e300\""), "the scan area does not fit");
  expect_words(refused_stream("\"width\": \"16\"", "\"width\": \"1000000\""), "the scan area does not fit");
  expect_words(refused_stream("\"width\": \"16\"", "\"width\": \"8\""), "goes on after the last of 4 pixels");
  expect_words(refused_stream("\"width\": \"16\"", "\"width\": \"20\""), "has 7 pixels, the scan has 10");
  expect_words(refused_stream("Dispersion", "Disperson"), "no energy per channel");
}

TEST(HostileVelox, frame_tables_that_point_nowhere) {
  for (const std::vector<std::uint64_t>& frames :
       {std::vector<std::uint64_t>{1}, {0, 99}, {0, 9, 3}, {0, ~std::uint64_t{0}}}) {
    expect_words(refusal([&](const Builder& builder) {
                   add_stream(builder, "a", {20, 65535, 65535, 65535, 65535, 65535, 65535, 65535, 63}, frames);
                 }),
                 "points outside the 9 events");
  }
}

/// Reads everything; an Error is as good as data.
void survive(const std::filesystem::path& path) {
  hotstage::Run run;
  try {
    for (const Signal& signal : load_all(path, run)) {
      if (signal.channels() < 100000) {
        Buffer<float, 2> out({1, signal.channels()});
        read(signal, {signal.items() - 1, 1, 0, signal.channels()}, out.view());
      }
    }
  } catch (const Error& error) {
    EXPECT_FALSE(std::string(error.what()).empty());
  }
}

TEST(HostileVelox, cut_and_bit_flipped_files_never_crash) {
  const TemporaryFolder folder;
  {
    const Builder builder(folder / "a.emd");
    add_eels(builder, "a", {row_json(1.0), row_json(2.0)});
    add_two_frames(builder, "b");
    add_images(builder, "c");
  }
  const std::string whole = io::read_text(folder / "a.emd");
  constexpr std::size_t damages = 60;
  for (std::size_t i = 0; i < damages; ++i) {
    const std::size_t at = (i * 7919 + 13) * 131 % whole.size();  // spread over the file
    io::write_text(folder / "cut.emd", whole.substr(0, at));
    survive(folder / "cut.emd");
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << (i % 8)));
    io::write_text(folder / "flipped.emd", flipped);
    survive(folder / "flipped.emd");
  }
}

}  // namespace
}  // namespace hotstage::signal::velox
