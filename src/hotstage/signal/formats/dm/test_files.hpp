// SPDX-License-Identifier: GPL-3.0-or-later
// For the tests: DM3 and DM4 files built byte by byte from the format's description, not by the code under test.

#pragma once

#include "hotstage/io/bytes.hpp"
#include "hotstage/signal/format.hpp"

#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace hotstage::signal::dm {

extern const Format format;

namespace testing_files {

/// Builds tags of one version and payload order; every call returns the bytes of a tag.
struct Builder {
  int version = 4;
  io::ByteOrder order = io::ByteOrder::little;

  template <class T>
  static std::string big(T value) {
    io::ByteWriter out;
    out.number(value, io::ByteOrder::big);
    return {reinterpret_cast<const char*>(out.bytes().data()), out.size()};
  }

  [[nodiscard]] std::string word(std::uint64_t value) const {
    return version == 3 ? big(static_cast<std::uint32_t>(value)) : big(value);
  }

  template <class T>
  [[nodiscard]] std::string payload(const std::vector<T>& values) const {
    io::ByteWriter out(order);
    for (const T value : values) {
      out.number(value);
    }
    return {reinterpret_cast<const char*>(out.bytes().data()), out.size()};
  }

  [[nodiscard]] std::string tag(char kind, std::string_view name, const std::string& body) const {
    return kind + big(static_cast<std::uint16_t>(name.size())) + std::string(name) +
           (version == 4 ? big(std::uint64_t{body.size()}) : std::string()) + body;
  }

  [[nodiscard]] std::string data(std::string_view name, const std::vector<std::uint64_t>& type,
                                 const std::string& bytes) const {
    std::string body = "%%%%" + word(type.size());
    for (const std::uint64_t info : type) {
      body += word(info);
    }
    return tag(21, name, body + bytes);
  }

  [[nodiscard]] std::string members(const std::vector<std::string>& tags) const {
    std::string body = std::string("\x01\x00", 2) + word(tags.size());
    for (const std::string& one : tags) {
      body += one;
    }
    return body;
  }

  [[nodiscard]] std::string group(std::string_view name, const std::vector<std::string>& tags) const {
    return tag(20, name, members(tags));
  }

  template <class T>
  [[nodiscard]] std::string number(std::string_view name, std::uint64_t type, T value) const {
    return data(name, {type}, payload(std::vector<T>{value}));
  }

  [[nodiscard]] std::string text(std::string_view name, std::u16string_view value) const {
    return data(name, {20, 4, value.size()}, payload(std::vector<std::uint16_t>(value.begin(), value.end())));
  }

  [[nodiscard]] std::string file(const std::vector<std::string>& tags) const {
    const std::string root = members(tags);
    const std::uint32_t little = order == io::ByteOrder::little ? 1 : 0;
    return big(static_cast<std::uint32_t>(version)) + word(root.size()) + big(little) + root + std::string(8, '\0');
  }

  /// One image: `sizes` fastest first, each calibrated with origin 2, scale 0.5 and the unit given.
  [[nodiscard]] std::string image(std::uint32_t code, const std::vector<std::uint32_t>& sizes,
                                  const std::vector<std::u16string>& units, const std::string& data_tag,
                                  const std::vector<std::string>& image_tags = {}) const {
    std::vector<std::string> calibrations;
    std::vector<std::string> dimensions;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      dimensions.push_back(number("", 5, sizes[i]));
      if (i < units.size()) {
        calibrations.push_back(
            group("", {number("Origin", 6, 2.0F), number("Scale", 6, 0.5F), text("Units", units[i])}));
      }
    }
    return group("", {group("ImageData", {group("Calibrations", {group("Dimension", calibrations)}), data_tag,
                                          number("DataType", 5, code), group("Dimensions", dimensions)}),
                      group("ImageTags", image_tags), text("Name", u"test")});
  }
};

/// A name of its own for every test process; gone with this object.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view bytes = {})
      : path_(std::filesystem::temp_directory_path() / ("hotstage_dm_test_" + std::to_string(::getpid()) + ".dm4")) {
    std::ofstream(path_, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }

  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  ~TemporaryFile() { std::filesystem::remove(path_); }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// The signals stay readable: their map outlives the file's name.
inline std::vector<Signal> read_bytes(std::string_view bytes) {
  hotstage::Run run;
  return format.read(TemporaryFile(bytes).path(), run);
}

inline std::vector<Signal> write_and_read(std::span<const Signal> signals, std::size_t memory = std::size_t{1} << 24) {
  hotstage::Run run;
  run.memory = memory;
  const TemporaryFile file;
  format.write(signals, file.path(), run);
  return format.read(file.path(), run);
}

/// All stored numbers, item by item.
template <class T>
std::vector<T> stored(const Signal& signal) {
  const std::size_t bytes = signal.items() * signal.channels() * size_of(signal.source->dtype());
  std::vector<T> out(bytes / sizeof(T));
  signal.source->read({0, signal.items(), 0, signal.channels()}, std::as_writable_bytes(std::span(out)));
  return out;
}

}  // namespace testing_files

}  // namespace hotstage::signal::dm
