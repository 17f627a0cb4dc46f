// SPDX-License-Identifier: GPL-3.0-or-later
// Files that are recognised but not read here: what they are, so that the user hears a name instead of "unknown".

#pragma once

#include "hotstage/io/hdf5.hpp"

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

namespace hotstage::signal::detail {

struct Foreign {
  std::string name;  ///< "a Velox EMD file"
  std::string hint;
};

/// Nothing when the file may be one of ours.
[[nodiscard]] std::optional<Foreign> recognise_foreign(const std::filesystem::path& file,
                                                       std::span<const std::byte> head);

/// What an HDF5 file is that no format owns.
[[nodiscard]] Foreign recognise_hdf5(const io::Hdf5File& file);

/// Magic number of AppleDouble files, the "._name" companions that macOS leaves on foreign disks.
[[nodiscard]] bool is_apple_double(std::span<const std::byte> head);

/// The HDF5 signature at its allowed places 0, 512, 1024, ….
[[nodiscard]] bool is_hdf5(std::span<const std::byte> head);

}  // namespace hotstage::signal::detail
