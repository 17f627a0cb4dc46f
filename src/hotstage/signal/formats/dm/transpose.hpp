// SPDX-License-Identifier: GPL-3.0-or-later
// Cache-blocked matrix transposition: channel-major planes of a spectrum image to spectra.

#pragma once

#include <cstddef>

namespace hotstage::signal::dm {

/// A transposition of `rows` × `columns` elements of 1, 2, 4, 8 or 16 bytes.
struct Transposition {
  std::size_t rows = 0;           ///< rows of the source (channels)
  std::size_t columns = 0;        ///< columns of the source, contiguous there (items)
  std::size_t source_stride = 0;  ///< bytes from one source row to the next
  std::size_t target_stride = 0;  ///< bytes from one target row (item) to the next
  std::size_t width = 0;          ///< bytes of an element
};

/// target[column][row] = source[row][column]. Neither side needs any alignment.
void transpose(const std::byte* source, std::byte* target, const Transposition& shape);

/// The same, element by element: what the fast one is tested against.
void plain_transpose(const std::byte* source, std::byte* target, const Transposition& shape);

}  // namespace hotstage::signal::dm
