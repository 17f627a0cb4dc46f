// SPDX-License-Identifier: GPL-3.0-or-later
// What the tags of one DM image mean: element type, axes, which of them is the energy, and the measurement's metadata.

#pragma once

#include "hotstage/core/value.hpp"
#include "hotstage/signal/signal.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hotstage::signal::dm {

/// Gatan's number for an element type and back. `dtype_of` throws Error{unsupported} that names what it is.
[[nodiscard]] DType dtype_of(std::int64_t code);
[[nodiscard]] std::int64_t code_of(DType type);

/// Dimensions in file order (fastest first), sorted into navigation and signal.
struct Arrangement {
  std::vector<std::size_t> navigation;  ///< numbers of dimensions, slowest first
  std::vector<std::size_t> signal;
  std::size_t outer = 1;  ///< as in CubeLayout
  std::size_t channels = 1;
  std::size_t inner = 1;
};

/// `dimensions` as the file calibrates them, fastest first; `tags` is the image's own group.
[[nodiscard]] Arrangement arrange(const std::vector<Axis>& dimensions, const Value& tags);

/// Axes of the image in file order, fastest first, with names. Throws Error{bad_input} for sizes of zero.
[[nodiscard]] std::vector<Axis> dimensions_of(const Value& tags);

[[nodiscard]] Metadata metadata_of(const Value& tags);

}  // namespace hotstage::signal::dm
