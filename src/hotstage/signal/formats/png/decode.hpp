// SPDX-License-Identifier: GPL-3.0-or-later
// PNG (ISO/IEC 15948): chunks, inflate, filters. The stored numbers as they are: no gamma, no colour management.

#pragma once

#include "hotstage/core/value.hpp"
#include "hotstage/signal/signal.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace hotstage::signal::png {

struct Header {
  std::size_t width = 0;
  std::size_t height = 0;
  unsigned bits = 0;    ///< per sample: 1, 2, 4, 8, 16
  unsigned colour = 0;  ///< 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA
  bool interlaced = false;
  DType type = DType::u8;  ///< u8, u16 or rgba8
  std::optional<double> x_per_m;
  std::optional<double> y_per_m;
  Value texts = Value::object();

  [[nodiscard]] unsigned samples() const { return colour == 2 ? 3 : colour == 4 ? 2 : colour == 6 ? 4 : 1; }

  /// Bytes of a row of the file, without its filter byte.
  [[nodiscard]] std::size_t row_bytes() const { return (width * bits * samples() + 7) / 8; }
};

/// Everything but the pixels. Throws Error{bad_input} with the offset for broken files, Error{unsupported} for
/// interlaced ones and colours of 16 bits.
[[nodiscard]] Header read_header(std::span<const std::byte> file, const std::string& name);

/// All pixels, row by row, in `header.type`. Alpha beside grey is left out.
[[nodiscard]] std::vector<std::byte> decode(std::span<const std::byte> file, const Header& header,
                                            const std::string& name);

}  // namespace hotstage::signal::png
