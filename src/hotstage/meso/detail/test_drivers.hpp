// SPDX-License-Identifier: GPL-3.0-or-later
// Driver temperatures for tests: carbon allows the reaction on every ramp, heat alone never does.

#pragma once

#include "hotstage/meso/chemistry.hpp"

namespace hotstage::meso::test {

inline constexpr DriverTemperatures drivers{.carbon_K = 414.0, .vacuum_K = 1203.0, .spinel_K = 753.0};

}  // namespace hotstage::meso::test
