// SPDX-License-Identifier: GPL-3.0-or-later
#include "npy_file.hpp"

#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace hotstage::bench {

namespace {

constexpr std::size_t preamble = 10;  // magic, version, length of the header

std::vector<std::size_t> shape_of(std::string_view header) {
  const std::size_t open = header.find('(');
  std::istringstream text(std::string(header.substr(open + 1, header.find(')', open) - open - 1)));
  std::vector<std::size_t> shape;
  for (std::string part; std::getline(text, part, ',');) {
    if (part.find_first_of("0123456789") != std::string::npos) {
      shape.push_back(std::stoull(part));
    }
  }
  return shape;
}

}  // namespace

NpyCube::NpyCube(const std::filesystem::path& file) : file_(io::MappedFile::open(file)) {
  const std::span<const std::byte> bytes = file_->bytes();
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto refuse = [&](std::string_view why) {
    return Error(Errc::bad_input, Location{.file = file.string()}, fmt::format("not a float32 .npy cube: {}", why),
                 "Delete the folder of benchmark data and run again");
  };
  if (text.size() < preamble || text.substr(0, 7) != std::string_view("\x93NUMPY\x01", 7)) {
    throw refuse("no NPY version 1 header");
  }
  const std::size_t length = static_cast<std::uint8_t>(text[8]) + 256U * static_cast<std::uint8_t>(text[9]);
  const std::string_view header = text.substr(preamble, length);
  if (header.find("'<f4'") == std::string_view::npos || header.find("False") == std::string_view::npos) {
    throw refuse(header);
  }
  const std::vector<std::size_t> shape = shape_of(header);
  std::size_t items = 1;
  for (std::size_t i = 0; i + 1 < shape.size(); ++i) {
    items *= shape[i];
  }
  if (shape.empty() || preamble + length + items * shape.back() * sizeof(float) != bytes.size()) {
    throw refuse("its length does not fit its shape");
  }
  view_ = View<const float, 2>(reinterpret_cast<const float*>(bytes.data() + preamble + length), {items, shape.back()});
}

void write_npy(const std::filesystem::path& file, View<const float, 2> data) {
  std::string header =
      fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", data.extent(0), data.extent(1));
  header.resize((preamble + header.size() + 64) / 64 * 64 - preamble - 1, ' ');
  header += '\n';
  std::ofstream out(file, std::ios::binary);
  out.write("\x93NUMPY\x01\x00", 8);
  out.put(static_cast<char>(header.size() & 255U));
  out.put(static_cast<char>(header.size() >> 8U));
  out.write(header.data(), static_cast<std::streamsize>(header.size()));
  out.write(reinterpret_cast<const char*>(data.data()), static_cast<std::streamsize>(data.size() * sizeof(float)));
  if (!out.flush()) {
    throw Error(Errc::io, Location{.file = file.string()}, "cannot write the result of the benchmark");
  }
}

}  // namespace hotstage::bench
