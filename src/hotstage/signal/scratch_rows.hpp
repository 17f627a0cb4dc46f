// SPDX-License-Identifier: GPL-3.0-or-later
// Rows of a result that is too large for memory, in a file that nobody else sees.

#pragma once

#include "hotstage/signal/signal.hpp"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

namespace hotstage::signal {

/// items × channels float32 on disk. The file has no name: it goes when the last user goes, also after a crash.
class ScratchRows {
 public:
  /// Takes the room on the disk of `folder` (empty: the system's folder for temporary files) at once. Throws
  /// Error{no_space} when there is not enough, Error{io} when nothing can be written there.
  ScratchRows(const std::filesystem::path& folder, std::size_t items, std::size_t channels);

  /// Row `item`; different rows may be written by different threads at once. Throws Error{io}.
  void write(std::size_t item, std::span<const float> row) const;

  /// The rows as numbers of a signal; they live as long as it does. Rows never written are zero.
  [[nodiscard]] std::shared_ptr<const Source> source() const;

 private:
  class File;
  std::shared_ptr<const File> file_;
};

}  // namespace hotstage::signal
