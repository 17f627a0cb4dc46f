// SPDX-License-Identifier: GPL-3.0-or-later
// Frames of an image series {time | y, x}, read one at a time.

#pragma once

#include "hotstage/core/array.hpp"
#include "hotstage/signal/signal.hpp"

#include <cstddef>

namespace hotstage::series {

struct FrameShape {
  std::size_t frames = 0;
  std::size_t rows = 0;
  std::size_t columns = 0;
};

/// Shape of a series. Throws Error{bad_input} when the signal is not a stack of at least `fewest` images.
[[nodiscard]] FrameShape shape_of(const signal::Signal& series, std::size_t fewest = 2);

/// One frame in stored counts, rows × columns. Thread-safe.
[[nodiscard]] Buffer<float, 2> read_frame(const signal::Signal& series, std::size_t frame);

/// Pixel size in nm. Throws Error{bad_input} when the axes have no length unit.
[[nodiscard]] double pixel_nm(const signal::Signal& series);

}  // namespace hotstage::series
