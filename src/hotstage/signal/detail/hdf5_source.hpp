// SPDX-License-Identifier: GPL-3.0-or-later
// Regions of an HDF5 dataset as a Source, whatever the order of its axes; element types on both sides.

#pragma once

#include "hotstage/io/hdf5.hpp"
#include "hotstage/signal/signal.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace hotstage::signal::detail {

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

/// Which axes of a dataset count items and which count channels, each slowest first; the others have the size 1.
struct AxisRoles {
  std::vector<std::size_t> navigation;
  std::vector<std::size_t> signal;
};

/// Reads hyperslabs on demand. Memory: the region asked for, once more when its axes stand in another order in the
/// file.
class Hdf5Source final : public Source {
 public:
  Hdf5Source(io::Hdf5Dataset data, AxisRoles roles);

  [[nodiscard]] DType dtype() const override { return to_dtype(*data_.type()); }

  [[nodiscard]] std::size_t items() const override;
  [[nodiscard]] std::size_t channels() const override;
  void read(const Region& region, std::span<std::byte> out) const override;
  [[nodiscard]] std::size_t preferred_items() const override;

 private:
  /// A box in the order of `axes_`, packed.
  void read_packed(const std::vector<std::size_t>& start, const std::vector<std::size_t>& count,
                   std::span<std::byte> out) const;

  io::Hdf5Dataset data_;
  std::vector<std::size_t> axes_;  ///< navigation, then signal
  std::vector<std::size_t> navigation_;
  std::vector<std::size_t> signal_;
};

}  // namespace hotstage::signal::detail
