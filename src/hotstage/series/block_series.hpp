// SPDX-License-Identifier: GPL-3.0-or-later
// Brightness of every block in every frame: in memory while it is small, else in a file that nobody else sees.

#pragma once

#include "hotstage/core/array.hpp"
#include "hotstage/signal/scratch_rows.hpp"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <vector>

namespace hotstage::series {

/// blocks × frames float32. 25 000 frames of 1024 × 1024 px in boxes of 8 px are 1.6 GB. Filled in batches of frames;
/// read by block. What is read does not depend on where it lies.
class BlockSeries {
 public:
  BlockSeries() = default;

  /// One made by hand, one row a block.
  BlockSeries(Buffer<float, 2> rows);  // NOLINT(google-explicit-constructor)

  /// Zeros. A quarter of `memory` is for the numbers (more than that goes to a file in `folder`; empty: the system's
  /// folder for temporary files), an eighth for a batch. Throws Error{no_space|io}.
  BlockSeries(std::size_t blocks, std::size_t frames, std::size_t memory, const std::filesystem::path& folder);

  [[nodiscard]] std::size_t blocks() const { return blocks_; }

  [[nodiscard]] std::size_t frames() const { return frames_; }

  [[nodiscard]] bool on_disk() const { return disk_ != nullptr; }

  /// Frames written at once.
  [[nodiscard]] std::size_t batch() const { return batch_; }

  /// Frames from `first`, a multiple of batch(): blocks × batch() numbers, of which those beyond the last frame are not
  /// kept. Throws Error{io}.
  void write(std::size_t first, View<const float, 2> values);

  /// Copies blocks [first, first + out.extent(0)) into `out`, one row a block. Thread-safe. Throws Error{io}.
  void read(std::size_t first, View<float, 2> out) const;

  /// All blocks in one frame. Throws Error{io}.
  [[nodiscard]] std::vector<float> at_frame(std::size_t frame) const;

 private:
  std::size_t blocks_ = 0;
  std::size_t frames_ = 0;
  std::size_t batch_ = 1;
  Buffer<float, 2> rows_;                            // in memory
  std::unique_ptr<const signal::ScratchRows> disk_;  // one row a batch, block by block
  std::shared_ptr<const signal::Source> on_disk_rows_;
};

}  // namespace hotstage::series
