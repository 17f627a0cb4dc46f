// SPDX-License-Identifier: GPL-3.0-or-later
// Tables of eels.quantify.

#pragma once

#include "hotstage/eels/quantify.hpp"
#include "hotstage/io/delimited.hpp"
#include "hotstage/signal/signal.hpp"

#include <span>
#include <vector>

namespace hotstage::study::eels_quantify {

/// One row per edge, per item.
[[nodiscard]] io::Table edge_table(const eels::QuantifyResult& result);
[[nodiscard]] io::Table item_table(const signal::Signal& core, const eels::QuantifyResult& result);

[[nodiscard]] std::vector<double> as_doubles(std::span<const float> values);

}  // namespace hotstage::study::eels_quantify
