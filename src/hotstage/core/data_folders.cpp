// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/data_folders.hpp"

#include "hotstage/core/error.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <system_error>
#include <vector>

namespace hotstage {

namespace fs = std::filesystem;

namespace {

/// Finds <kind>/<entry> below the chosen, the installed and the source root, in that order.
fs::path find_folder(const char* variable, std::string_view kind, std::string_view entry) {
  std::vector<fs::path> roots;
  if (const char* chosen = std::getenv(variable)) {
    roots.emplace_back(chosen);
  }
  std::error_code status;
  const fs::path program = fs::read_symlink("/proc/self/exe", status);
  if (!status) {
    roots.push_back(program.parent_path().parent_path() / "share" / "hotstage" / kind);
  }
  roots.emplace_back(fs::path(HOTSTAGE_SOURCE_DIR) / kind);
  for (const fs::path& root : roots) {
    if (fs::is_directory(root / entry, status)) {
      return root / entry;
    }
  }
  throw Error(Errc::missing_tool, fmt::format("{}/{} is not installed", kind, entry),
              fmt::format("Set {} to the folder that holds it", variable));
}

}  // namespace

fs::path data_folder(std::string_view table) {
  return find_folder("HOTSTAGE_DATA", "data", table);
}

fs::path study_folder(std::string_view id) {
  return find_folder("HOTSTAGE_STUDIES", "studies", id);
}

std::optional<fs::path> shared_data_folder() {
  std::error_code status;
  if (const char* chosen = std::getenv("HOTSTAGE_SHARED_DATA")) {
    return fs::is_directory(chosen, status) ? std::optional<fs::path>(chosen) : std::nullopt;
  }
  const fs::path beside = fs::path(HOTSTAGE_SOURCE_DIR).parent_path() / "shared" / "data";
  return fs::is_directory(beside, status) ? std::optional(beside) : std::nullopt;
}

}  // namespace hotstage
