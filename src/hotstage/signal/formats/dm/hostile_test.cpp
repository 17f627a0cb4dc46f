// SPDX-License-Identifier: GPL-3.0-or-later
// Damaged files end in an Error, never in a crash, a wrong read or a huge allocation.

#include "hotstage/signal/formats/dm/test_files.hpp"

#include <gtest/gtest.h>

#include <string>

namespace hotstage::signal::dm {
namespace {

using testing_files::Builder;
using testing_files::read_bytes;
using testing_files::TemporaryFile;

/// A small file of ours with every kind of tag: two signals, texts, lists, nested groups.
std::string written_file() {
  std::vector<Signal> signals(2);
  signals[0].navigation = {{"y", 2, 0.0, 1.0, "nm"}, {"x", 3, 0.0, 1.0, "nm"}};
  signals[0].axes = {{"Energy loss", 4, 450.0, 0.3, "eV"}};
  signals[0].source = memory_source(DType::u16, 6, 4, std::vector<std::byte>(48));
  signals[0].metadata.title = "small";
  signals[0].metadata.beam_energy = 200.0 * units::keV;
  signals[0].original["ImageTags"]["List"] = Value(Value::Array{1, 2, 3});
  signals[0].original["ImageTags"]["Deep"]["Mixed"] = Value(Value::Array{1, "two", 3.5});
  signals[1].axes = {{"y", 2, 0.0, 1.0, "nm"}, {"x", 3, 0.0, 1.0, "nm"}};
  signals[1].source = memory_source(DType::rgba8, 1, 6, std::vector<std::byte>(24));
  hotstage::Run run;
  const TemporaryFile file;
  format.write(signals, file.path(), run);
  std::ifstream in(file.path(), std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string built_file() {
  const Builder b{3, io::ByteOrder::big};
  const std::string data = b.data("Data", {20, 4, 6}, b.payload<std::uint16_t>({1, 2, 3, 4, 5, 6}));
  const std::string table = b.data("CLUT", {20, 15, 0, 2, 0, 2, 0, 2, 2}, b.payload<std::int16_t>({1, 2, 3, 4}));
  return b.file({table, b.group("ImageList", {b.image(10, {3, 2}, {u"eV", u"nm"}, data, {b.text("Note", u"µ")})})});
}

/// Reads everything there is to read. True when the file was taken for a good one.
bool survives(const std::string& bytes) {
  std::vector<Signal> signals;
  try {
    signals = read_bytes(bytes);
  } catch (const Error&) {
    return false;
  }
  for (const Signal& signal : signals) {
    const std::size_t size = signal.items() * signal.channels() * size_of(signal.source->dtype());
    EXPECT_LE(size, bytes.size());
    std::vector<std::byte> all(size);
    signal.source->read({0, signal.items(), 0, signal.channels()}, all);
  }
  return true;
}

TEST(DamagedDm, is_refused_when_truncated_anywhere) {
  for (const std::string& whole : {written_file(), built_file()}) {
    constexpr std::size_t end_mark = 8;  // zeros that nothing needs
    ASSERT_TRUE(survives(whole));
    for (std::size_t length = 0; length + end_mark < whole.size(); ++length) {
      EXPECT_FALSE(survives(whole.substr(0, length))) << length;
    }
  }
}

TEST(DamagedDm, never_crashes_when_a_bit_is_flipped) {
  for (const std::string& whole : {written_file(), built_file()}) {
    const std::size_t step = whole.size() > 1000 ? 5 : 1;  // coprime to 8: every byte, different bits
    for (std::size_t bit = 0; bit < 8 * whole.size(); bit += step) {
      std::string flipped = whole;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
      (void)survives(flipped);
    }
  }
}

TEST(DamagedDm, never_crashes_when_a_byte_is_all_ones_or_zeros) {
  for (const std::string& whole : {written_file(), built_file()}) {
    for (std::size_t i = 0; i < whole.size(); ++i) {
      for (const char byte : {'\xff', '\0', '\x14'}) {
        std::string changed = whole;
        changed[i] = byte;
        (void)survives(changed);
      }
    }
  }
}

}  // namespace
}  // namespace hotstage::signal::dm
