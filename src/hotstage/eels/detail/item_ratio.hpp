// SPDX-License-Identifier: GPL-3.0-or-later
// The ratio of two amounts over all items: per item, mean, scatter, ratio of sums.

#pragma once

#include "hotstage/eels/quantify.hpp"

#include <functional>
#include <span>

namespace hotstage::eels::detail {

/// Amounts of one item; nothing is asked of items that are not used.
struct AmountPair {
  Estimate top;
  Estimate bottom;
  double covariance = 0.0;
  double common = 0.0;  ///< variance of the ratio from what all items share: in σ of the item, left out of the sums
};

/// Fills value, sigma, mean, scatter, propagated and of_sums of `out` from the items where `used` is not 0.
void fill_ratio(std::span<const char> used, const std::function<AmountPair(std::size_t item)>& amounts,
                RatioResult& out);

}  // namespace hotstage::eels::detail
