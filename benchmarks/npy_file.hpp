// SPDX-License-Identifier: GPL-3.0-or-later
// NumPy's .npy files of float32 cubes: mapped for reading, written whole.

#pragma once

#include "hotstage/core/array.hpp"
#include "hotstage/io/mapped_file.hpp"

#include <filesystem>
#include <memory>

namespace hotstage::bench {

/// A little-endian float32 array in C order, seen as items × channels (the last axis).
class NpyCube {
 public:
  /// Throws Error{bad_input} for any other array.
  explicit NpyCube(const std::filesystem::path& file);

  [[nodiscard]] View<const float, 2> view() const { return view_; }

 private:
  std::shared_ptr<const io::MappedFile> file_;
  View<const float, 2> view_;
};

void write_npy(const std::filesystem::path& file, View<const float, 2> data);

}  // namespace hotstage::bench
