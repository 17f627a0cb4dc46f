// SPDX-License-Identifier: GPL-3.0-or-later
// Small SER files for the tests of the reader and the seeds of its fuzz target.

#pragma once

#include "hotstage/io/bytes.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace hotstage::signal::tia::testing_files {

struct Series {
  std::uint16_t version = 0x0210;
  std::uint32_t total = 3;
  std::uint32_t valid = 3;
  std::uint32_t width = 5;
  std::uint32_t height = 4;  ///< 0: spectra
  double delta = 1e-9;
  std::vector<std::uint32_t> seconds{1000, 1002, 1004};  ///< Unix time of every element
};

/// Element e holds 1000·e + 10·(stored row) + column as uint16.
inline std::string make_series(const Series& s) {
  io::ByteWriter out;
  const bool wide = s.version >= 0x0220;
  const auto offset = [&](std::uint64_t value) {
    wide ? out.number(value) : out.number(static_cast<std::uint32_t>(value));
  };
  const std::size_t word = wide ? 8 : 4;
  out.number(std::uint16_t{0x4949});
  out.number(std::uint16_t{0x0197});
  out.number(s.version);
  out.number(std::uint32_t{s.height > 0 ? 0x4122U : 0x4120U});
  out.number(std::uint32_t{0x4152});
  out.number(s.total);
  out.number(s.valid);
  const std::size_t lists = 22 + word + 4 + 4 + 20 + 4 + 6 + 4;
  offset(lists);
  out.number(std::uint32_t{1});
  out.number(s.total);
  out.number(0.0);
  out.number(1.0);
  out.number(std::uint32_t{0});
  out.number(std::uint32_t{6});
  out.append("Number");
  out.number(std::uint32_t{0});
  const std::size_t rows = s.height > 0 ? s.height : 1;
  const std::size_t element = (s.height > 0 ? 50 : 26) + rows * s.width * 2;
  const std::size_t first = lists + 2 * word * s.total;
  for (std::size_t list = 0; list < 2; ++list) {
    for (std::size_t e = 0; e < s.total; ++e) {
      const std::size_t at = first + e * (element + 8) + (list == 0 ? 0 : element);
      offset(e < s.valid ? at : 0);
    }
  }
  for (std::size_t e = 0; e < s.valid; ++e) {
    for (int axis = 0; axis < (s.height > 0 ? 2 : 1); ++axis) {
      out.number(2.0 * s.delta);
      out.number(s.delta);
      out.number(std::uint32_t{1});
    }
    out.number(std::uint16_t{2});
    out.number(s.width);
    if (s.height > 0) {
      out.number(s.height);
    }
    for (std::size_t y = 0; y < rows; ++y) {
      for (std::size_t x = 0; x < s.width; ++x) {
        out.number(static_cast<std::uint16_t>(1000 * e + 10 * y + x));
      }
    }
    out.number(std::uint16_t{0x4152});
    out.number(std::uint16_t{0});
    out.number(e < s.seconds.size() ? s.seconds[e] : 0U);
  }
  return {reinterpret_cast<const char*>(out.bytes().data()), out.size()};
}

/// Two objects of a document; the strings around them are binary in real files.
inline std::string make_document(const std::string& frame_time) {
  const std::string object =
      "<ObjectInfo><ExperimentalConditions><MicroscopeConditions><AcceleratingVoltage>300000</AcceleratingVoltage>"
      "</MicroscopeConditions></ExperimentalConditions><ExperimentalDescription><Root><Data><Label>Magnification</"
      "Label>"
      "<Value>10000</Value><Unit>x</Unit></Data></Root></ExperimentalDescription><AcquireDate>Sun Feb 21 17:52:51 2016"
      "</AcquireDate><AcquireInfo><FrameTime>" +
      frame_time + "</FrameTime></AcquireInfo></ObjectInfo>";
  return std::string("JK\0\2\1\2\3", 7) + object + std::string("\0\xFF", 2) + object;
}

}  // namespace hotstage::signal::tia::testing_files
