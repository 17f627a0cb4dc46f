// SPDX-License-Identifier: GPL-3.0-or-later
// Round numbers along an axis.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hotstage::report::detail {

struct Tick {
  double value = 0.0;
  std::string label;  ///< rich text; the value divided by 10^exponent
};

struct Ticks {
  std::vector<Tick> major;
  std::vector<double> minor;
  int exponent = 0;  ///< multiple of three, shown with the unit
};

/// About `count` steps of 1, 2 or 5 times a power of ten within [low, high], low < high.
[[nodiscard]] Ticks linear_ticks(double low, double high, int count);

/// Powers of ten, and 2 and 5 times these when there are few decades, within [low, high], 0 < low < high.
[[nodiscard]] Ticks log_ticks(double low, double high, int count);

/// A leading '-' as a true minus sign.
[[nodiscard]] std::string with_minus(std::string text);

/// Up to `digits` significant digits with a true minus sign, no trailing zeros: "1234", "−0.012", "1.2×10^{6}" (rich
/// text).
[[nodiscard]] std::string number_text(double number, int digits);

}  // namespace hotstage::report::detail
