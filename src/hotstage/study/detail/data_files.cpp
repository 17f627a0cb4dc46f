// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/study/detail/data_files.hpp"

#include "hotstage/core/error.hpp"
#include "hotstage/heater/format.hpp"
#include "hotstage/io/files.hpp"
#include "hotstage/signal/format.hpp"

#include <algorithm>

namespace hotstage::study::detail {

namespace fs = std::filesystem;

namespace {

/// A table or record is no signal: it stands for itself, and its own reader complains if need be.
std::vector<fs::path> behind_signal(const fs::path& path) {
  std::error_code none;
  if (!fs::is_regular_file(path, none)) {
    return signal::files_behind(path);
  }
  try {
    return signal::files_behind(path);
  } catch (const Error&) {
    return {path};
  }
}

}  // namespace

std::vector<fs::path> data_files(const fs::path& path) {
  std::vector<fs::path> out = behind_signal(path);
  std::error_code none;
  if (fs::is_regular_file(path, none)) {
    for (const fs::path& beside : heater::files_behind(path)) {
      if (std::ranges::find(out, beside) == out.end()) {
        out.push_back(beside);
      }
    }
  }
  for (const fs::path& file : out) {
    io::require_readable_file(file);
  }
  return out;
}

}  // namespace hotstage::study::detail
