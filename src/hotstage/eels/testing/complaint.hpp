// SPDX-License-Identifier: GPL-3.0-or-later
// What quantify says to a pair it refuses, for tests.

#pragma once

#include "hotstage/core/error.hpp"
#include "hotstage/eels/forward.hpp"
#include "hotstage/eels/quantify.hpp"

#include <string>

namespace hotstage::eels::testing {

/// Empty when it is taken.
inline std::string complaint(const DualPair& pair, const QuantifyOptions& options) {
  hotstage::Run run;
  try {
    (void)quantify(pair.core, &pair.low, options, run);
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

}  // namespace hotstage::eels::testing
