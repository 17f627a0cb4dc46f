// SPDX-License-Identifier: GPL-3.0-or-later
// The ratio of two amounts over all items: per item, mean, scatter, ratio of sums.

#pragma once

#include "hotstage/eels/quantify.hpp"

#include <functional>
#include <span>
#include <vector>

namespace hotstage::eels::detail {

/// Amounts of one item; nothing is asked of items that are not used.
struct AmountPair {
  Estimate top;
  Estimate bottom;
  double covariance = 0.0;
  double common = 0.0;  ///< variance of the ratio from what all items share: in σ of the item, left out of the sums
};

/// Fills value and sigma of `out` where `used` is not 0; used, mean, scatter, propagated and of_sums from those of them
/// where `sample` is not 0 either.
void fill_ratio(std::span<const char> used, std::span<const char> sample,
                const std::function<AmountPair(std::size_t item)>& amounts, RatioResult& out);

/// Which items the mean is over: all that are used, without those of the standard unless there are no others.
[[nodiscard]] std::vector<char> sample_items(std::span<const char> used, std::span<const char> standard);

}  // namespace hotstage::eels::detail
