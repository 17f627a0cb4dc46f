// SPDX-License-Identifier: GPL-3.0-or-later
// Frames at known places of a memory-mapped file as a Source: SER, MRC and raw files.

#pragma once

#include "hotstage/io/bytes.hpp"
#include "hotstage/io/mapped_file.hpp"
#include "hotstage/signal/signal.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace hotstage::signal::detail {

/// How numbers lie in the file when that is no element type of ours.
enum class Packing {
  plain,
  half,       ///< IEEE half precision, read as float32
  short_pair  ///< complex numbers of two int16, read as complex64
};

struct FrameLayout {
  DType dtype = DType::u8;  ///< as read
  Packing packing = Packing::plain;
  std::vector<std::uint64_t> offsets;  ///< first byte of every frame
  std::size_t rows = 1;
  std::size_t columns = 1;
  bool bottom_up = false;  ///< the file begins with the last row
  io::ByteOrder order = io::ByteOrder::little;

  /// Bytes of one number in the file.
  [[nodiscard]] std::size_t stored_width() const;
};

/// Memory: what is asked for, one row more for packed numbers. Throws Error{bad_input} with the place of the first
/// frame that does not lie within the file, or for a size of zero.
[[nodiscard]] std::shared_ptr<const Source> frame_source(std::shared_ptr<const io::MappedFile> file,
                                                         FrameLayout layout);

}  // namespace hotstage::signal::detail
