// SPDX-License-Identifier: GPL-3.0-or-later
// Frames of an image series {time | y, x}, read one at a time.

#pragma once

#include "hotstage/core/array.hpp"
#include "hotstage/core/run.hpp"
#include "hotstage/signal/signal.hpp"

#include <cstddef>
#include <string_view>

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

/// The same run on as many threads as fit run.memory when each holds `per_thread` bytes beside `kept` bytes of all:
/// what comes out must not depend on their number. Throws Error{no_space} when one is too many; `what` names the work.
[[nodiscard]] Run run_that_fits(const Run& run, const signal::Signal& series, std::string_view what, std::size_t kept,
                                std::size_t per_thread);

/// Pixel size in nm. Throws Error{bad_input} when the axes have no length unit.
[[nodiscard]] double pixel_nm(const signal::Signal& series);

}  // namespace hotstage::series
