// SPDX-License-Identifier: GPL-3.0-or-later
// Small MRC files for the tests of the reader and the seeds of its fuzz target.

#pragma once

#include "hotstage/io/bytes.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace hotstage::signal::mrc::testing_files {

struct Stack {
  std::int32_t columns = 5;
  std::int32_t rows = 4;
  std::int32_t sections = 3;
  std::int32_t mode = 1;
  io::ByteOrder order = io::ByteOrder::little;
  bool marked = true;          ///< "MAP " and the machine stamp
  std::vector<double> days{};  ///< FEI2 records with these dates
  float cell_angstrom = 25.0F;
};

/// Number i of all sections is i (mode 12: 1 + i/1024 by its bits).
inline std::string make_stack(const Stack& s) {
  constexpr std::size_t record = 888;
  io::ByteWriter out(s.order);
  const std::vector<std::byte> zeros(1024 + s.days.size() * record);
  out.append(zeros);
  const auto put = [&](std::size_t at, auto value) { out.patch(at, value, s.order); };
  put(0, s.columns);
  put(4, s.rows);
  put(8, s.sections);
  put(12, s.mode);
  put(28, s.columns);
  put(32, s.rows);
  put(36, s.sections);
  put(40, s.cell_angstrom);
  put(44, s.cell_angstrom);
  put(64, std::int32_t{1});
  put(68, std::int32_t{2});
  put(72, std::int32_t{3});
  put(92, static_cast<std::int32_t>(s.days.size() * record));
  const auto put_text = [&](std::size_t at, std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      put(at + i, static_cast<std::uint8_t>(text[i]));
    }
  };
  if (s.marked) {
    put_text(208, "MAP ");
    put(212, static_cast<std::uint8_t>(s.order == io::ByteOrder::little ? 0x44 : 0x11));
  }
  if (!s.days.empty()) {
    put_text(104, "FEI2");
  }
  put(220, std::int32_t{1});
  put_text(224, "made by a test");
  for (std::size_t i = 0; i < s.days.size(); ++i) {
    const std::size_t at = 1024 + i * record;
    put(at, std::int32_t{record});
    put(at + 12, s.days[i]);
    put(at + 84, 300000.0);
    put(at + 156, 0.25e-9);
    put(at + 164, 0.5e-9);
    put(at + 244, std::int32_t{2});
    put_text(at + 519, "HAADF");
    put(at + 579, 2.5);
  }
  const std::int32_t count = s.columns * s.rows * s.sections;
  for (std::int32_t i = 0; i < count; ++i) {
    if (s.mode == 0) {
      out.number(static_cast<std::int8_t>(i));
    } else if (s.mode == 1) {
      out.number(static_cast<std::int16_t>(i));
    } else if (s.mode == 2) {
      out.number(static_cast<float>(i));
    } else if (s.mode == 3) {
      out.number(static_cast<std::int16_t>(3 * i));
      out.number(static_cast<std::int16_t>(4 * i));
    } else if (s.mode == 12) {
      out.number(static_cast<std::uint16_t>(0x3C00 + i));
    } else {
      out.number(static_cast<std::uint16_t>(i));
    }
  }
  return {reinterpret_cast<const char*>(out.bytes().data()), out.size()};
}

}  // namespace hotstage::signal::mrc::testing_files
