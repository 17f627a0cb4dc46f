// SPDX-License-Identifier: GPL-3.0-or-later
// Thermally activated rates.

#pragma once

#include "hotstage/core/units.hpp"

namespace hotstage::kinetics {

/// Arrhenius: k = ν exp(−E/kT).
struct RateLaw {
  Frequency prefactor{1e13};
  Energy barrier{};

  /// 1/s.
  [[nodiscard]] double at(Temperature temperature) const;
};

}  // namespace hotstage::kinetics
