// SPDX-License-Identifier: GPL-3.0-or-later

#include "hotstage/core/estimate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace hotstage {

std::string text(const Estimate& estimate) {
  if (!std::isfinite(estimate.value)) {
    return "not determined";
  }
  if (!(estimate.sigma > 0.0) || !std::isfinite(estimate.sigma)) {
    return fmt::format("{:.4g}", estimate.value);
  }
  const int exponent = static_cast<int>(std::floor(std::log10(estimate.sigma)));
  const int digits = std::max(0, 1 - exponent);
  if (digits > 8 || exponent > 6) {
    return fmt::format("{:.4e} ± {:.1e}", estimate.value, estimate.sigma);
  }
  return fmt::format("{:.{}f} ± {:.{}f}", estimate.value, digits, estimate.sigma, digits);
}

}  // namespace hotstage
