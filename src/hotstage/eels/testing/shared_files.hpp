// SPDX-License-Identifier: GPL-3.0-or-later
// Tests on the shared real measurements of this module: skipped where the folder is absent.

#pragma once

#include "hotstage/core/data_folders.hpp"
#include "hotstage/signal/format.hpp"

#include <gtest/gtest.h>

#include <string>

namespace hotstage::eels::testing {

class SharedFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!shared_data_folder()) {
      GTEST_SKIP() << "shared data not found (HOTSTAGE_SHARED_DATA)";
    }
  }

  /// A file below the shared folder eels/.
  static signal::Signal load(const std::string& file, hotstage::Run& run) {
    return signal::load(*shared_data_folder() / "eels" / file, run);
  }
};

}  // namespace hotstage::eels::testing
