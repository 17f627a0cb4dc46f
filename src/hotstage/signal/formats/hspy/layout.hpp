// SPDX-License-Identifier: GPL-3.0-or-later
// What the reader and the writer of HyperSpy files share: element types, boxes of an array, metadata keys.

#pragma once

#include "hotstage/io/hdf5.hpp"
#include "hotstage/signal/signal.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace hotstage::signal::hspy {

[[nodiscard]] DType to_dtype(io::NumberType type);
/// Nothing for colours.
[[nodiscard]] std::optional<io::NumberType> to_number_type(DType type);

/// A box of an n-d array: start and count along every axis.
struct Box {
  std::vector<std::size_t> start;
  std::vector<std::size_t> count;
  std::size_t size = 1;
};

/// The range [first, first + count) of the flattened array as boxes in order, at most 2·rank − 1 of them.
[[nodiscard]] std::vector<Box> boxes(std::size_t first, std::size_t count, std::span<const std::size_t> shape);

/// Fills `metadata` from HyperSpy's tree (keV, mrad, s). Zero means unknown there.
void read_metadata(const Value& tree, Signal& signal);

/// `signal.metadata` as HyperSpy's tree; what HyperSpy has no place for goes below "Hotstage".
[[nodiscard]] Value make_metadata(const Signal& signal);

}  // namespace hotstage::signal::hspy
