// SPDX-License-Identifier: GPL-3.0-or-later
// Which files stand behind the data of a study.

#pragma once

#include <filesystem>
#include <vector>

namespace hotstage::study::detail {

/// The file, the members of a folder or pattern, and what the readers of signals and heater logs take from beside them,
/// in a fixed order. Throws Error{io} for what is not there or not readable, Error{bad_input} for a folder without
/// images.
[[nodiscard]] std::vector<std::filesystem::path> data_files(const std::filesystem::path& path);

}  // namespace hotstage::study::detail
