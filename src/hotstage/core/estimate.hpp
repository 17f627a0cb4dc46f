// SPDX-License-Identifier: GPL-3.0-or-later
// A measured number: value and standard uncertainty, printed with the digits the uncertainty allows.

#pragma once

#include <string>

namespace hotstage {

struct Estimate {
  double value = 0.0;
  double sigma = 0.0;  ///< one standard deviation, same unit as the value
};

/// "0.513 ± 0.013": two significant digits of sigma decide the digits of the value.
[[nodiscard]] std::string text(const Estimate& estimate);

}  // namespace hotstage
