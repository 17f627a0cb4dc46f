// SPDX-License-Identifier: GPL-3.0-or-later
// Where the program's own tables and the user's shared measurements lie.

#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

namespace hotstage {

/// The folder data/<table> of this installation: $HOTSTAGE_DATA, beside the program, or the source tree.
/// Throws Error{missing_tool} when the table is nowhere.
[[nodiscard]] std::filesystem::path data_folder(std::string_view table);

/// The folder studies/<id> of this installation: $HOTSTAGE_STUDIES, beside the program, or the source tree.
[[nodiscard]] std::filesystem::path study_folder(std::string_view id);

/// Folder behind "shared:" in studies: $HOTSTAGE_SHARED_DATA, else ../shared/data beside the source tree. Nothing if
/// absent.
[[nodiscard]] std::optional<std::filesystem::path> shared_data_folder();

}  // namespace hotstage
