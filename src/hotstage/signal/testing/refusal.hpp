// SPDX-License-Identifier: GPL-3.0-or-later
// How a file is refused, for tests of readers.

#pragma once

#include "hotstage/core/error.hpp"
#include "hotstage/signal/format.hpp"

#include <filesystem>

namespace hotstage::signal::testing {

/// The error of reading `path`; Errc::usage "accepted" when it can be read.
inline Error refusal(const std::filesystem::path& path) {
  hotstage::Run run;
  try {
    (void)load_all(path, run);
  } catch (const Error& error) {
    return error;
  }
  return Error(Errc::usage, "accepted");
}

}  // namespace hotstage::signal::testing
